#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes one translation unit of all examples in a header's docstrings (@code) or in a Markdown page (```cpp).

An example is the body of a function, or, if it includes anything, a program in a namespace of its own.

usage: extract.py FILE OUTPUT INCLUDE...
"""
import re
import sys

path, output, *includes = sys.argv[1:]
markdown = path.endswith(".md")
begin, end = ("```cpp", "```") if markdown else ("@code", "@endcode")
with open(path, encoding="utf-8") as f:
    lines = f.read().splitlines()

blocks, block = [], None
for line in lines:
    text = line if markdown else re.sub(r"^\s*/// ?", "", line)
    if block is None and text.strip() == begin:
        block = []
    elif block is not None and text.strip() == end:
        blocks.append(block)
        block = None
    elif block is not None:
        block.append(text)
if block is not None:
    sys.exit(f"{path}: {begin} without {end}")

with open(output, "w", encoding="utf-8") as f:
    for include in includes + ["asio.hpp", "iostream"]:
        f.write(f"#include <{include}>\n")
    for number, block in enumerate(blocks):
        own = [line for line in block if line.startswith("#include")]
        body = "\n".join(line for line in block if line not in own)
        name = f"example_{number}"
        if own:
            # main() is special only where it is global: it needs another name, and a return.
            if "int main(" in body:
                body = body.replace("int main(", "int program(").rstrip().removesuffix("}") + "  return 0;\n}"
            f.write("\n".join(own) + f"\nnamespace {name} {{\n{body}\n}}\n")
        else:
            f.write(f"void {name}();\nvoid {name}() {{\n{body}\n}}\n")
