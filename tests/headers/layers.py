#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that the library's folders include each other in the order of the table in include/remote_job/README.md.

  layers.py INCLUDE

A row of the table may include the rows above it. The rooms of a row, folders ("ssh/pool/") or single headers ("sink"), may
not include one another.

With the headers alone, x.hpp ends with x.ipp. So x.ipp includes no header that includes x.hpp: where that one is included
first, x.ipp would come before what it needs.
"""

import pathlib
import re
import sys


def rows(page):
    """The rooms of each row, from the lowest."""
    table = [line for line in page.splitlines() if line.startswith("| `")]
    return [re.findall(r"`([^`]+)`", line.split("|")[1]) for line in table]


def room_of(file, floors):
    """The room of a file: its own name, else its folder. Definitions are in the room of their header."""
    path = file.replace("impl/", "")
    name = path.rsplit(".", 1)[0]
    folder = name.rsplit("/", 1)[0] + "/" if "/" in name else ""
    return name if name in floors else folder if folder in floors else None


def header_of(file):
    """The header that ends with this .ipp."""
    return file.replace("impl/", "").replace(".ipp", ".hpp")


def included_through(header, includes):
    """The headers that a header includes, directly and through others."""
    found, ahead = set(), [header]
    while ahead:
        new = {other for other in includes.get(ahead.pop(), []) if other.endswith(".hpp")} - found
        found |= new
        ahead += new
    return found


def main(include):
    root = pathlib.Path(include) / "remote_job"
    floors = {room: floor for floor, row in enumerate(rows((root / "README.md").read_text(encoding="utf-8"))) for room in row}
    files = {path.relative_to(root).as_posix(): path for path in sorted(root.rglob("*.?pp"))}
    includes = {file: re.findall(r"^#include <remote_job/(.*)>", path.read_text(encoding="utf-8"), re.MULTILINE)
                for file, path in files.items()}
    used, wrong = set(), []
    for file in files:
        room = room_of(file, floors)
        if room is None:
            wrong.append(f"{file} has no place in the table")
            continue
        used.add(room)
        for other in includes[file]:
            if file.endswith(".ipp") and header_of(file) in included_through(other, includes):
                wrong.append(f"{file} includes {other}, which includes {header_of(file)}")
            target = room_of(other, floors)
            if target is not None and target != room and floors[target] >= floors[room]:
                wrong.append(f"{file} includes {other}: {room} is not above {target}")
    wrong += [f"the table names {room}, and nothing is there" for room in floors if room not in used]
    if not floors or wrong:
        sys.exit("\n".join(wrong or ["there is no table in README.md"]))


main(*sys.argv[1:])
