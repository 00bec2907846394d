#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the remote_job authors
"""Watches jobs with one SSH connection and three commands per poll for each, on asyncssh, for comparison.

    reference.py JOBS commands INTERVAL-MS SECONDS PORT SERVER-PID DIRECTORY

Prints what was measured, one "name value" per line.
"""
import asyncio
import os
import sys
import time

import asyncssh

JOBS, INTERVAL, SECONDS = int(sys.argv[1]), int(sys.argv[3]) / 1000, float(sys.argv[4])
PORT, SERVER, DIRECTORY = int(sys.argv[5]), int(sys.argv[6]), sys.argv[7]

polls = [0] * JOBS
retries = 0
connects = 0


def cpu_of_tree(root):
    """CPU seconds of a process, of all below it, and of what has ended there."""
    parents, times = {}, {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat") as stat:
                fields = stat.read().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(name)] = int(fields[1])
        times[int(name)] = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    total = 0
    for pid in times:
        up = pid
        while up != root and up in parents:
            up = parents[up]
        if up == root:
            total += times[pid]
    return total


async def watch(number):
    global retries, connects
    log, exit_code = f"{DIRECTORY}/job{number}.log", f"{DIRECTORY}/job{number}.exit_code"
    delay = 1
    while True:
        try:
            connects += 1
            async with asyncssh.connect("127.0.0.1", PORT, known_hosts=None, agent_path=None,
                                        client_keys=[DIRECTORY + "/id_ed25519"]) as host:
                offset = 0
                while True:
                    await host.run(f"test -s '{exit_code}' && cat '{exit_code}' || true")
                    size = int((await host.run(f"stat -c %s '{log}' 2>/dev/null || echo 0")).stdout)
                    chunk = await host.run(f"tail -c +{offset + 1} '{log}' 2>/dev/null | head -c 65536 || true")
                    offset += min(size - offset, len(chunk.stdout))
                    polls[number] += 1
                    delay = 1
                    await asyncio.sleep(INTERVAL)
        except (OSError, asyncssh.Error):
            retries += 1
            await asyncio.sleep(delay)
            delay = min(delay * 2, 30)


async def main():
    begin = time.monotonic()
    tasks = [asyncio.ensure_future(watch(number)) for number in range(JOBS)]
    while min(polls) == 0 and time.monotonic() - begin < 60:
        await asyncio.sleep(0.01)
    print("first_ms", (time.monotonic() - begin) * 1000)
    before, since = sum(polls), time.monotonic()
    server, client = cpu_of_tree(SERVER), time.process_time()
    await asyncio.sleep(SECONDS)
    passed = time.monotonic() - since
    print("client_cpu", (time.process_time() - client) / passed)
    print("server_cpu", (cpu_of_tree(SERVER) - server) / passed)
    print("polls_per_s", (sum(polls) - before) / passed)
    with open("/proc/self/status") as status:
        print("resident_kib", next(line.split()[1] for line in status if line.startswith("VmRSS:")))
    print("retries", retries)
    print("connects", connects)
    for task in tasks:
        task.cancel()
    sys.stdout.flush()
    os._exit(0)


asyncio.run(main())
