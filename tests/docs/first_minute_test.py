#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does what the README says to who has never seen the library: first_minute_test.py SOURCE

Its first two files and its first commands, word by word, in a directory of their own; only the host and the paths there are
others. CXX, CMAKE_GENERATOR and CMAKE_INCLUDE_PATH in the environment name the tools.
"""

import os
import pathlib
import pwd
import re
import subprocess
import sys
import tempfile

source = pathlib.Path(sys.argv[1])
sys.path.insert(0, str(source / "examples"))
from main_job import start_sshd  # noqa: E402

readme = (source / "README.md").read_text(encoding="utf-8")


def first(pattern):
    found = re.search(pattern, readme, re.DOTALL | re.MULTILINE)
    if not found:
        sys.exit(f"the README has no {pattern!r}")
    return found.group(1)


def run(command):
    # Real time: the job takes five seconds, building a minute on a busy machine.
    done = subprocess.run(["sh", "-c", command], cwd=work, env=environment, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=900)
    if done.returncode != 0:
        sys.exit(f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


with tempfile.TemporaryDirectory() as directory:
    work, host = pathlib.Path(directory, "work"), pathlib.Path(directory, "host")
    work.mkdir()
    host.mkdir()
    (work / "remote_job").symlink_to(source)
    (work / "CMakeLists.txt").write_text(first(r"^```cmake\n(.*?)^```"))
    (work / "watch_job.cpp").write_text(first(r"^```cpp\n(.*?)^```"))
    build, begin_here, watch_here = first(r"^(    cmake (?:[^\n]*\n    )+[^\n]*)\n").splitlines()
    begin, watch = first(r"^(    ssh me@host (?:[^\n]*\n    )+[^\n]*)\n").splitlines()

    if os.geteuid() == 0:
        os.makedirs("/run/sshd", exist_ok=True)  # sshd started as root insists on it
    sshd, port = start_sshd(host)
    try:
        # A configuration as a user has it, but not the user's own.
        (host / "config").write_text(f"Host build-host\nHostName 127.0.0.1\nPort {port}\nIdentityAgent none\n"
                                     f"IdentityFile {host}/user_key\nUserKnownHostsFile {host}/known_hosts\n")
        programs = host / "bin"
        programs.mkdir()
        (programs / "ssh").write_text(f'#!/bin/sh\nPATH=${{PATH#*:}}\nexec ssh -F {host}/config "$@"\n')
        (programs / "ssh").chmod(0o700)
        environment = dict(os.environ, PATH=f"{programs}:{os.environ['PATH']}")
        user = pwd.getpwuid(os.geteuid()).pw_name

        def there(line):
            for word, real in (("me@host", f"{user}@build-host"), ("job.log", f"{host}/job.log"),
                               ("job.code", f"{host}/job.code")):
                if word not in line:
                    sys.exit(f"the README does not say {word} in {line!r}")
                line = line.replace(word, real)
            return line

        def check(done, log):
            if done.stdout != log or log.count("\n") != 5:
                sys.exit(f"the log is {log!r}, but this came home: {done.stdout!r}\n{done.stderr}")
            if done.stderr.splitlines()[-1:] != ["Job completed with exit code 0"]:
                sys.exit(f"the last words are {done.stderr!r}")

        run(build)
        here = run(f"{begin_here}\n{watch_here}")
        check(here, (work / "job.log").read_text())
        run(there(begin))
        done = run(there(watch))
        check(done, (host / "job.log").read_text())
    finally:
        sshd.terminate()
        sshd.wait()
