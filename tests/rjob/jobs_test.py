#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Black-box tests of rjob's run, submit, status, stop and cleanup: jobs_test.py PATH-OF-RJOB [TEST...]. This machine only."""

import json
import os
import pathlib
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support import black_box
from support.black_box import WAIT


class JobsTest(black_box.BlackBoxTest):
    def setUp(self):
        super().setUp()
        self.base = self.dir / "the base's $(dir)"
        self.ids = []

    def end_jobs(self):
        for job in self.ids:
            self.rjob("stop", "--grace", "0", "--job-dir", str(self.base / job))

    # --- helpers ---

    def command(self, which, *more):
        local = [] if "--state" in more and which not in ("run", "submit") else ["--local"]
        words = [self.program, which, *local]
        if which in ("run", "submit"):
            words += ["--base-dir", str(self.base)]
        if which in ("run", "watch"):
            words += ["--poll-interval", "0.05"]
        return words + list(more)

    def rjob(self, which, *more, **options):
        options = {"stdin": subprocess.DEVNULL, "capture_output": True, "cwd": self.dir, "timeout": WAIT} | options
        return subprocess.run(self.command(which, *more), **options)

    def start(self, *more):
        process = subprocess.Popen(self.command(*more), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, cwd=self.dir)
        self.started.append(process)
        return process

    def submit(self, job, *words):
        self.ids.append(job)
        done = self.rjob("submit", "--job-id", job, "--", *words)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.decode(), f"{job}\n{job}.rjob\n")
        return f"{job}.rjob"

    def answer(self, which, *more, status=0):
        done = self.rjob(which, *more)
        self.assertEqual(done.returncode, status, (which, more, done.stderr))
        return json.loads(done.stdout) if status == 0 else done.stderr.decode()

    # --- run ---

    def test_run_is_as_if_the_job_ran_here(self):
        script = "echo to stdout; echo to stderr >&2; printf '\\000\\377'; cat <<E\nhere $LOG_FILE\nE\nexit 3\n"
        done = self.rjob("run", "--job-id", "a b", "--", script)
        self.assertEqual(done.returncode, 3, done.stderr)
        log = f"{self.base}/a b/stdout.log"
        self.assertEqual(done.stdout, b"to stdout\nto stderr\n\0\xffhere " + log.encode() + b"\n")
        self.assertIn(b"Job a b started", done.stderr)
        self.assertEqual([p.name for p in self.dir.iterdir()], [self.base.name])  # the state is not needed any more

    def test_run_takes_words_as_they_are(self):
        words = ["a  b", "it's", "$(odd)", "`x`", "*", "-n", "", "new\nline", "\\"]
        done = self.rjob("run", "--", "printf", "<%s>", *words)
        self.assertEqual(done.stdout.decode(), "".join(f"<{w}>" for w in words), done.stderr)
        self.assertEqual(done.returncode, 0)

    def test_run_has_its_surroundings(self):
        work = self.dir / "work it"
        work.mkdir()
        done = self.rjob("run", "--cwd", str(work), "--env", "ONE=a 'b'\n", "--env", "HERE", "--umask", "027", "--",
                         'pwd; echo "$ONE$HERE"; umask', env=os.environ | {"HERE": "from here"})
        self.assertEqual(done.stdout.decode(), f"{work}\na 'b'\nfrom here\n0027\n", done.stderr)

    def test_run_takes_a_script(self):
        script = self.dir / "script"
        script.write_text("if true; then echo yes; fi\nexit 9\n")
        self.assertEqual(self.rjob("run", "--script", str(script)).returncode, 9)
        done = self.rjob("run", "--script", "-", stdin=None, input=script.read_bytes())
        self.assertEqual((done.returncode, done.stdout), (9, b"yes\n"))

    def test_run_cleans_up_as_told(self):
        for policy, code, left in (("always", 3, False), ("on_success", 0, False), ("on_success", 3, True), ("never", 0, True)):
            job = f"{policy}{code}"
            done = self.rjob("run", "--job-id", job, "--cleanup", policy, "--", f"exit {code}")
            self.assertEqual(done.returncode, code, done.stderr)
            self.assertEqual((self.base / job).exists(), left, job)

    def test_run_again_attaches(self):
        self.ids.append("once")
        first = self.start("run", "--job-id", "once", "--state", "first", "--", "echo begun; sleep 1; echo ended")
        self.assertEqual(first.stdout.readline(), b"begun\n")
        second = self.rjob("run", "--job-id", "once", "--state", "second", "--", "echo begun; sleep 1; echo ended")
        self.assertEqual((second.returncode, second.stdout), (0, b"begun\nended\n"), second.stderr)
        self.assertIn(b"submitted before", second.stderr)
        other = self.rjob("run", "--job-id", "once", "--", "echo another")
        self.assertEqual((other.returncode, other.stdout), (255, b""))
        self.assertIn(b"another command was submitted", other.stderr)
        self.assertEqual((first.wait(WAIT), first.stdout.read()), (0, b"ended\n"))

    def test_one_interrupt_detaches(self):
        self.ids.append("long")
        run = self.start("run", "--job-id", "long", "--", "echo begun; sleep 4; echo ended; exit 5")
        self.assertEqual(run.stdout.readline(), b"begun\n")
        run.send_signal(signal.SIGINT)
        self.assertEqual(run.wait(WAIT), 130)
        said = run.stderr.read().decode()
        self.assertIn("rjob watch --state long.rjob", said)
        self.assertEqual(self.answer("status", "--state", "long.rjob")["liveness"], "alive")
        rest = self.rjob("watch", "--state", "long.rjob")
        self.assertEqual((rest.returncode, rest.stdout), (5, b"ended\n"), rest.stderr)

    def test_two_interrupts_stop_the_job(self):
        self.ids.append("long")
        run = self.start("run", "--job-id", "long", "--", "echo begun; sleep 1000")
        self.assertEqual(run.stdout.readline(), b"begun\n")
        run.send_signal(signal.SIGINT)
        while b"once more" not in run.stderr.readline():
            self.assertIsNone(run.poll())
        run.send_signal(signal.SIGINT)
        self.assertEqual(run.wait(WAIT), 130)
        self.assertIn(b"The job is stopped, by SIGTERM, exit code 143", run.stderr.read())
        self.assertEqual(self.answer("status", "--state", "long.rjob")["exit_code"], 143)

    def test_a_deadline(self):
        done = self.rjob("run", "--job-id", "slow", "--deadline", "0.5", "--stop-at-deadline", "--", "sleep 1000")
        self.ids.append("slow")
        self.assertEqual(done.returncode, 255, done.stderr)
        self.assertIn(b"deadline", done.stderr)
        self.until(lambda: self.answer("status", "--job-dir", str(self.base / "slow"))["exit_code"] is not None, "its end")

    # --- submit and what takes it up ---

    def test_the_life_of_a_job(self):
        state = self.submit("one", "echo begun; sleep 1000")
        self.until(lambda: self.answer("status", "--state", state)["log_size"] == 6, "the log")
        told = self.answer("status", "--state", state)
        self.assertEqual((told["liveness"], told["exit_code"], told["job_id"]), ("alive", None, "one"))
        self.assertIn("not proved that the job has ended", self.answer("cleanup", "--state", state, status=255))
        stopped = self.answer("stop", "--state", state)
        self.assertEqual((stopped["outcome"], stopped["exit_code"], stopped["survived"]), ("stopped", 143, 0))
        self.assertEqual(self.answer("stop", "--state", state)["outcome"], "stopped")
        done = self.rjob("watch", "--state", state)
        self.assertEqual((done.returncode, done.stdout), (143, b"begun\n"), done.stderr)
        self.assertFalse(self.answer("cleanup", "--state", state, "--when", "on_success")["removed"])
        self.assertTrue(self.answer("cleanup", "--job-dir", str(self.base / "one"))["removed"])
        self.assertFalse((self.base / "one").exists())
        self.assertTrue(self.answer("cleanup", "--state", state)["removed"])

    def test_each_job_has_a_state_of_its_own(self):
        jobs = ["a b", "a_b", "a%20b", "-x", "x.y", "ü"]
        files = ["a%20b.rjob", "a_b.rjob", "a%2520b.rjob", "./-x.rjob", "x.y.rjob", "%C3%BC.rjob"]
        self.ids += jobs
        for code, (job, file) in enumerate(zip(jobs, files)):
            done = self.rjob("submit", "--job-id", job, "--", f"exit {code}")
            self.assertEqual(done.stdout.decode(), f"{job}\n{file}\n", done.stderr)
        for code, file in enumerate(files):
            self.assertEqual(self.rjob("watch", "--state", file).returncode, code)
        self.ids.append("explicit")
        done = self.rjob("submit", "--job-id", "explicit", "--state=-s", "--", "exit 7")
        self.assertEqual(done.stdout.decode(), "explicit\n./-s\n", done.stderr)
        self.assertEqual(self.rjob("watch", "--state", "./-s").returncode, 7)

    def test_a_job_id_that_can_name_no_file(self):
        job = "ü" * 60
        self.ids.append(job)
        for which in ("submit", "run"):
            done = self.rjob(which, "--job-id", job, "--", "exit 3")
            self.assertEqual(done.returncode, 64, done.stderr)
            self.assertIn(b"--job-id is too long to name the file with the job's state: --state FILE", done.stderr)
            self.assertFalse(self.base.exists())
        done = self.rjob("submit", "--job-id", job, "--state", "state", "--", "exit 3")
        self.assertEqual(done.stdout.decode(), f"{job}\nstate\n", done.stderr)
        self.assertEqual(self.rjob("watch", "--state", "state").returncode, 3)

    def test_a_lost_job(self):
        state = self.submit("lost", "sleep 1000")
        pid = int((self.base / "lost" / "pid").read_text().split()[0])
        self.until(lambda: (self.base / "lost" / "child").exists(), "the job")
        child = int((self.base / "lost" / "child").read_text().split()[0])
        for process in (pid, child):
            os.killpg(process, signal.SIGKILL)
        done = self.rjob("watch", "--state", state, "--lost-grace", "0.3", "--events", "events")
        self.assertEqual(done.returncode, 255, done.stderr)
        last = json.loads((self.dir / "events").read_text().splitlines()[-1])
        self.assertEqual((last["status"], last["exit_code"]), ("lost", None))
        self.assertIn(f"pid={pid}", last["message"])

    def test_secrets_stay_out_of_the_state_and_the_list_of_processes(self):
        self.ids.append("quiet")
        done = self.rjob("submit", "--job-id", "quiet", "--env", "TOKEN", "--", 'sleep 1000; echo "$TOKEN"',
                         env=os.environ | {"TOKEN": "s3cr3t-value"})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("s3cr3t", (self.dir / "quiet.rjob").read_text())
        self.assertNotIn("s3cr3t", subprocess.run(["ps", "axww"], capture_output=True, text=True).stdout)
        self.assertNotIn(b"s3cr3t", b"".join(p.read_bytes() for p in (self.base / "quiet").rglob("*") if p.is_file()))

    # --- wrong usage ---

    def test_wrong_usage(self):
        for names, arguments in (
                ("COMMAND", ["run", "--local"]),
                ("--host", ["run", "--", "true"]),
                ("job_id", ["run", "--local", "--job-id", "a/b", "--", "true"]),
                ("job_id", ["submit", "--local", "--job-id", "..", "--", "true"]),
                ("base_dir", ["run", "--local", "--base-dir", "/tmp", "--", "true"]),
                ("base_dir", ["run", "--local", "--base-dir", "jobs", "--", "true"]),
                ("environment", ["run", "--local", "--env", "A-B=1", "--", "true"]),
                ("--env", ["run", "--local", "--env", "RJOB_NOT_THERE", "--", "true"]),
                ("--umask", ["run", "--local", "--umask", "8", "--", "true"]),
                ("--script", ["run", "--local", "--script", "/not/there"]),
                ("--script", ["run", "--local", "--script", "x", "--", "true"]),
                ("--cleanup", ["run", "--local", "--cleanup", "sometimes", "--", "true"]),
                ("--deadline", ["run", "--local", "--stop-at-deadline", "--", "true"]),
                ("--state", ["status", "--local"]),
                ("--state", ["stop", "--state", "/not/there"]),
                ("--remote-os", ["status", "--local", "--job-dir", "/x/y", "--remote-os", "dos"]),
                ("job_id", ["cleanup", "--local", "--job-dir", "/"]),
                ("base_dir", ["cleanup", "--local", "--job-dir", "/tmp"])):
            done = subprocess.run([self.program, *arguments], stdin=subprocess.DEVNULL, capture_output=True, timeout=WAIT,
                                  cwd=self.dir)
            self.assertEqual(done.returncode, 64, (arguments, done.stderr))
            self.assertIn(names, done.stderr.decode(), arguments)
            self.assertEqual(done.stdout, b"", arguments)
        self.assertEqual(list(self.dir.iterdir()), [])

    def test_the_system_is_found_out(self):
        self.ids.append("auto")
        done = self.rjob("run", "--remote-os", "auto", "--job-id", "auto", "--", "echo fine")
        self.assertEqual((done.returncode, done.stdout), (0, b"fine\n"), done.stderr)


if __name__ == "__main__":
    black_box.main(__doc__)
