#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs one example as its first lines tell, on a job of this machine: examples_test.py PROGRAM

The job takes about three seconds of real time, since it is the programs that are tested here, and they poll by the second.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

LINES = [f"line {n} of the log" for n in range(1, 7)] + ["a last line without an end"]
LOG = "\n".join(LINES)


class Job:
    """Logs LOG in two parts, and then writes `end` into its second file."""

    def __init__(self, where, end, begin=None):
        self.log, self.exit_code = where / "log", where / "exit_code"
        half = len(LOG) // 2
        script = f"printf '%s' '{LOG[:half]}' >log; sleep {self.pause}; printf '%s' '{LOG[half:]}' >>log; "
        if begin:
            script = f"echo '{begin}' >exit_code; " + script
        self.process = subprocess.Popen(
            ["sh", "-c", script + f"echo '{end}' >new; mv new exit_code"], cwd=where, stdin=subprocess.DEVNULL)

        Job.started.append(self.process)

    pause = 2
    started = []


def run(*command, status=0):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=120)
    if done.returncode != status:
        sys.exit(f"{command}: status {done.returncode} and not {status}\n{done.stdout}\n{done.stderr}")
    return done.stdout, done.stderr


def expect(what, seen, wanted):
    if seen != wanted:
        sys.exit(f"{what}: {seen!r}\nand not: {wanted!r}")


def shows_the_log(program, where, succeeded="0", failed="3", begin=None, log=LOG):
    """The program shows the log, says how the job ended, and tells success from failure."""
    job = Job(where, succeeded, begin)
    out, err = run(program, job.log, job.exit_code)
    expect("the log", out, log)
    expect("the last words", err.splitlines()[-1:], ["Job completed with exit code 0"])
    if failed:
        job.exit_code.write_text(failed)
        _, err = run(program, job.log, job.exit_code, status=1)
        expect("the last words", err.splitlines()[-1:], ["Job completed with exit code 3"])
    run(program, status=2)


def quickstart(program, where):
    job = Job(where, "0")
    out, err = run(program, job.log, job.exit_code)
    expect("the log", out, LOG)
    expect("the last words", err, "Job completed with exit code 0\n")
    expect("the same", run(program, job.log, job.exit_code, "--as-tuple"), (LOG, "Job completed with exit code 0\n"))
    _, err = run(program, status=1)
    expect("the usage", err.split()[:1], ["usage:"])
    # The log that is the exit-code file, too, is refused: the message of the exception names the field.
    said = "Trigger error: exit_code_file must not be the log_file"
    expect("the exception", run(program, job.log, job.log, status=1), ("", said + ": invalid argument\n"))
    expect("the tuple", run(program, job.log, job.log, "--as-tuple"), ("", f"The watch gave up. {said}\n"))


def resume(program, where):
    """Gives up after five seconds, and a second run finds the rest."""
    Job.pause = 7
    job = Job(where, "0")
    arguments = job.log, job.exit_code, where / "state", where / "copy"
    _, err = run(program, *arguments)
    expect("the last words", err, "to be continued\n")
    _, err = run(program, *arguments)
    expect("the last words", err, "Job completed with exit code 0\n")
    expect("the copy", (where / "copy").read_text(), LOG)

    # The connection is that of the state. A server is not needed to see which one it is: each port refuses or is none.
    config = where / "ssh_config"
    config.write_text("Host cluster\n  HostName 127.0.0.2\n  Port 9\n")
    (where / "ssh").write_text(f"#!/bin/sh\nexec {shutil.which('ssh')} -F {config} \"$@\"\n")
    (where / "ssh").chmod(0o755)
    os.environ["PATH"] = f"{where}:{os.environ['PATH']}"
    for kwargs, host in [({"ssh_conn_id": "cluster"}, "127.0.0.2"),
                         ({"ssh_conn_id": "cluster", "remote_host": "127.0.0.3"}, "127.0.0.3"),
                         ({"remote_host": "cluster"}, "127.0.0.2")]:
        given = {"ssh_conn_id": "", "remote_host": None, "job_id": "j", "job_dir": "", "log_file": str(job.log),
                 "exit_code_file": str(job.exit_code), "remote_os": "posix", "max_reconnect_attempts": 0} | kwargs
        path = "airflow.providers.ssh.triggers.ssh_remote_job.SSHRemoteJobTrigger"
        (where / "state").write_text(json.dumps({"classpath": path, "kwargs": given}))
        _, err = run(program, *arguments, status=1)
        if "without libssh2" not in err and f"{host}:9: " not in err:
            sys.exit(f"{kwargs}: {err}")


def custom_os_policy(program, where):
    shows_the_log(program, where, "ended 0", "ended 3", begin="running")


def custom_sink(program, where):
    shows_the_log(program, where, log="".join(f"{n}\t{line}\n" for n, line in enumerate(LINES, 1)))


def custom_backoff(program, _):
    """The delays are within the strategy's bounds, and a seed gives them again."""
    out, _ = run(program, 7)
    expect("the same seed", run(program, 7)[0], out)
    rows = [tuple(map(int, line.split())) for line in out.splitlines()]
    expect("the failures", [n for n, _ in rows], list(range(1, 9)))
    last = 500
    for _, delay in rows:
        if not 500 <= delay <= min(60000, 3 * last):
            sys.exit(f"{delay} ms after {last} ms")
        last = delay


TESTS = {test.__name__: test for test in (quickstart, resume, custom_os_policy, custom_sink, custom_backoff)}


def main(program):
    program = pathlib.Path(program).resolve()
    with tempfile.TemporaryDirectory(prefix="examples.") as where:
        os.chdir(where)
        try:
            TESTS.get(program.name, shows_the_log)(program, pathlib.Path(where))
        finally:
            for job in Job.started:
                job.kill()  # its sleep ends by itself
                job.wait()


main(sys.argv[1])
