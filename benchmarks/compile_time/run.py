#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the library costs to compile: run.py COMPILER [FLAG...]

Each source beside this file with -O2, in both modes: processor time of the compiler, its peak of memory, and the object's
code and data as size(1) counts them. The time is the least of RUNS runs, since other work on the machine only adds; all
sources are compiled once before any is compiled again. The ratio is to the part of Asio that is needed. A goal that is
missed makes the exit status 2.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
RUNS = 3
BASE = ("asio_alone", "headers")
SEPARATE = ["-DREMOTE_JOB_SEPARATE_COMPILATION"]
# Ratios, and for one the peak in MiB.
GOALS = {
    ("umbrella", "compiled"): 1.5,
    ("local_watch", "compiled"): 3.5,
    ("ssh_watch", "compiled"): 4,
    ("ssh_alias", "compiled"): 2.5,
    ("ssh_watch", "headers"): 12,
}
PEAK = {("ssh_watch", "compiled"): 350}


def compile_once(command):
    _, status, used = os.wait4(os.spawnvp(os.P_NOWAIT, command[0], command), 0)
    if status:
        sys.exit(f"does not compile: {' '.join(command)}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def main(*compiler):
    cases = [BASE] + [(source.stem, mode) for source in sorted(HERE.glob("*.cpp")) if source.stem != BASE[0]
                      for mode in ("headers", "compiled")]
    times, peaks, sizes = {}, {}, {}
    with tempfile.TemporaryDirectory(prefix="compile_time.") as directory:
        output = f"{directory}/object.o"
        for _ in range(RUNS):
            for name, mode in cases:
                flags = SEPARATE if mode == "compiled" else []
                time, peak = compile_once([*compiler, "-std=c++20", "-O2", *flags, "-c", str(HERE / f"{name}.cpp"), "-o", output])
                times[name, mode] = min(time, times.get((name, mode), time))
                peaks[name, mode] = max(peak, peaks.get((name, mode), peak))
                numbers = subprocess.check_output(["size", output], text=True).splitlines()[1].split()
                sizes[name, mode] = sum(map(int, numbers[:2])) / 1024

    missed = False
    print(f"{'':12} {'mode':9} {'seconds':>8} {'ratio':>6} {'goal':>6} {'peak MiB':>9} {'object KiB':>11}")
    for case in cases:
        ratio = times[case] / times[BASE]
        goal = GOALS.get(case)
        missed |= goal is not None and ratio > goal
        missed |= peaks[case] > PEAK.get(case, peaks[case])
        print(f"{case[0]:12} {case[1]:9} {times[case]:8.2f} {ratio:6.2f} {goal or '':>6} {peaks[case]:9.0f} {sizes[case]:11.0f}")
    return 2 if missed else 0


sys.exit(main(*sys.argv[1:]))
