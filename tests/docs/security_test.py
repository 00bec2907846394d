#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whether SECURITY.md tells the truth: security_test.py SOURCE

Each test that it names exists, and each bound in its table is the one in the code.
"""

import pathlib
import re
import sys

source = pathlib.Path(sys.argv[1])
page = (source / "SECURITY.md").read_text(encoding="utf-8")
wrong = []

tests = set()
for file in (source / "tests").glob("*/*.cpp"):
    text = file.read_text(encoding="utf-8")
    names = re.findall(r'TEST_CASE(?:_METHOD)?\((?:\s*\w+,)?\s*((?:"(?:[^"\\]|\\.)*"\s*)+)', text)
    tests |= {f"{file.parent.name}: " + "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', name)) for name in names}
named = re.findall(r"`([a-z_]+: [^`]+)`", page)
wrong += [f"no such test: {name}" for name in named if name not in tests]
if len(named) < 50:
    wrong.append("the tests that the page names are not found")


def shown(value):
    """A value of the code as the table writes it."""
    time = re.fullmatch(r"std::chrono::(?:seconds|(minutes))\((\d+)\)", value)
    if time:
        return f"{int(time[2]) * (60 if time[1] else 1)} s"
    number = eval(re.sub(r"std::size_t\{(\d+)\}", r"\1", value), {"__builtins__": {}})
    if number % 1024 == 9:
        return f"{shown(str(number - 9))} + 9"
    if number >= 1024 and number % (1024 * 1024) == 0:
        return f"{number // 1024 // 1024} MiB"
    return f"{number // 1024} KiB" if number > 2048 and number % 1024 == 0 or number == 1024 else str(number)


rows = re.findall(r"^\| [^|]* \| ([^|]+) \| `([\w/]+\.hpp): (\w+)` \|", page, re.MULTILINE)
for bound, header, name in rows:
    code = (source / "include/remote_job" / header).read_text(encoding="utf-8")
    found = re.search(rf"\b{name} = ([^;]+);", code)
    if not found:
        wrong.append(f"{header} has no {name}")
    elif shown(found[1]) != bound.strip():
        wrong.append(f"{header}: {name} is {shown(found[1])}, not {bound.strip()}")
if len(rows) < 40:
    wrong.append("the table of bounds is not found")

if wrong:
    sys.exit("\n".join(wrong))
