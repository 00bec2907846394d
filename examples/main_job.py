#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""main_job.py PATH-OF-RJOB: what examples/run.sh shows."""

import hashlib
import json
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

# Logs for about 20 seconds, ends with 7; the last line has no end, and there are bytes that are no text.
JOB = r"""
i=0
while [ $i -lt 100 ]; do
  i=$((i + 1))
  echo "line $i: caf\303\251 \377\000 $(head -c 300 /dev/urandom | od -An -tx1 | tr -d '\n ')"
  sleep 0.2
done
printf 'the end'
exit 7
"""

SSHD_CONFIG = """\
ListenAddress 127.0.0.1:{port}
HostKey {dir}/host_key
AuthorizedKeysFile {dir}/user_key.pub
PidFile {dir}/sshd.pid
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
Subsystem sftp internal-sftp
"""


def say(text):
    print(f"== {text}", flush=True)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start_sshd(directory):
    """Starts sshd in the foreground; gives the process and its port once it answers."""
    for name in ("host_key", "user_key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", directory / name], check=True)
    sshd = shutil.which("sshd", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    for _ in range(10):  # another program may take the port before sshd does
        port = free_port()
        (directory / "sshd_config").write_text(SSHD_CONFIG.format(port=port, dir=directory))
        with open(directory / "sshd.log", "wb") as log:
            process = subprocess.Popen([sshd, "-D", "-e", "-f", directory / "sshd_config"], stdin=subprocess.DEVNULL,
                                       stdout=log, stderr=log)
        while process.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=5) as s:
                    if s.recv(4) == b"SSH-":
                        host_key = (directory / "host_key.pub").read_text()
                        (directory / "known_hosts").write_text(f"[127.0.0.1]:{port} {host_key}")
                        return process, port
            except OSError:
                time.sleep(0.05)
    sys.exit("sshd does not start:\n" + (directory / "sshd.log").read_text(errors="replace"))


def children(pid):
    """All descendants of a process."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                stat = pathlib.Path("/proc", entry, "stat").read_text(errors="replace")
            except OSError:
                continue
            parents[int(entry)] = int(stat.rpartition(")")[2].split()[1])
    found, level = [], [pid]
    while level:
        level = [child for child, parent in parents.items() if parent in level]
        found += level
    return found


class Host:
    """The host as rjob reaches it, and the one job there; what rjob prints of the log is gathered in one file."""

    def __init__(self, rjob, directory, port, sshd):
        self.rjob, self.directory, self.sshd = rjob, directory, sshd
        self.ssh = ["--identity", directory / "user_key", "--known-hosts", directory / "known_hosts"]
        self.address = f"{pwd.getpwuid(os.getuid()).pw_name}@127.0.0.1:{port}"
        self.state = directory / "state"
        self.start = time.monotonic()
        self.shown = 0

    def ask(self, which, *more):
        to = ["--host", self.address] if which == "submit" else []
        done = subprocess.run([self.rjob, which, *to, *self.ssh, "--state", self.state, *more], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, timeout=120)
        return done.returncode, done.stdout.decode()

    def show(self):
        text = (self.directory / "copy").read_bytes()
        while (end := text.find(b"\n", self.shown)) >= 0:
            line, self.shown = text[self.shown:end], end + 1
            if int(line.split(b":")[0].split()[1]) % 10 == 0:
                print("  " + line[:60].decode(errors="replace").replace("\0", "\u2400") + "...", flush=True)

    def watch(self, *deeds):
        """Watches to the end; `deeds` are pairs: so many seconds after the start, do that to the watching process."""
        command = [self.rjob, "watch", *self.ssh, "--state", self.state, "--poll-interval", "0.5",
                   "--events", self.directory / "events"]
        deeds = list(deeds)
        with open(self.directory / "copy", "ab") as copy:
            watcher = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=copy)
        try:
            while watcher.poll() is None:
                time.sleep(0.2)
                self.show()
                if deeds and time.monotonic() - self.start > deeds[0][0]:
                    deeds.pop(0)[1](watcher)
                if time.monotonic() - self.start > 120:
                    sys.exit("the watch does not end")
        finally:
            if watcher.poll() is None:
                watcher.kill()
            watcher.wait()
        self.show()
        return watcher.returncode

    def cut(self, _):
        for pid in children(self.sshd.pid):
            os.kill(pid, signal.SIGKILL)
        say("killed the connection's sshd")

    def end(self, watcher):
        watcher.terminate()
        say("ended the watching rjob; a second one goes on from the state")


def main(rjob):
    failures = []

    def check(holds, what):
        print(f"   {'yes' if holds else 'NO '}  {what}", flush=True)
        if not holds:
            failures.append(what)

    directory = pathlib.Path(tempfile.mkdtemp(prefix="main_job."))
    sshd = host = None
    try:
        sshd, port = start_sshd(directory)
        host = Host(rjob, directory, port, sshd)
        say(f"a job that logs for about 20 seconds is submitted over SSH (127.0.0.1:{port}) and watched")
        job = "main job"
        submitted, said = host.ask("submit", "--job-id", job, "--base-dir", directory / "jobs", "--", JOB)
        first = host.watch((6, host.cut), (12, host.end))
        offset = json.loads(host.state.read_text())["kwargs"]["log_offset"]
        status = host.watch()

        log, copy = (path.read_bytes() for path in (directory / "jobs" / job / "stdout.log", directory / "copy"))
        events = [json.loads(line) for line in (directory / "events").read_text().splitlines()]
        say("notices and final event")
        for event in events:
            print("  " + json.dumps(event), flush=True)
        last = events[-1]
        say("what holds")
        sums = [hashlib.sha256(data).hexdigest()[:16] for data in (log, copy)]
        check(submitted == 0 and said.splitlines() == [job, str(host.state)], "the job was submitted")
        check(any(event["type"] == "retry" for event in events), "the lost connection was told and made again")
        check(first == 128 + signal.SIGTERM, "the first rjob ended, and left the job alone")
        check(0 < offset < len(log) and last["bytes"] == len(log) - offset, f"the second went on at offset {offset}")
        check(log == copy, f"the log came whole: {len(copy)} of {len(log)} bytes, SHA-256 {sums[1]} and {sums[0]}")
        check(last["status"] == "failed" and last["exit_code"] == 7, "the final event has the job's exit code, 7")
        check(status == 7, "rjob ended with the job's exit code")
        removed, _ = host.ask("cleanup")
        check(removed == 0 and not (directory / "jobs" / job).exists(), "the job's directory is removed")
        if failures:
            say("what sshd said")
            print((directory / "sshd.log").read_text(errors="replace"), flush=True)
    finally:
        if host is not None and host.state.exists() and failures:
            host.ask("stop", "--grace", "0")
        if sshd is not None:
            left = children(sshd.pid)
            sshd.terminate()
            sshd.wait()
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        shutil.rmtree(directory)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
