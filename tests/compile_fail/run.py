#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles a file that holds mistakes: run.py FILE COMPILER [FLAG...]

Without MISTAKE defined the file must compile: the control. With it defined it must not, and the compiler must say each
line that the file has after "// says: ", all of them at once, and nothing else that is an error.
"""

import pathlib
import re
import subprocess
import sys


def compile_errors(file, command):
    run = subprocess.run(command + ["-fsyntax-only", file], capture_output=True, text=True, errors="replace")
    return run.returncode, run.stderr, re.findall(r"error: (.*)", run.stderr)


def sentence(error):
    """What a failed static_assert says, without the compiler's words before it."""
    match = re.match(r"static[ _]assert(?:ion)? failed(?: due to requirement '.*?')?:? *\"?(.*?)\"?$", error)
    return match[1] if match else error


def main(file, *command):
    command = list(command)
    says = re.findall(r"^// says: (.*)$", pathlib.Path(file).read_text(encoding="utf-8"), re.MULTILINE)
    if not says:
        sys.exit(f"{file} has no line that begins with \"// says: \"")

    status, output, _ = compile_errors(file, command)
    if status:
        sys.exit(f"{output}\nthe control does not compile")

    status, output, errors = compile_errors(file, command + ["-DMISTAKE"])
    heard = sorted(sentence(error) for error in errors)
    if status == 0:
        sys.exit("it compiles, and must not")
    if heard != sorted(says):
        silent = [text for text in says if text not in heard]
        other = [text for text in heard if text not in says]
        lines = [f"  not said: {text}" for text in silent] + [f"  said:     {text}" for text in other]
        sys.exit(output + "\nthe errors are not the expected ones, each once:\n" + "\n".join(lines or heard))


main(*sys.argv[1:])
