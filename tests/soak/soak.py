#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the remote_job authors
"""soak.py PROGRAMS MINUTES JOBS [SEED]: what tests/soak.sh runs; PROGRAMS is the directory of rjob and many_jobs."""

import asyncio
import collections
import json
import os
import pathlib
import pwd
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "examples"))
import main_job

GROUPS = 4  # watching processes; the first is never killed, so that its memory can be followed
TICK = 3  # seconds
WAIT = 180  # seconds for what should take a few; the machine is busy

# Appends lines for as long as told, then ends with its own exit code. Each start is noted.
JOB = """
echo start >>"{starts}"
i=0
while [ $i -lt {ticks} ]; do
  i=$((i + 1))
  echo "{name} tick $i {filler}"
  echo "{name} tock $i"
  sleep {tick}
done
printf 'end of {name}'
exit {code}
"""


def expected_log(job):
    lines = [f"{job.name} tick {i} {job.filler}\n{job.name} tock {i}\n" for i in range(1, job.ticks + 1)]
    return "".join(lines) + f"end of {job.name}"


Job = collections.namedtuple("Job", "name ticks filler code")


def say(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


class Line:
    """Connections to the server go through here, so that they can be cut and held up."""

    def __init__(self, target):
        self.target = target
        self.open = set()
        self.flowing = asyncio.Event()
        self.flowing.set()

    async def start(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        return self.server.sockets[0].getsockname()[1]

    async def serve(self, reader, writer):
        self.open.add(writer)
        try:
            to_reader, to_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            self.open.discard(writer)
            return
        self.open.add(to_writer)
        await asyncio.gather(self.pass_on(reader, to_writer), self.pass_on(to_reader, writer))
        self.open -= {writer, to_writer}

    async def pass_on(self, reader, writer):
        try:
            while data := await reader.read(65536):
                await self.flowing.wait()
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        writer.transport.abort()

    def cut(self):
        for writer in list(self.open):
            writer.transport.abort()


class Soak:
    def __init__(self, programs, directory, minutes, jobs, seed):
        self.rjob, self.many_jobs = (str(pathlib.Path(programs, name).resolve()) for name in ("rjob", "many_jobs"))
        self.dir = directory
        self.random = random.Random(seed)
        self.seconds = minutes * 60
        self.begin = time.monotonic()
        self.faults = collections.Counter()
        self.watchers = {}
        self.usage = []  # (seconds, KiB, descriptors) of the watcher that is never killed
        self.events = collections.defaultdict(list)
        most = max(2, int(self.seconds * 0.8 / TICK))
        self.jobs = [Job(f"job-{n}", self.random.randint(1, most), "x" * self.random.randint(0, 400),
                         self.random.choice([0, 0, 1, 7, 255])) for n in range(jobs)]

    def left(self):
        return self.begin + self.seconds - time.monotonic()

    # --- the host

    def start_host(self):
        self.sshd, self.port = main_job.start_sshd(self.dir)

    def stop_sshd(self, signal_number=signal.SIGKILL):
        """Ends the server and all its connections, and nothing else that descends from it: not the jobs."""
        for pid in [self.sshd.pid, *self.sessions()]:
            self.signal(pid, signal_number)
        self.sshd.wait()

    def start_sshd(self):
        with open(self.dir / "sshd.log", "ab") as log:
            self.sshd = subprocess.Popen([shutil.which("sshd", path=os.environ.get("PATH", "") + ":/usr/sbin"), "-D", "-e", "-f",
                                          self.dir / "sshd_config"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def sessions(self):
        found = []
        for pid in main_job.children(self.sshd.pid):
            try:
                if pathlib.Path(f"/proc/{pid}/comm").read_text().startswith("sshd"):
                    found.append(pid)
            except OSError:
                pass
        return found

    @staticmethod
    def signal(pid, number):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass

    def login(self, port):
        (self.dir / "known_hosts").write_text(f"[127.0.0.1]:{port} {(self.dir / 'host_key.pub').read_text()}")
        return ["--host", f"{pwd.getpwuid(os.getuid()).pw_name}@127.0.0.1:{port}", "--no-ssh-config", "--identity",
                str(self.dir / "user_key"), "--known-hosts", str(self.dir / "known_hosts")]

    # --- the jobs

    async def submit(self, job, slots):
        """Submits until that succeeds, as a user would; whatever is in doubt is submitted again by the same name."""
        script = JOB.format(starts=self.dir / "starts" / job.name, name=job.name, ticks=job.ticks, tick=TICK,
                            filler=job.filler, code=job.code)
        async with slots:
            for attempt in range(50):
                process = await asyncio.create_subprocess_exec(
                    self.rjob, "submit", *self.host, "--job-id", job.name, "--base-dir", str(self.dir / "jobs"), "--state",
                    str(self.dir / "submitted" / f"{job.name}.rjob"), "--", script,
                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
                _, said = await process.communicate()
                if process.returncode == 0:
                    return
                self.faults["submits repeated"] += 1
                await asyncio.sleep(1)
        sys.exit(f"cannot submit {job.name}: {said.decode(errors='replace')}")

    # --- the watches

    async def watch(self, group):
        """One many_jobs for a share of the jobs, again and again until all have ended."""
        place = self.dir / f"group-{group}"
        place.mkdir()
        jobs = self.jobs[group::GROUPS]
        (place / "list").write_text("".join(
            f"{j.name}\t{self.dir}/jobs/{j.name}/stdout.log\t{self.dir}/jobs/{j.name}/exit_code\n" for j in jobs))
        while True:
            with open(place / "errors", "ab") as errors:
                process = await asyncio.create_subprocess_exec(
                    self.many_jobs, str(place / "list"), *self.host, "--poll-interval", "1", "--max-reconnects", "60", "--log-dir",
                    str(place / "logs"), "--state-dir", str(place / "states"), *(["--via", "command"] if group == 1 else []),
                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors)
            self.watchers[group] = process
            async for line in process.stdout:
                event = json.loads(line)
                self.events[event["job_id"]].append((event["status"], event.get("exit_code")))
            await process.wait()
            del self.watchers[group]
            if process.returncode != -signal.SIGKILL:
                return process.returncode

    async def measure(self):
        while True:
            await asyncio.sleep(5)
            if process := self.watchers.get(0):
                try:
                    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
                    descriptors = len(os.listdir(f"/proc/{process.pid}/fd"))
                except OSError:
                    continue
                rss = int(status.split("VmRSS:")[1].split()[0]) if "VmRSS:" in status else 0
                self.usage.append((time.monotonic() - self.begin, rss, descriptors))

    # --- the faults

    async def disturb(self):
        kinds = [self.cut, self.hold_up, self.freeze, self.kill_sessions, self.restart_server, self.kill_watcher, self.kill_watcher]
        while self.left() > 20:
            await asyncio.sleep(self.random.uniform(2, 8))
            kind = self.random.choice(kinds)
            self.faults[kind.__name__] += 1
            await kind()

    async def cut(self):
        self.line.cut()

    async def hold_up(self):
        self.line.flowing.clear()
        await asyncio.sleep(self.random.uniform(0.5, 5))
        self.line.flowing.set()

    async def freeze(self):
        frozen = [self.sshd.pid, *self.sessions()]
        for pid in frozen:
            self.signal(pid, signal.SIGSTOP)
        await asyncio.sleep(self.random.uniform(0.5, 5))
        for pid in frozen:
            self.signal(pid, signal.SIGCONT)

    async def kill_sessions(self):
        for pid in self.sessions():
            self.signal(pid, signal.SIGKILL)

    async def restart_server(self):
        self.stop_sshd()
        await asyncio.sleep(self.random.uniform(0, 3))
        self.start_sshd()

    async def kill_watcher(self):
        group = self.random.randrange(1, GROUPS)
        if process := self.watchers.get(group):
            process.kill()

    # --- all together

    async def run(self):
        self.start_host()
        self.line = Line(self.port)
        self.host = self.login(await self.line.start())
        for name in ("starts", "submitted"):
            (self.dir / name).mkdir()
        background = [asyncio.create_task(self.measure()), asyncio.create_task(self.disturb())]
        slots = asyncio.Semaphore(4)
        submits = asyncio.gather(*(self.submit(job, slots) for job in self.jobs))
        watches = [asyncio.create_task(self.watch(group)) for group in range(GROUPS)]
        await submits
        say(f"all are submitted after {time.monotonic() - self.begin:.0f} s")
        longest = max(job.ticks for job in self.jobs) * TICK
        _, ahead = await asyncio.wait(watches, timeout=max(self.left(), longest) + WAIT)
        if ahead:
            say(f"{len(ahead)} watching processes do not end")
        for task in [*background, *ahead]:
            task.cancel()
        for process in list(self.watchers.values()):
            process.kill()
            await process.wait()
        for outcome in await asyncio.gather(*background, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome
        self.line.cut()
        await asyncio.sleep(0.5)
        return not ahead and self.judge()

    def judge(self):
        wrong = []
        for n, job in enumerate(self.jobs):
            remote = (self.dir / "jobs" / job.name / "stdout.log").read_bytes()
            copy = self.dir / f"group-{n % GROUPS}" / "logs" / f"{job.name}.log"
            if remote != expected_log(job).encode():
                wrong.append(f"{job.name}: the job itself wrote something else")
            if not copy.exists() or copy.read_bytes() != remote:
                wrong.append(f"{job.name}: the log is not the one that was written")
            starts = (self.dir / "starts" / job.name).read_text().count("start")
            if starts != 1:
                wrong.append(f"{job.name}: started {starts} times")
            ends = set(self.events[job.name])
            if ends != {("success" if job.code == 0 else "failed", job.code)}:
                wrong.append(f"{job.name}: ended as {sorted(ends)}, not with {job.code}")
        for line in wrong[:20]:
            say(line)
        # The first third is for warming up; then nothing may grow but by what the allocator keeps back.
        settled = [u for u in self.usage if u[0] > self.seconds / 3]
        half = len(settled) // 2
        flat = True
        if half > 3:
            for which, name, room in ((1, "KiB of memory", 4096), (2, "descriptors", 8)):
                early, late = (max(u[which] for u in part) for part in (settled[:half], settled[half:]))
                say(f"{name}: at most {early}, later at most {late}")
                flat = flat and late <= early * 1.1 + room
        if not flat:
            say("that grows")
        say(f"{len(self.jobs)} jobs, {len(wrong)} wrong; " + ", ".join(f"{v} {k}" for k, v in sorted(self.faults.items())))
        return flat and not wrong

    def end(self):
        if getattr(self, "sshd", None):
            self.stop_sshd()


def main(programs, minutes, jobs, seed=None):
    seed = int(seed) if seed else random.randrange(1 << 32)
    directory = pathlib.Path(tempfile.mkdtemp(prefix="soak."))
    soak = Soak(programs, directory, float(minutes), int(jobs), seed)
    say(f"seed {seed}: {jobs} jobs, {minutes} minutes, in {directory}")
    held = False
    try:
        held = asyncio.run(soak.run())
    finally:
        soak.end()
        if held:
            shutil.rmtree(directory)
        else:
            kept = pathlib.Path(tempfile.mkdtemp(prefix="soak-failed.", dir=pathlib.Path.home()))
            shutil.move(directory, kept)
            say(f"what is left is in {kept}")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
