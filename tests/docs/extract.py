#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes one translation unit in which every @code block of a header's docstrings is the body of a function.

usage: extract.py HEADER INCLUDE_NAME OUTPUT
"""
import re
import sys

header, name, output = sys.argv[1:]
with open(header, encoding="utf-8") as f:
    lines = f.read().splitlines()

blocks, block = [], None
for line in lines:
    text = re.sub(r"^\s*/// ?", "", line)
    if text.strip() == "@code":
        block = []
    elif text.strip() == "@endcode":
        blocks.append(block)
        block = None
    elif block is not None:
        block.append(text)
if block is not None:
    sys.exit(f"{header}: @code without @endcode")

with open(output, "w", encoding="utf-8") as f:
    f.write(f"#include <{name}>\n#include <remote_job.hpp>\n#include <asio.hpp>\n#include <iostream>\n")
    for number, block in enumerate(blocks):
        f.write(f"void example_{number}();\nvoid example_{number}() {{\n" + "\n".join(block) + "\n}\n")
