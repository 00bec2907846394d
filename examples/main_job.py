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
import threading
import time

# Runs detached, logs for about 20 seconds, ends with 7; the last line has no end, and there are bytes that are no text.
JOB = r"""
exec </dev/null >"$1/log" 2>&1
i=0
while [ $i -lt 100 ]; do
  i=$((i + 1))
  echo "line $i: caf\303\251 \377\000 $(head -c 300 /dev/urandom | od -An -tx1 | tr -d '\n ')"
  sleep 0.2
done
printf 'the end'
echo 7 >"$1/exit_code.tmp"
mv "$1/exit_code.tmp" "$1/exit_code"
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


def watch(rjob, directory, port, sshd, start):
    command = [rjob, "watch", "--host", f"{pwd.getpwuid(os.getuid()).pw_name}@127.0.0.1:{port}",
               "--identity", directory / "user_key", "--known-hosts", directory / "known_hosts",
               "--log-file", directory / "log", "--exit-code-file", directory / "exit_code", "--job-id", "main-job",
               "--job-dir", directory, "--poll-interval", "0.5", "--events", directory / "events"]
    with open(directory / "copy", "wb") as copy:
        watcher = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=copy)
    try:
        killed = False
        shown = 0
        while watcher.poll() is None:
            time.sleep(0.2)
            text = (directory / "copy").read_bytes()
            while (end := text.find(b"\n", shown)) >= 0:
                line = text[shown:end]
                shown = end + 1
                if int(line.split(b":")[0].split()[1]) % 10 == 0:
                    print("  " + line[:60].decode(errors="replace").replace("\0", "\u2400") + "...", flush=True)
            if not killed and time.monotonic() - start > 10:
                for pid in children(sshd.pid):
                    os.kill(pid, signal.SIGKILL)
                    killed = True
                say("half-way: killed the connection's sshd")
            if time.monotonic() - start > 120:
                sys.exit("the watch does not end")
    finally:
        if watcher.poll() is None:
            watcher.kill()
        watcher.wait()
    return watcher.returncode, killed


def main(rjob):
    failures = []

    def check(holds, what):
        print(f"   {'yes' if holds else 'NO '}  {what}", flush=True)
        if not holds:
            failures.append(what)

    directory = pathlib.Path(tempfile.mkdtemp(prefix="main_job."))
    sshd = job = None
    try:
        sshd, port = start_sshd(directory)
        say(f"a job that logs for about 20 seconds, watched over SSH (127.0.0.1:{port})")
        start = time.monotonic()
        job = subprocess.Popen(["/bin/sh", "-c", JOB, "job", directory], start_new_session=True)
        threading.Thread(target=job.wait, daemon=True).start()
        status, killed = watch(rjob, directory, port, sshd, start)

        log, copy = ((directory / name).read_bytes() for name in ("log", "copy"))
        events = [json.loads(line) for line in (directory / "events").read_text().splitlines()]
        say("notices and final event")
        for event in events:
            print("  " + json.dumps(event), flush=True)
        last = events[-1]
        retries = [event for event in events if event["type"] == "retry"]
        say("what holds")
        sums = [hashlib.sha256(data).hexdigest()[:16] for data in (log, copy)]
        check(log == copy, f"the log came whole: {len(copy)} of {len(log)} bytes, SHA-256 {sums[1]} and {sums[0]}")
        check(killed and retries, "the lost connection was told and made again")
        check(last["connects"] == 2, "on two connections in all")
        check(last["status"] == "failed" and last["exit_code"] == 7, "the final event has the job's exit code, 7")
        check(last["bytes"] == len(log), "and counts the log's bytes")
        check(status == 7, "rjob ended with the job's exit code")
        if failures:
            say("what sshd said")
            print((directory / "sshd.log").read_text(errors="replace"), flush=True)
    finally:
        if job is not None:
            try:
                os.killpg(job.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
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
