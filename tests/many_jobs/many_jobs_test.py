#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the remote_job authors
"""Black-box tests of many_jobs: many_jobs_test.py PATH-OF-MANY_JOBS [TEST...]. Their files are plain files."""

import fcntl
import json
import os
import pathlib
import pty
import pwd
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import unittest.mock

sys.dont_write_bytecode = True
root = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(root / "tests"), str(root / "examples")]
import main_job
from support import black_box
from support.black_box import WAIT


class ManyJobsTest(black_box.BlackBoxTest):
    def setUp(self):
        super().setUp()
        self.list = self.dir / "list"
        self.logs = self.dir / "logs"
        self.states = self.dir / "states"

    # --- helpers ---

    def make(self, *ids):
        """The list of jobs, each with a log of its own."""
        self.list.write_bytes(b"".join(f"{i}\t{self.log(n)}\t{self.code(n)}\n".encode() for n, i in enumerate(ids)))
        for n, i in enumerate(ids):
            self.log(n).write_bytes(f"log of {i}\n".encode())

    def log(self, number):
        return self.dir / f"{number}.log"

    def code(self, number):
        return self.dir / f"{number}.exit_code"

    def end(self, number, code):
        temporary = self.dir / "exit_code.new"
        temporary.write_text(f"{code}\n")
        temporary.rename(self.code(number))

    def arguments(self, *more):
        return [self.program, str(self.list), "--local", "--poll-interval", "0.05", *more]

    def run_it(self, *more, arguments=None):
        return subprocess.run(arguments or self.arguments(*more), stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=WAIT)

    def start_it(self, *more, **options):
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
        process = subprocess.Popen(self.arguments(*more), **options)
        self.started.append(process)
        return process

    def events(self, done):
        return {e["job_id"]: e for e in map(json.loads, done.stdout.splitlines())}

    def check_usage(self, says, *arguments):
        done = subprocess.run([self.program, *arguments], stdin=subprocess.DEVNULL, capture_output=True, timeout=WAIT)
        said = done.stderr.decode(errors="replace")
        self.assertEqual(done.returncode, 64, (arguments, said))
        for text in says if isinstance(says, list) else [says]:
            self.assertIn(text, said, arguments)
        self.assertEqual(done.stdout, b"", arguments)

    # --- ends ---

    def test_all_succeed(self):
        self.make("a", "b", "c")
        for n in range(3):
            self.end(n, 0)
        done = self.run_it()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual({i: e["status"] for i, e in self.events(done).items()}, dict.fromkeys("abc", "success"))
        self.assertEqual(done.stderr, b"many_jobs: 3 jobs: 3 succeeded, 0 failed, 0 not known, 0 not ended\n")

    def test_some_fail(self):
        self.make("a", "b")
        self.end(0, 0)
        self.end(1, 7)
        done = self.run_it()
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(self.events(done)["b"]["exit_code"], 7)
        self.assertIn(b"1 succeeded, 1 failed, 0 not known", done.stderr)

    def test_a_watch_gives_up(self):
        self.make("a", "b", "c")
        self.end(0, 0)
        self.end(1, 7)
        self.log(2).unlink()
        self.log(2).mkdir()  # a log that cannot be read ends the watch after ten seconds
        done = self.run_it()
        self.assertEqual(done.returncode, 255, done.stderr)
        self.assertEqual(self.events(done)["c"]["status"], "error")
        self.assertIn(b"1 succeeded, 1 failed, 1 not known", done.stderr)

    def test_events_come_as_the_jobs_end(self):
        self.make("a", "b")
        process = self.start_it()
        self.end(1, 0)
        self.assertEqual(json.loads(process.stdout.readline())["job_id"], "b")
        self.assertIsNone(process.poll())
        self.end(0, 0)
        self.assertEqual(json.loads(process.stdout.readline())["job_id"], "a")
        self.assertEqual(process.wait(WAIT), 0)

    def test_what_is_no_file(self):
        self.make("a")
        self.check_usage("--state-dir: there is nothing behind the =", str(self.list), "--local", "--state-dir=", "states")
        self.states.mkdir()
        os.mkfifo(self.states / "a.json")
        self.check_usage("a.json is not a regular file", str(self.list), "--local", "--state-dir", str(self.states))
        (self.states / ".lock").unlink()
        os.mkfifo(self.states / ".lock")
        self.check_usage(".lock is not a regular file", str(self.list), "--local", "--state-dir", str(self.states))

    def test_one_process_per_state_directory(self):
        self.make("a")
        first = self.start_it("--state-dir", str(self.states))
        self.until((self.states / "a.json").exists, "the state")
        self.check_usage(f"{self.states} is in use: it is being watched by process {first.pid}",
                         *self.arguments("--state-dir", str(self.states))[1:])
        first.kill()
        first.wait()
        (self.states / "a.json.tmp.Ab12cd").write_text("half a sta")
        self.end(0, 0)
        done = self.run_it("--state-dir", str(self.states))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual({p.name for p in self.states.iterdir()}, {"a.json", ".lock"})

    def test_names_are_shown_as_they_are(self):
        self.make("ü\x1b[2J")
        self.log(0).unlink()
        self.log(0).mkdir()  # which is told, and ends the watch after ten seconds
        for locale, shown in (("C.UTF-8", "ü"), ("C", "\\xc3\\xbc")):
            process = self.start_it(env=os.environ | {"LC_ALL": locale})
            self.assertRegex(process.stderr.readline().decode(), r"^many_jobs: \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} " +
                             re.escape(shown + "\\x1b[2J: "))
            process.kill()

    def test_an_empty_list(self):
        self.list.write_text("# nothing\n\n")
        done = self.run_it()
        self.assertEqual((done.returncode, done.stdout), (0, b""), done.stderr)
        self.assertIn(b"0 jobs", done.stderr)

    def test_what_happens_to_a_log_is_told(self):
        self.make("a", "b")
        process = self.start_it("--log-dir", str(self.logs))
        copy = self.logs / "b.log"
        self.until(lambda: copy.exists() and copy.stat().st_size > 0, "the log")
        self.log(1).write_bytes(b"other")
        line = process.stderr.readline()
        self.assertRegex(line.decode(), rf"^many_jobs: \S+ b: The log {re.escape(str(self.log(1)))} was ")
        for n in range(2):
            self.end(n, 0)
        self.assertEqual(process.wait(WAIT), 0)
        self.assertEqual(copy.read_bytes(), b"other")

    # --- the list ---

    def test_what_a_list_may_hold(self):
        self.make("a", "b b")
        text = self.list.read_bytes().splitlines()
        self.list.write_bytes(b"# jobs\r\n\r\n  \t \n" + text[0] + b"\r\n#" + text[0] + b"\n" + text[1])
        self.end(0, 0)
        self.end(1, 0)
        done = self.run_it()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(set(self.events(done)), {"a", "b b"})

    def test_a_list_may_begin_with_a_byte_order_mark(self):
        self.make("a")
        self.list.write_bytes(b"\xef\xbb\xbf# jobs\r\n" + self.list.read_bytes())
        self.end(0, 0)
        self.assertEqual(set(self.events(self.run_it())), {"a"})

    def test_a_list_that_cannot_be_read_is_not_an_empty_one(self):
        self.check_usage(f"cannot read {self.dir}: ", str(self.dir), "--local")

    def test_bad_lines_are_named(self):
        self.list.write_text("a\t/l\t/e\nb /l /e\n\n\t/l\t/e\nc\t\t/e\nd\t/l\t/e\th\t/x\na\t/m\t/f\n")
        self.check_usage([f"{self.list}:2: there must be three or four fields", f"{self.list}:4: job_id",
                          f"{self.list}:5: log_file", f"{self.list}:6: there must be three or four fields",
                          f"{self.list}:7: the job_id of line 1 again"], str(self.list), "--local")

    def test_each_job_has_a_host(self):
        self.list.write_text("a\t/l\t/e\nb\t/l\t/e\tme@host\n")
        self.check_usage(f"{self.list}:1: there must be a host in the fourth field, or --host or --local", str(self.list))
        self.check_usage(f"{self.list}:2: there must be no host with --local", str(self.list), "--local")
        self.list.write_text("a\t/l\t/e\tme@\n")
        self.check_usage(f'{self.list}:1: host "me@": there is no host in it', str(self.list))

    def test_usage(self):
        self.make("a")
        path = str(self.list)
        self.check_usage("LIST", "--local")
        self.check_usage("--host or --local", path)
        self.check_usage("--identity", path, "--local", "--identity", "x")
        self.check_usage("--via", path, "--local", "--via", "files")
        self.check_usage("--poll-interval", path, "--local", "--poll-interval", "0")
        self.check_usage("--quick-interval", path, "--local", "--quick-interval", "0")
        self.check_usage("--quick-interval", path, "--local", "--quick-interval", "6")
        self.check_usage("--max-chunk-size", path, "--local", "--max-chunk-size", "65535")
        self.check_usage("--host", path, "--host", "me@")
        self.check_usage("cannot open", str(self.dir / "none"), "--local")
        self.check_usage("/dev/null", path, "--local", "--log-dir", "/dev/null/x")

    def test_help(self):
        done = self.run_it(arguments=[self.program, "--help"])
        self.assertEqual(done.returncode, 0)
        for text in (b"--log-dir", b"--host", b"--identity", b"Exit status"):
            self.assertIn(text, done.stdout)

    # --- over SSH ---

    def start_sshd(self):
        """Gives the process, and the options for this host and key."""
        sshd, port = main_job.start_sshd(self.dir)
        self.started.append(sshd)
        return sshd, ["--host", f"{pwd.getpwuid(os.getuid()).pw_name}@127.0.0.1:{port}", "--no-ssh-config",
                      "--identity", str(self.dir / "user_key")]

    def test_many_jobs_share_a_connection(self):
        _, host = self.start_sshd()
        self.make(*(f"job-{n}" for n in range(40)))
        for n in range(40):
            self.end(n, n % 2)
        arguments = [self.program, str(self.list), *host, "--poll-interval", "0.05", "--log-dir", str(self.logs)]
        done = self.run_it(arguments=[*arguments, "--known-hosts", str(self.dir / "known_hosts")])
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(b"40 jobs: 20 succeeded, 20 failed", done.stderr)
        self.assertEqual((self.logs / "job-39.log").read_text(), "log of job-39\n")
        self.assertEqual((self.dir / "sshd.log").read_text(errors="replace").count("Accepted publickey"), 1)
        # A host that is not known: every watch gives up, for the same reason.
        (self.dir / "nobody").touch()
        done = self.run_it(arguments=[*arguments, "--known-hosts", str(self.dir / "nobody")])
        self.assertEqual(done.returncode, 255, done.stderr)
        self.assertIn(b"40 not known", done.stderr)
        self.assertIn("nobody", self.events(done)["job-0"]["message"])

    def test_jobs_are_on_several_hosts(self):
        _, host = self.start_sshd()
        self.make(*(f"job-{n}" for n in range(6)))
        for n in range(6):
            self.end(n, 0)
        # One host under two names: each has a connection of its own, and jobs without a name are on that of --host.
        other = host[1].split("@")[1]
        lines = self.list.read_text().splitlines()
        self.list.write_text("".join(f"{line}\t{other}\n" if n % 2 else f"{line}\n" for n, line in enumerate(lines)))
        arguments = [self.program, str(self.list), *host, "--known-hosts", str(self.dir / "known_hosts")]
        done = self.run_it(arguments=[*arguments, "--log-dir", str(self.logs)])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(self.events(done)), 6)
        self.assertEqual((self.logs / "job-5.log").read_text(), "log of job-5\n")
        self.assertEqual((self.dir / "sshd.log").read_text(errors="replace").count("Accepted publickey"), 2)

    def test_what_is_told_of_many_is_told_once(self):
        with unittest.mock.patch("main_job.SSHD_CONFIG", main_job.SSHD_CONFIG.replace("Subsystem", "#")):
            _, host = self.start_sshd()
        self.make(*(f"job-{n}" for n in range(40)))
        for n in range(40):
            self.end(n, 0)
        known = ["--known-hosts", str(self.dir / "known_hosts")]
        done = self.run_it(arguments=[self.program, str(self.list), *host, *known])
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = [line for line in done.stderr.splitlines() if b"polling with commands instead" in line]
        others = [re.search(rb"\(and (\d+) more jobs\)$", line) for line in lines]
        self.assertEqual(sum(1 + int(found[1]) if found else 1 for found in others), 40, done.stderr)
        self.assertLess(len(lines), 10, done.stderr)

    def test_many_jobs_share_a_connection_of_ssh(self):
        """More polls at once than a server allows on one connection; told to use ssh, and by itself."""
        (self.dir / "banner").write_text("x" * 50_000)  # more than libssh2 takes
        with unittest.mock.patch("main_job.SSHD_CONFIG", main_job.SSHD_CONFIG + f"\nBanner {self.dir}/banner\n"):
            _, host = self.start_sshd()
        self.make(*(f"job-{n}" for n in range(40)))
        for n in range(40):
            self.end(n, n % 2)
        arguments = [self.program, str(self.list), *host, "--known-hosts", str(self.dir / "known_hosts"), "--poll-interval",
                     "0.05", "--log-dir", str(self.logs), "--transport"]
        if b"built without libssh2" not in (done := self.run_it(arguments=[*arguments, "libssh2"])).stderr:
            self.assertEqual(done.returncode, 255, done.stderr)
            self.assertIn(b"banner", done.stdout)
        logins = 0
        for way, notices in (("ssh", 0), ("auto", 1)):
            done = self.run_it(arguments=[*arguments, way])
            if b"built without libssh2" in done.stderr:
                notices = 0
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn(b"40 jobs: 20 succeeded, 20 failed", done.stderr)
            self.assertEqual((self.logs / "job-39.log").read_text(), "log of job-39\n")
            self.assertEqual(done.stderr.count(b"Using the ssh program instead"), notices, done.stderr)
            self.assertNotIn(b"polling with commands instead", done.stderr)
            logins += 1
            self.assertEqual((self.dir / "sshd.log").read_text(errors="replace").count("Accepted publickey"), logins)

    def test_it_asks_on_the_terminal(self):
        _, host = self.start_sshd()
        subprocess.run(["ssh-keygen", "-q", "-p", "-P", "", "-N", "open sesame", "-f", self.dir / "user_key"],
                       check=True, stdout=subprocess.DEVNULL)
        arguments = [str(self.list), *host, "--known-hosts", str(self.dir / "known_hosts")]
        self.make("a", "b")
        self.end(0, 0)
        self.end(1, 0)
        shown, status = self.on_terminal(arguments, [b"not this", b"open sesame"])
        self.assertEqual(status, 0, shown)
        self.assertIn(b"2 jobs: 2 succeeded", shown)
        self.assertNotIn(b"sesame", shown)
        shown, status = self.on_terminal(arguments, [None])
        self.assertEqual(status, 128 + signal.SIGINT, shown)
        self.assertIn(b"2 not ended", shown)

    # --- files ---

    def test_logs_have_safe_names(self):
        ids = ["plain-1_x.y", "../up", ".hidden", "a/b", "a b%", "ü"]
        self.make(*ids)
        for n in range(len(ids)):
            self.end(n, 0)
        done = self.run_it("--log-dir", str(self.logs))
        self.assertEqual(done.returncode, 0, done.stderr)
        names = ["plain-1_x.y", "%2E.%2Fup", "%2Ehidden", "a%2Fb", "a%20b%25", "%C3%BC"]
        self.assertEqual(sorted(os.listdir(self.logs)), sorted(name + ".log" for name in names))
        for i, name in zip(ids, names):
            self.assertEqual((self.logs / (name + ".log")).read_text(), f"log of {i}\n")

    def test_it_goes_on_from_its_states(self):
        self.make("a", "b")
        files = ["--log-dir", str(self.logs), "--state-dir", str(self.states)]
        for number, name in ((signal.SIGINT, "INT"), (signal.SIGTERM, "TERM")):
            process = self.start_it(*files)
            size = self.log(0).stat().st_size
            self.until(lambda: (self.logs / "a.log").exists() and (self.logs / "a.log").stat().st_size == size and
                       (self.logs / "b.log").exists() and (self.logs / "b.log").stat().st_size > 0, "the logs")
            process.send_signal(number)
            self.assertEqual(process.wait(WAIT), 128 + number)
            self.assertIn(b"2 not ended", process.stderr.read())
            self.assertEqual(json.loads((self.states / "a.json").read_text())["kwargs"]["log_offset"], size)
            with open(self.log(0), "a") as log:
                log.write(f"after SIG{name}\n")
        self.end(0, 0)
        self.end(1, 3)
        # What was delivered is not read again: here nobody would notice but the file itself.
        (self.logs / "b.log").write_bytes(b"LOG OF b\n")
        done = self.run_it(*files)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual((self.logs / "a.log").read_text(), "log of a\nafter SIGINT\nafter SIGTERM\n")
        self.assertEqual((self.logs / "b.log").read_text(), "LOG OF b\n")

    def test_a_state_of_another_job_is_refused(self):
        self.make("a")
        self.end(0, 0)
        self.assertEqual(self.run_it("--state-dir", str(self.states)).returncode, 0)
        self.list.write_text(f"a\t/elsewhere\t{self.code(0)}\n")
        self.check_usage("about another job", str(self.list), "--local", "--state-dir", str(self.states))
        (self.states / "a.json").write_text("{")
        self.check_usage("is not a saved state", str(self.list), "--local", "--state-dir", str(self.states))

    # --- output ---

    def test_reader_of_stdout_goes_away(self):
        self.make("a", "b")
        process = self.start_it()
        process.stdout.close()
        process.stdout = None
        self.end(0, 0)
        self.assertEqual(process.wait(WAIT), 141)

    def test_table_on_a_terminal(self):
        self.make("one\x1b[31m", *(f"job-{n}" for n in range(2, 31)))
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 10, 70, 0, 0))
        process = self.start_it(stderr=slave)
        os.close(slave)
        shown = b""

        def read():
            nonlocal shown
            if select.select([master], [], [], 0.05)[0]:
                try:
                    shown += os.read(master, 65536)
                except OSError:  # the other side is closed
                    return
        self.until(lambda: read() or shown.count(b"30 jobs") >= 2, "the table, twice")
        self.assertIn(b"one\\x1b[31m", shown)
        self.assertNotIn(b"\x1b[31m", shown)
        self.assertIn(b" more", shown)
        self.assertIn(b"\x1b[", shown)
        for n in range(30):
            self.end(n, 0)
        self.until(lambda: read() or process.poll() is not None, "the end")
        read()
        os.close(master)
        self.assertEqual(process.returncode, 0)
        self.assertEqual(len(process.stdout.read().splitlines()), 30)
        self.assertTrue(shown.rstrip().endswith(b"30 jobs: 30 succeeded, 0 failed, 0 not known, 0 not ended"), shown[-200:])


if __name__ == "__main__":
    black_box.main(__doc__)
