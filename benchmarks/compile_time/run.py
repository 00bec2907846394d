#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the library costs to compile: run.py COMPILER [FLAG...]

For each source beside this file, without and with optimisation: processor time of the compiler (the least of three runs,
since other work on the machine only adds), its peak of memory, and the object's code and data as size(1) counts them.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def compile_once(command):
    _, status, used = os.wait4(os.spawnvp(os.P_NOWAIT, command[0], command), 0)
    return (used.ru_utime + used.ru_stime, used.ru_maxrss / 1024) if status == 0 else None


def main(*compiler):
    print(f"{'':24} {'seconds':>8} {'peak MiB':>9} {'object KiB':>11}")
    with tempfile.TemporaryDirectory(prefix="compile_time.") as directory:
        for source in sorted(HERE.glob("*.cpp")):
            for level in "-O0", "-O2":
                output = f"{directory}/object.o"
                command = [*compiler, "-std=c++20", level, "-c", str(source), "-o", output]
                runs = [compile_once(command) for _ in range(3)]
                if None in runs:
                    print(f"{source.stem} {level}: does not compile")
                    break
                numbers = subprocess.check_output(["size", output], text=True).splitlines()[1].split()
                size = sum(map(int, numbers[:2])) / 1024
                print(f"{source.stem + ' ' + level:24} {min(r[0] for r in runs):8.2f} {max(r[1] for r in runs):9.0f} {size:11.0f}")


main(*sys.argv[1:])
