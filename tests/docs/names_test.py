#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whether what a Markdown page names is there: names_test.py SOURCE PAGE...

Files and anchors that it links to, files and identifiers in `code spans`. What a code block says is compiled elsewhere.
"""

import pathlib
import re
import sys

source = pathlib.Path(sys.argv[1])
texts = [file.read_text(encoding="utf-8")
         for folder in ("include", "examples", "benchmarks", "cmake", "tests/support")
         for file in (source / folder).rglob("*") if file.is_file()]
texts += [(source / name).read_text(encoding="utf-8") for name in ("CMakeLists.txt", "CMakePresets.json")]
known = {name for text in texts for name in re.findall(r"[A-Za-z_]\w*", text)}
folders = [source, source / "include", source / "include/remote_job"]
known |= {"watch_job", "ASIO_NO_TYPEID"}  # the README's own, and Asio's

missing = []
for page in sys.argv[2:]:
    text = re.sub(r"^```.*?^```", "", (source / page).read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("#") and target[1:] not in anchors:
            missing.append(f"{page}: no heading for {target}")
        elif not re.match(r"#|https?:", target) and not ((source / page).parent / target).exists():
            missing.append(f"{page}: no file {target}")
    for span in re.findall(r"`([^`\n]+)`", text):
        if re.fullmatch(r"[\w./-]+\.(hpp|cpp|py|sh|txt|md)", span) and not re.match(r"(~|watch_job|CMakeLists|x\.hpp)", span):
            if not any((folder / span).exists() for folder in folders) and not list(source.rglob(span)):
                missing.append(f"{page}: no file {span}")
        elif re.fullmatch(r"[\w:().=, ]+", span):
            for name in re.findall(r"[A-Za-z]\w*_\w+", span):
                if name not in known and name.rstrip("_") not in known:
                    missing.append(f"{page}: nothing is called {name}")
if missing:
    sys.exit("\n".join(missing))
