#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Black-box tests of rjob: rjob_test.py PATH-OF-RJOB [TEST...]. Jobs of this machine only; the log is a plain file."""

import fcntl
import json
import os
import pathlib
import pty
import random
import re
import resource
import select
import signal
import socket
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support import black_box
from support.black_box import WAIT


class RjobTest(black_box.BlackBoxTest):
    def setUp(self):
        super().setUp()
        self.log = self.dir / "a log 'with\" $(odd) name"
        self.code = self.dir / "exit_code"
        self.events = self.dir / "events"
        self.state = self.dir / "state"

    # --- helpers ---

    def arguments(self, *more, job=True):
        of_job = ["--local", "--log-file", str(self.log), "--exit-code-file", str(self.code)] if job else []
        return [self.program, "watch", *of_job, "--poll-interval", "0.05", *more]

    def run_rjob(self, *more, job=True, **options):
        return subprocess.run(self.arguments(*more, job=job), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=WAIT, **options)

    def start_rjob(self, *more, **options):
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
        process = subprocess.Popen(self.arguments(*more), **options)
        self.started.append(process)
        return process

    def end_job(self, code):
        temporary = self.dir / "exit_code.new"
        temporary.write_text(f"{code}\n")
        temporary.rename(self.code)

    def lines(self):
        return [json.loads(line) for line in self.events.read_text().splitlines()]

    def offset(self):
        return json.loads(self.state.read_text())["kwargs"]["log_offset"]

    def check_usage(self, names, *arguments):
        done = subprocess.run([self.program, *arguments], stdin=subprocess.DEVNULL, capture_output=True, timeout=WAIT)
        said = done.stderr.decode(errors="replace")
        self.assertEqual(done.returncode, 64, (arguments, said))
        self.assertIn(names, said, arguments)
        self.assertEqual(done.stdout, b"", arguments)

    # --- exit statuses and the log ---

    def test_exit_statuses(self):
        self.log.write_bytes(b"x\n")
        for code, status in [(0, 0), (1, 1), (2, 2), (64, 64), (130, 130), (137, 137), (254, 254), (255, 255),
                             (256, 254), (512, 254), (-1, 254), (-256, 254), (-1073741819, 254), (4294967295, 254)]:
            with self.subTest(code=code):
                self.end_job(code)
                self.events.unlink(missing_ok=True)
                done = self.run_rjob("--events", str(self.events))
                self.assertEqual(done.returncode, status, done.stderr)
                self.assertEqual(done.stdout, b"x\n")
                self.assertEqual(done.stderr, b"")  # no terminal: silent
                last = self.lines()[-1]
                self.assertEqual(last["exit_code"], code)
                self.assertEqual(last["status"], "success" if code == 0 else "failed")

    def test_skipped(self):
        """The exit status stays the job's; the state knows the codes, too."""
        codes = ["--skip-on-exit-code", "99", "--skip-on-exit-code=-7"]
        for code, exit_status, status in [(99, 99, "skipped"), (-7, 254, "skipped"), (98, 98, "failed"),
                                          (0, 0, "success")]:
            with self.subTest(code=code):
                self.state.unlink(missing_ok=True)
                self.end_job(code)
                for more in [codes, []]:
                    self.events.unlink(missing_ok=True)
                    done = self.run_rjob("--events", str(self.events), "--state", str(self.state), *more)
                    self.assertEqual(done.returncode, exit_status, done.stderr)
                    self.assertEqual(self.lines()[-1]["status"], status)
        self.assertEqual(json.loads(self.state.read_text())["extra"]["skip_on_exit_code"], [-7, 99])

    def test_a_record_of_airflow(self):
        self.log.write_bytes(b"0123456789")
        self.end_job(0)
        kwargs = {"ssh_conn_id": "c", "remote_host": None, "job_id": "j", "job_dir": str(self.dir),
                  "log_file": str(self.log), "exit_code_file": str(self.code), "remote_os": "posix", "poll_interval": 5,
                  "log_chunk_size": 65536, "log_offset": 7, "command_timeout": 30.0, "max_reconnect_attempts": 5,
                  "of_a_newer_version": [1, {"a": None}]}
        path = "airflow.providers.ssh.triggers.ssh_remote_job.SSHRemoteJobTrigger"
        self.state.write_text(json.dumps({"classpath": path, "kwargs": kwargs}))
        done = self.run_rjob("--state", str(self.state), job=False)
        self.assertEqual((done.returncode, done.stdout), (0, b"789"), done.stderr)
        saved = json.loads(self.state.read_text())["kwargs"]
        self.assertEqual(saved, kwargs | {"log_offset": 10, "poll_interval": saved["poll_interval"]})

    def test_binary_log_is_exact(self):
        data = bytes(range(256)) * 4096 + "é€😀".encode() + b"\r\n \n\0"
        self.log.write_bytes(data)
        self.end_job(0)
        done = self.run_rjob("--chunk-size", "65521")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout == data)

    def test_paths_that_name_nothing(self):
        # The grace is 10 s of real time; the deadline is behind it.
        paths = ["--log-file", str(self.dir / "typo/log"), "--exit-code-file", str(self.code)]
        done = subprocess.run([self.program, "watch", "--local", *paths, "--deadline", "14"], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=WAIT)
        said = done.stderr.decode()
        self.assertEqual(done.returncode, 255, said)
        self.assertEqual(said.count("typo/log is missing (its directory does not exist)"), 1, said)
        self.assertIn(f"{self.code} is missing (its directory exists)", said)
        self.assertIn("nothing of it was ever there", said)
        self.assertNotIn("left running", said)

    def test_a_log_that_is_no_file(self):
        os.mkfifo(self.log)
        for log in (self.log, pathlib.Path("/dev/null")):
            paths = ["--log-file", str(log), "--exit-code-file", str(self.code)]
            done = subprocess.run([self.program, "watch", "--local", *paths], stdin=subprocess.DEVNULL,
                                  capture_output=True, timeout=WAIT)
            self.assertEqual(done.returncode, 255, done.stderr)
            self.assertIn(f"The log {log} exists but cannot be read".encode(), done.stderr)

    def test_empty_and_missing_log(self):
        self.end_job(3)
        done = self.run_rjob()
        self.assertEqual((done.returncode, done.stdout), (3, b""))
        self.log.touch()
        done = self.run_rjob()
        self.assertEqual((done.returncode, done.stdout), (3, b""))

    def test_log_that_appears_late_and_grows(self):
        process = self.start_rjob()
        os.set_blocking(process.stdout.fileno(), True)
        time.sleep(0.2)
        with open(self.log, "wb", buffering=0) as log:
            for piece in [b"one\n", b"two without end", b"\xff\xfe\n"]:
                log.write(piece)
                self.assertEqual(process.stdout.read(len(piece)), piece)
            log.write(b"last")
        self.end_job(0)
        rest, said = process.communicate(timeout=WAIT)
        self.assertEqual((process.returncode, rest, said), (0, b"last", b""))

    def test_offset(self):
        self.log.write_bytes(b"0123456789")
        self.end_job(0)
        self.assertEqual(self.run_rjob("--offset", "7").stdout, b"789")

    def test_damaged_exit_code_gives_up(self):
        self.log.write_bytes(b"x")
        self.end_job("garbage")
        self.state.write_text("")
        self.state.unlink()
        # The grace is no option: it comes with the state.
        process = self.start_rjob("--state", str(self.state))
        self.until(lambda: self.state.exists() and self.offset() == 1, "the log")
        process.kill()
        process.communicate()
        saved = json.loads(self.state.read_text())
        saved["extra"]["trouble_grace"] = 0
        self.state.write_text(json.dumps(saved))
        done = self.run_rjob("--state", str(self.state), "--events", str(self.events))
        self.assertEqual(done.returncode, 255)
        self.assertIn(b"exit", done.stderr)
        self.assertIn(b"not touched", done.stderr)
        last = self.lines()[-1]
        self.assertEqual((last["status"], last["reason"], last["exit_code"]), ("error", "exit_code_unusable", None))

    # --- events ---

    def test_events(self):
        self.log.write_bytes(b"12345")
        self.end_job(7)
        done = self.run_rjob("--events", str(self.events), "--job-id", "id-\xe9", "--job-dir", os.fsdecode(b"/d\xff"))
        self.assertEqual(done.returncode, 7)
        self.assertEqual(len(self.lines()), 1)
        event = self.lines()[0]
        self.assertEqual(event["type"], "event")
        self.assertEqual(event["job_id"], "id-\xe9")
        self.assertEqual(event["job_dir"], "/d\ufffd")
        self.assertEqual(event["log_file"], str(self.log))
        self.assertEqual(event["exit_code_file"], str(self.code))
        self.assertEqual(event["remote_os"], "posix")
        self.assertEqual(event["status"], "failed")
        self.assertIs(event["done"], True)
        self.assertEqual(event["exit_code"], 7)
        self.assertEqual(event["log_chunk"], "")
        self.assertEqual(event["log_offset"], 5)
        self.assertEqual(event["bytes"], 5)
        self.assertEqual(event["connects"], 1)
        self.assertGreaterEqual(event["polls"], 1)
        self.assertIn("7", event["message"])
        self.run_rjob("--events", str(self.events))
        self.assertEqual(len(self.lines()), 2)  # appended

    def test_rotated_log_is_told(self):
        self.log.write_bytes(b"first\n")
        process = self.start_rjob("--events", str(self.events))
        self.assertEqual(process.stdout.read(6), b"first\n")
        new = self.dir / "new"
        new.write_bytes(b"second, and longer\n")
        new.rename(self.log)
        self.assertEqual(process.stdout.read(19), b"second, and longer\n")
        self.end_job(0)
        process.communicate(timeout=WAIT)
        resets = [line for line in self.lines() if line["type"] == "log_reset"]
        self.assertEqual([(r["cause"], r["old_offset"]) for r in resets], [("replaced", 6)])

    # --- state ---

    def test_state_after_kill_loses_no_byte(self):
        """Whatever was printed up to the saved offset, and what is printed from there on, is the log."""
        dice = random.Random(5)
        data = dice.randbytes(300_000)
        whole = b""
        written = 0
        with open(self.log, "wb", buffering=0) as log:
            for _ in range(6):
                process = self.start_rjob("--state", str(self.state), "--chunk-size", "4096")
                began = self.offset() if self.state.exists() else 0
                log.write(data[written:written + 40_000])
                written += 40_000
                target = min(written, began + dice.randrange(1, 40_000))
                os.set_blocking(process.stdout.fileno(), False)
                printed = bytearray()

                def pump():
                    printed.extend(process.stdout.read() or b"")
                    return self.state.exists() and self.offset() >= target

                self.until(pump, "progress")
                process.kill()
                process.wait()
                os.set_blocking(process.stdout.fileno(), True)
                printed.extend(process.stdout.read())
                acknowledged = self.offset()
                # The state never runs ahead of what was printed.
                self.assertGreaterEqual(began + len(printed), acknowledged)
                whole = whole[:began] + printed[:acknowledged - began]
            log.write(data[written:])
        self.end_job(0)
        done = self.run_rjob("--state", str(self.state), job=False)  # the job comes from the state
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(whole + done.stdout == data)
        again = self.run_rjob("--state", str(self.state))
        self.assertEqual((again.returncode, again.stdout), (0, b""))
        self.assertEqual(sorted(p.name for p in self.dir.iterdir()), sorted([self.log.name, "exit_code", "state"]))

    def test_state_and_arguments_that_contradict(self):
        self.log.write_bytes(b"x")
        self.end_job(0)
        self.assertEqual(self.run_rjob("--state", str(self.state), "--job-id", "a").returncode, 0)
        for option, value in [("--log-file", "/other"), ("--exit-code-file", "/other"), ("--job-id", "b"),
                              ("--job-dir", "/d"), ("--host", "other")]:
            self.check_usage(option, "watch", "--state", str(self.state), option, value)
        same = self.run_rjob("--state", str(self.state), "--job-id", "a", "--offset", "0")
        self.assertEqual((same.returncode, same.stdout), (0, b""))

    def test_files_that_are_no_regular_files(self):
        """To open one may wait for ever, and to replace one may harm the system."""
        self.log.write_bytes(b"x")
        self.end_job(0)
        fifo, link, listening = self.dir / "fifo", self.dir / "link", self.dir / "socket"
        os.mkfifo(fifo)
        link.symlink_to(fifo)
        master, slave = pty.openpty()
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(listening))
            for path, what in ((fifo, "not a regular file"), (link, "not a regular file"), (listening, "not a regular file"),
                               (os.ttyname(slave), "not a regular file"), (self.dir, "is a directory")):
                for option in ("--state", "--events"):
                    with self.subTest(option=option, path=path):
                        self.check_usage(option, *self.arguments(option, str(path))[1:])
                        self.check_usage(what, *self.arguments(option, str(path))[1:])
        for path in ("/dev/null", "/dev/full"):
            self.check_usage("--events: " + path, *self.arguments("--events", path)[1:])
        os.close(master)
        os.close(slave)
        self.assertTrue(fifo.is_fifo() and link.is_symlink())

    def test_the_state_is_written_beside_what_strangers_left(self):
        self.log.write_bytes(b"x")
        self.end_job(0)
        victim = self.dir / "victim"
        victim.write_text("precious")
        for number, name in enumerate(("state.tmp", "state.tmp.1", ".state.tmp")):
            (self.dir / name).symlink_to(victim)
        before = {p.name for p in self.dir.iterdir()}
        done = self.run_rjob("--state", str(self.state))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(victim.read_text(), "precious")
        self.assertEqual({p.name for p in self.dir.iterdir()}, before | {"state"})
        self.assertEqual(self.state.stat().st_mode & 0o777, 0o600)

    def test_what_a_killed_process_left_goes(self):
        self.log.write_bytes(b"x\n")
        self.end_job(0)
        self.assertEqual(self.run_rjob("--state", str(self.state)).returncode, 0)
        for name in ("state.tmp.Ab12cd", "state.tmp.held00", "other.tmp.Ab12cd", "state.tmp.toolong"):
            (self.dir / name).write_text("half a sta")
        with open(self.dir / "state.tmp.held00", "r+") as held:
            fcntl.lockf(held, fcntl.LOCK_EX)  # as by a process that is about to save
            before = {p.name for p in self.dir.iterdir()}
            self.assertEqual(self.run_rjob("--state", str(self.state)).returncode, 0)
            self.assertEqual(before - {p.name for p in self.dir.iterdir()}, {"state.tmp.Ab12cd"})

    def test_a_state_file_behind_a_link(self):
        self.log.write_bytes(b"x")
        self.end_job(0)
        (self.dir / "elsewhere").mkdir()
        done = self.run_rjob("--state", str(self.dir / "elsewhere" / "state"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.state.symlink_to("elsewhere/state")
        self.log.write_bytes(b"xy")
        done = self.run_rjob("--state", str(self.state))
        self.assertEqual((done.returncode, done.stdout), (0, b"y"), done.stderr)
        self.assertTrue(self.state.is_symlink())
        self.assertEqual(json.loads((self.dir / "elsewhere" / "state").read_text())["kwargs"]["log_offset"], 2)

    def test_one_watcher_at_a_time(self):
        self.log.write_bytes(b"one\n")
        first = self.start_rjob("--state", str(self.state))
        self.assertEqual(first.stdout.readline(), b"one\n")
        link = self.dir / "link"
        link.symlink_to(self.state)
        for saved in (4, 8, 12):  # each save puts another file in place
            self.until(lambda: self.offset() == saved, "the save")
            for path in (self.state, link):
                second = self.run_rjob("--state", str(path))
                self.assertEqual((second.returncode, second.stdout), (64, b""))
                self.assertIn(f"{self.state} is in use: it is being watched by process {first.pid}\n".encode(), second.stderr)
            with open(self.log, "ab") as log:
                log.write(b"two\n")
        first.kill()
        first.wait()
        seen = self.offset()
        self.end_job(0)
        second = self.run_rjob("--state", str(self.state))
        self.assertEqual((second.returncode, second.stdout), (0, b"one\ntwo\ntwo\ntwo\n"[seen:]), second.stderr)

    def test_of_many_that_begin_at_once_one_watches(self):
        self.log.write_bytes(b"one\n")
        all_of_them = [self.start_rjob("--state", str(self.state)) for _ in range(8)]
        self.until(lambda: sum(p.poll() is None for p in all_of_them) == 1, "seven refusals")
        self.end_job(0)
        for process in all_of_them:
            shown, said = process.communicate(timeout=WAIT)
            self.assertIn((process.returncode, shown), ((0, b"one\n"), (64, b"")), said)

    # --- notices ---

    TIME = r"rjob: \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} "

    def test_notices_are_shown_without_a_terminal_too(self):
        for quiet in ([], ["--quiet"]):
            self.log.write_bytes(b"first\n")
            self.code.unlink(missing_ok=True)
            process = self.start_rjob(*quiet)
            self.assertEqual(process.stdout.read(6), b"first\n")
            new = self.dir / "new"
            new.write_bytes(b"second, and longer\n")
            new.rename(self.log)
            self.assertEqual(process.stdout.read(19), b"second, and longer\n")
            self.end_job(0)
            said = process.communicate(timeout=WAIT)[1].decode()
            if quiet:
                self.assertEqual(said, "")
            else:
                self.assertRegex(said, f"^{self.TIME}The log .* was replaced by another file.*\n"
                                       f"{self.TIME}Some of the log may be missing.*\n$")

    def test_a_missing_job_is_a_notice(self):
        self.log.write_bytes(b"x")
        for quiet in ([], ["--quiet"]):
            done = self.run_rjob("--pid-file", str(self.dir / "pid"), "--lost-grace", "0.3", *quiet)
            self.assertEqual(done.returncode, 255)
            said = done.stderr.decode()
            self.assertEqual(bool(re.search(f"(?m)^{self.TIME}Job .*: there is no pid file", said)), not quiet, said)
            self.assertRegex(said, "(?m)^rjob: Job .* is lost")  # an error

    def test_what_is_shown_of_names(self):
        """Text as it is where the locale can show it; what steers a terminal never."""
        name = "ü€😀 a\tb\x1b[2J\x7f\u009b1m\u202e\u2028" + os.fsdecode(b"\xff\xc3") + "z"
        state = self.dir / name
        safe = r"a\x09b\x1b[2J\x7f\xc2\x9b1m\xe2\x80\xae\xe2\x80\xa8\xff\xc3z"
        for locale, shown in (("C.UTF-8", "ü€😀 " + safe), ("C", r"\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80 " + safe)):
            done = subprocess.run([self.program, "watch", "--state", str(state)], capture_output=True, timeout=WAIT,
                                  env=os.environ | {"LC_ALL": locale})
            self.assertEqual(done.stderr.decode(),
                             f"rjob: --state: there is no file {self.dir}/{shown}; to watch a job without it, give "
                             "--host or --local, --log-file, --exit-code-file\n")

    def test_state_files_that_cannot_be_used(self):
        self.log.write_bytes(b"x")
        self.end_job(0)
        self.assertEqual(self.run_rjob("--state", str(self.state)).returncode, 0)
        good = self.state.read_text()
        for bad in ["", good[:len(good) // 2], good.replace('"version":1', '"version":9'), "[]", "\0"]:
            self.state.write_text(bad)
            self.check_usage("--state", *self.arguments("--state", str(self.state))[1:])
            self.assertEqual(self.state.read_text(), bad)  # kept to be looked at
        self.check_usage("--state", *self.arguments("--state", str(self.dir / "none" / "state"))[1:])
        self.check_usage("--state", *self.arguments("--state", str(self.dir))[1:])
        self.check_usage("--events", *self.arguments("--events", str(self.dir / "none" / "events"))[1:])

    # --- signals, and readers that go away ---

    def test_signals(self):
        self.log.write_bytes(b"some\n")
        for number, status in [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]:
            with self.subTest(signal=number):
                self.state.unlink(missing_ok=True)
                self.events.unlink(missing_ok=True)
                process = self.start_rjob("--state", str(self.state), "--events", str(self.events))
                self.assertEqual(process.stdout.read(5), b"some\n")
                process.send_signal(number)
                rest, said = process.communicate(timeout=WAIT)
                self.assertEqual((process.returncode, rest), (status, b""), said)
                by = "" if number == signal.SIGINT else f" by {number.name}"
                self.assertEqual(said.decode(), f"rjob: Detached{by}; the job keeps running. "
                                                f"Resume: rjob watch --state {self.state}\n")
                self.assertEqual(self.offset(), 5)
                self.assertEqual(self.lines(), [])  # no final event: the watch has not ended
        self.end_job(4)
        done = self.run_rjob("--state", str(self.state))
        self.assertEqual((done.returncode, done.stdout), (4, b""))

    def test_signal_without_state_tells_the_offset(self):
        self.log.write_bytes(b"some\n")
        process = self.start_rjob()
        process.stdout.read(5)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=WAIT)
        self.assertEqual(process.returncode, 130)
        self.assertIn(b"--offset 5", said)

    def test_signal_while_the_reader_is_slow(self):
        self.log.write_bytes(b"y" * 1_000_000)
        process = self.start_rjob("--state", str(self.state))
        self.until(self.state.exists, "the state")
        time.sleep(0.3)  # the pipe is full now
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=WAIT)
        self.assertEqual(process.returncode, 143)
        self.assertLess(self.offset(), 1_000_000)
        self.assertLessEqual(self.offset(), len(process.stdout.read()))

    def test_reader_that_goes_away(self):
        self.log.write_bytes(b"y\n" * 1_000_000)
        process = self.start_rjob("--state", str(self.state))
        self.assertEqual(process.stdout.readline(), b"y\n")
        process.stdout.close()
        process.stdout = None
        self.assertIn(b"the job keeps running. Resume: ", process.stderr.read())
        self.assertEqual(process.wait(timeout=WAIT), 141)
        self.assertLess(self.offset(), 2_000_000)

    def test_closed_standard_output(self):
        self.log.write_bytes(b"y\n")
        self.end_job(0)
        done = self.run_rjob(preexec_fn=lambda: os.close(1))
        self.assertEqual(done.returncode, 64)
        self.assertIn(b"standard output", done.stderr)
        for fd in (0, 2):
            done = self.run_rjob(preexec_fn=lambda: os.close(fd))
            self.assertEqual((done.returncode, done.stdout), (0, b"y\n"))

    def test_full_disk(self):
        self.log.write_bytes(b"y\n")
        self.end_job(0)
        with open("/dev/full", "wb") as full:
            process = self.start_rjob("--state", str(self.state), stdout=full)
            _, said = process.communicate(timeout=WAIT)
        self.assertEqual(process.returncode, 255)
        self.assertIn(b"standard output", said)
        self.assertEqual(self.offset(), 0)

    def test_events_that_cannot_be_kept(self):
        most = 1 << 20  # of a file; rjob itself needs some

        def full_disk():
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

        self.log.write_bytes(b"x\n")
        self.end_job(3)
        self.events.write_bytes(b"\n" * most)
        done = self.run_rjob("--events", str(self.events), preexec_fn=full_disk)
        self.assertEqual(done.returncode, 3)  # of the job all is known
        self.assertEqual(done.stdout, b"x\n")
        self.assertIn(b"--events could not be written: events are missing", done.stderr)

    def test_state_that_cannot_be_kept(self):
        def full_disk():
            # Of a file ten bytes fit.
            resource.setrlimit(resource.RLIMIT_FSIZE, (10, resource.RLIM_INFINITY))
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

        self.log.write_bytes(b"x\n")
        with self.subTest("on a full disk"):
            done = self.run_rjob("--state", str(self.state), preexec_fn=full_disk)
            self.assertEqual(done.returncode, 64)
            self.assertIn(b"--state: cannot write " + os.fsencode(self.state), done.stderr)
            self.assertEqual(done.stdout, b"")
            self.assertFalse(self.state.exists())
        with self.subTest("in a directory that lets nothing be made any more"):
            process = self.start_rjob("--state", str(self.state))
            self.until(lambda: self.state.exists() and self.offset() == 2, "the first save")
            self.state.rename(self.dir / "last")
            self.state.mkdir()  # a mode would not keep root out
            with open(self.log, "ab") as log:
                log.write(b"y\n")
            shown, said = process.communicate(timeout=WAIT)
            self.assertEqual(process.returncode, 255)
            self.assertEqual(shown, b"x\ny\n")
            self.assertIn(b"--state: " + os.fsencode(self.state) + b" is a directory", said)
            self.assertEqual(json.loads((self.dir / "last").read_text())["kwargs"]["log_offset"], 2)

    # --- the terminal ---

    def test_status_line_on_a_terminal_only(self):
        self.log.write_bytes(b"some\n")
        master, slave = pty.openpty()
        process = self.start_rjob(stderr=slave)
        os.close(slave)
        self.assertEqual(process.stdout.read(5), b"some\n")
        shown = b""
        while b"5 B" not in shown:
            self.assertTrue(select.select([master], [], [], WAIT)[0])
            shown += os.read(master, 4096)
        self.assertIn(b"00:00:0", shown)
        self.assertIn(b"/s", shown)
        self.end_job(0)
        process.wait(timeout=WAIT)
        os.set_blocking(master, False)
        try:
            shown += os.read(master, 65536)
        except OSError:
            pass
        os.close(master)
        self.assertIn(b"\r\x1b[K", shown)
        self.assertEqual(process.stdout.read(), b"")

    def start_sshd(self, subsystem="internal-sftp"):
        """A private server that lets the key `id` in, whose passphrase is "open sesame"; gives what rjob needs for it."""
        sshd = "/usr/sbin/sshd"
        if not os.path.exists(sshd):
            self.skipTest("there is no sshd")
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)  # sshd started as root insists on it
        for name, secret in [("host_key", ""), ("id", "open sesame")]:
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", secret, "-f", str(self.dir / name)], check=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        config = self.dir / "sshd_config"
        config.write_text(f"Port {port}\nListenAddress 127.0.0.1\nPidFile none\nUsePAM no\nStrictModes no\n"
                          f"HostKey {self.dir}/host_key\nAuthorizedKeysFile {self.dir}/id.pub\n"
                          f"Subsystem sftp {subsystem}\n")
        with open(self.dir / "sshd_log", "wb") as log:
            self.started.append(subprocess.Popen([sshd, "-D", "-e", "-f", str(config)], stdin=subprocess.DEVNULL,
                                                 stdout=log, stderr=log))

        def answers():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        self.until(answers, "sshd")
        known = self.dir / "known_hosts"
        known.write_text(f"[127.0.0.1]:{port} " + (self.dir / "host_key.pub").read_text())
        return ["watch", "--host", f"127.0.0.1:{port}", "--no-ssh-config", "--jump", f"127.0.0.1:{port}", "--identity",
                str(self.dir / "id"), "--known-hosts", str(known), "--log-file", str(self.log), "--exit-code-file",
                str(self.code), "--poll-interval", "0.05"]

    def test_passphrase_on_the_terminal(self):
        arguments = self.start_sshd()
        self.log.write_bytes(b"from the job\n")
        self.end_job(0)
        # Asked for the jump host, and remembered for the host behind it.
        shown, status = self.on_terminal(arguments, [b"not this", b"open sesame"])
        if b"built without libssh2" in shown:
            self.skipTest("built without libssh2")
        self.assertEqual(status, 0, shown)
        self.assertIn(b"from the job\r\n", shown)
        self.assertNotIn(b"sesame", shown)
        shown, status = self.on_terminal(arguments, [None])
        self.assertEqual(status, 128 + signal.SIGINT, shown)

    def test_a_server_whose_files_do_not_answer_is_watched_by_commands(self):
        arguments = self.start_sshd("/bin/sleep 100")
        subprocess.run(["ssh-keygen", "-q", "-p", "-P", "open sesame", "-N", "", "-f", self.dir / "id"], check=True,
                       stdout=subprocess.DEVNULL)
        self.log.write_bytes(b"from the job\n")
        self.end_job(3)
        done = subprocess.run([self.program, *arguments, "--command-timeout", "4", "--max-reconnects", "0"],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=WAIT)
        if b"built without libssh2" in done.stderr:
            self.skipTest("built without libssh2")
        self.assertEqual((done.returncode, done.stdout), (3, b"from the job\n"), done.stderr)
        done = subprocess.run([self.program, *arguments, "--command-timeout", "4", "--via", "files"],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=WAIT)
        self.assertEqual((done.returncode, done.stdout), (255, b""), done.stderr)
        self.assertIn(b"without --via files", done.stderr)

    # --- usage ---

    def test_help_and_version(self):
        for arguments, expected in [(["--version"], b"rjob "), (["--help"], b"watch"), (["watch", "--help"], b"Exit status")]:
            done = subprocess.run([self.program, *arguments], capture_output=True, timeout=WAIT)
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            self.assertIn(expected, done.stdout)

    def test_wrong_usage(self):
        self.check_usage("give a command: the commands are run, submit, watch, status, stop, cleanup, list, gc")
        self.check_usage("--nonsense", "watch", "--nonsense")
        self.check_usage("there is no option --nonsense", "submit", "--local", "--nonsense", "3", "--", "true")
        self.check_usage("there is no option --deadline", "submit", "--local", "--deadline=3", "--", "true")
        self.check_usage('there is no command "nonsense": the commands are run, ', "nonsense")
        self.check_usage('there is no command "nonsense"', "nonsense", "watch", "--local")
        self.check_usage("extra", *self.arguments("extra")[1:])
        self.check_usage("--host or --local", "watch", "--log-file", "/l", "--exit-code-file", "/e")
        self.check_usage("--log-file", "watch", "--local", "--exit-code-file", "/e")
        self.check_usage("--exit-code-file", "watch", "--local", "--log-file", "/l")
        self.check_usage("--local", "watch", "--local", "--host", "h", "--log-file", "/l", "--exit-code-file", "/e")
        self.check_usage("--identity", *self.arguments("--identity", "/k")[1:])
        self.check_usage("--no-ssh-config", *self.arguments("--no-ssh-config")[1:])
        self.check_usage("--ssh-config", "watch", "--host", "h", "--ssh-config", "/c", "--no-ssh-config")
        self.check_usage("--via", *self.arguments("--via", "files")[1:])  # there is no such way to a local job
        self.check_usage("--exit-code-file", "watch", "--local", "--log-file", "/same", "--exit-code-file", "/same")
        self.check_usage("--poll-interval", *self.arguments("--poll-interval", "1")[1:])  # given twice

    def test_an_empty_value_swallows_no_word(self):
        for which, names in (("submit", ["job-id", "state", "cwd", "base-dir", "env", "umask", "script", "shell", "host"]),
                             ("run", ["job-id", "cleanup", "events"]), ("watch", ["log-file", "via", "quiet"]),
                             ("status", ["job-dir", "remote-os", "local"]), ("gc", ["older-than", "dry-run"])):
            for name in names:
                with self.subTest(which=which, name=name):
                    self.check_usage(f"--{name}: there is nothing behind the =", which, "--local", f"--{name}=", "word",
                                     "--", "true")
        with self.subTest("of the job's command"):
            done = subprocess.run([self.program, "run", "--local", "--base-dir", str(self.dir / "base"), "--", "echo",
                                   "--job-id="], stdin=subprocess.DEVNULL, capture_output=True, cwd=self.dir, timeout=WAIT)
            self.assertEqual((done.returncode, done.stdout), (0, b"--job-id=\n"), done.stderr)

    def test_a_state_file_that_is_mistyped(self):
        for which in ("watch", "status", "stop", "cleanup"):
            self.check_usage(f"there is no file {self.state}", which, "--state", str(self.state))
        self.check_usage("give --exit-code-file", "watch", "--local", "--state", str(self.state), "--log-file", "/l")
        self.assertFalse(self.state.exists())

    def test_option_values(self):
        seconds = ["", "0", "-1", "nan", "-nan", "inf", "-inf", "1e300", "1e999", "99999999999999999999", "1e-10", "x",
                   "1x", "0x10", " 1", "1 ", "1,5", "--1", "\xff"]
        whole = ["", "-1", "1.5", "1e3", "nan", "inf", "x", "1x", "0x10", " 1", "+1", "99999999999999999999"]
        bad = {
            "--poll-interval": seconds,
            "--command-timeout": seconds,
            "--quick-interval": seconds,
            "--chunk-size": whole + ["0", "1073741825"],
            "--max-chunk-size": whole + ["1073741825"],
            "--offset": whole + ["9223372036854775808"],
            "--max-reconnects": whole + ["2147483648"],
            "--via": ["", "Files", "sftp", "commands"],
            "--remote-os": ["", "linux", "WINDOWS"],
            "--host": ["", "@", "u@", "@h", "h:", "h:0", "h:65536", "h:x", "h:-1", "[::1", "[::1]x", "[::1]:", "[]:22",
                       "a b", "-oProxyCommand=x", "u@-h"],
            "--jump": ["", "a,", ",a", "a,,b", "a:0", "@a", "-x", "a b"],
            "--log-file": [""],
            "--exit-code-file": [""],
            "--job-id": [""],
            "--job-dir": [""],
            "--identity": [""],
            "--known-hosts": [""],
            "--ssh-config": [""],
            "--host-key-policy": ["", "no", "accept_new", "off"],
            "--fingerprint": ["", "MD5:aa", "SHA256:", "SHA256:short", "SHA256:" + "a" * 44],
            "--events": [""],
            "--state": [""],
        }
        for option, values in bad.items():
            for value in values:
                with self.subTest(option=option, value=value):
                    self.check_usage(option, "watch", f"{option}={value}")
            with self.subTest(option=option):
                self.check_usage(option, "watch", option)  # without a value

    def test_option_values_that_are_good(self):
        self.log.write_bytes(b"x")
        self.end_job(0)
        base = [self.program, "watch", "--local", "--log-file", str(self.log), "--exit-code-file", str(self.code)]
        for good in [["--poll-interval", "0.25"], ["--poll-interval", "1e-1"], ["--command-timeout", "1000000000"],
                     ["--command-timeout", "7.5"], ["--chunk-size", "1"], ["--chunk-size", "1073741824"],
                     ["--max-chunk-size", "0"], ["--max-chunk-size", "65536"], ["--max-chunk-size", "1073741824"],
                     ["--chunk-size", "1", "--max-chunk-size", "2"], ["--quick-interval", "0.1"],
                     ["--offset", "9223372036854775807"], ["--max-reconnects", "0"], ["--remote-os", "posix"],
                     ["--via", "auto"], ["--via", "command"]]:
            with self.subTest(good=good):
                done = subprocess.run(base + good, capture_output=True, timeout=WAIT)
                self.assertEqual(done.returncode, 0, done.stderr)

    def test_chunks_and_pauses_are_kept_in_the_state(self):
        self.log.write_bytes(b"x" * 100000)
        self.end_job(0)
        done = self.run_rjob("--state", str(self.state), "--chunk-size", "1000", "--max-chunk-size", "30000",
                             "--quick-interval", "0.01")
        self.assertEqual((done.returncode, done.stdout), (0, b"x" * 100000), done.stderr)
        extra = json.loads(self.state.read_text())["extra"]
        self.assertEqual((extra["max_chunk_size"], extra["quick_interval"]), (30000, 0.01))
        done = self.run_rjob("--state", str(self.state), "--chunk-size", "40000")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(self.state.read_text())["extra"]["max_chunk_size"], 0)
        for wrong, named in [(["--chunk-size", "2000", "--max-chunk-size", "1999"], b"--max-chunk-size"),
                             (["--quick-interval", "1.5"], b"--quick-interval must not be above --poll-interval")]:
            done = self.run_rjob("--state", str(self.state), *wrong)
            self.assertEqual((done.returncode, done.stdout), (64, b""), done.stderr)
            self.assertIn(named, done.stderr)

    def test_via_is_kept_in_the_state(self):
        self.log.write_bytes(b"x")
        self.end_job(0)
        done = self.run_rjob("--state", str(self.state), "--via", "command")
        self.assertEqual(done.returncode, 0, done.stderr)
        saved = json.loads(self.state.read_text())
        self.assertEqual(saved["extra"]["via"], "commands")
        # A state that asks for files, which only a host can have.
        saved["extra"]["via"] = "files"
        self.state.write_text(json.dumps(saved))
        done = self.run_rjob("--state", str(self.state))
        self.assertEqual((done.returncode, done.stdout), (64, b""), done.stderr)
        self.assertIn(b"via is files", done.stderr)
        done = self.run_rjob("--state", str(self.state), "--via", "auto")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_host_that_cannot_be_reached(self):
        """A port that nothing listens on: the budget is spent, 255, the retries are told."""
        import socket
        known = self.dir / "known_hosts"  # the home of whoever runs this may have none, which ends the watch at once
        known.touch()
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))  # not listening, and nobody else can
            port = taken.getsockname()[1]
            done = subprocess.run([self.program, "watch", "--host", f"u@127.0.0.1:{port}", "--log-file", "/l", "--exit-code-file",
                                   "/e", "--max-reconnects", "1", "--events", str(self.events),
                                   "--known-hosts", str(known)],
                                  capture_output=True, timeout=WAIT)
        if b"built without libssh2" in done.stderr:
            self.skipTest("built without libssh2")
        self.assertEqual(done.returncode, 255, done.stderr)
        self.assertIn(b"127.0.0.1", done.stderr)
        self.assertRegex(done.stderr.decode(), f"^{self.TIME}Failed to connect to remote host \\(attempt 1/1\\), .*\n")
        retry, event = self.lines()
        self.assertEqual((retry["type"], retry["failed"], retry["attempt"], retry["max_attempts"]), ("retry", "connect", 1, 1))
        self.assertEqual((event["type"], event["status"], event["reason"], event["connects"]),
                         ("event", "error", "reconnects_exhausted", 0))

    def test_host_of_the_ssh_configuration(self):
        """The alias is resolved, what is given on the command line wins, and without the configuration it is a name."""
        config = self.dir / "ssh_config"
        config.write_text("Host box\n HostName 127.0.0.1\n Port 1\nHost behind\n ProxyJump box\n"
                          "Host piped\n ProxyCommand nc %h %p\n")
        job = ["--log-file", "/l", "--exit-code-file", "/e", "--max-reconnects", "0"]
        def run(*more, **options):
            return subprocess.run([self.program, "watch", *more, *job], capture_output=True, timeout=WAIT, **options)
        done = run("--host", "box", "--ssh-config", str(config))
        if b"built without libssh2" in done.stderr:
            self.skipTest("built without libssh2")
        self.assertEqual(done.returncode, 255, done.stderr)
        self.assertIn(b"127.0.0.1:1", done.stderr)
        done = run("--host", "u@box:2", "--ssh-config", str(config))
        self.assertIn(b"127.0.0.1:2", done.stderr)
        done = run("--host", "behind", "--ssh-config", str(config))
        self.assertEqual(done.returncode, 255, done.stderr)
        self.assertIn(b"jump host 127.0.0.1:1", done.stderr)
        done = run("--host", "u@box:2", "--ssh-config", str(config), "--jump", "v@127.0.0.1:4,box")
        self.assertEqual(done.returncode, 255, done.stderr)
        self.assertIn(b"127.0.0.1:4", done.stderr)
        done = run("--host", "piped", "--ssh-config", str(config), "--transport", "libssh2")
        self.assertEqual(done.returncode, 64, done.stderr)
        self.assertIn(b"ProxyCommand", done.stderr)
        empty = self.dir / "empty"
        empty.mkdir()
        done = run("--host", "u@127.0.0.1:1", env=os.environ | {"PATH": str(empty)})
        self.assertEqual(done.returncode, 64, done.stderr)
        self.assertIn(b"--no-ssh-config", done.stderr)
        done = run("--host", "u@127.0.0.1:1", "--no-ssh-config", env=os.environ | {"PATH": str(empty)})
        self.assertEqual(done.returncode, 255, done.stderr)
        self.assertIn(b"127.0.0.1:1", done.stderr)


if __name__ == "__main__":
    black_box.main(__doc__)
