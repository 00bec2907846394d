#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Black-box tests of rjob's run, submit, status, stop and cleanup: jobs_test.py PATH-OF-RJOB [TEST...]. This machine only."""

import datetime
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

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

    def test_a_working_directory_that_cannot_be_used(self):
        (self.dir / "file").touch()
        for name, why in (("none", "it is not there"), ("file", "it is not a directory")):
            done = self.rjob("run", "--cwd", str(self.dir / name), "--", "true")
            self.assertEqual((done.returncode, done.stdout.decode()),
                             (126, f"remote_job: working_directory {self.dir / name}: {why}\n"))

    def test_run_takes_a_script(self):
        script = self.dir / "script"
        script.write_text("if true; then echo yes; fi\nexit 9\n")
        self.assertEqual(self.rjob("run", "--script", str(script)).returncode, 9)
        done = self.rjob("run", "--script", "-", stdin=None, input=script.read_bytes())
        self.assertEqual((done.returncode, done.stdout), (9, b"yes\n"))

    def test_the_interpreter(self):
        def run(*words, script=None):
            if script is not None:
                (self.dir / "script").write_text(script)
                words = ["--script", "script", *words]
            done = self.rjob("run", *words)
            return done.returncode, done.stdout.decode()

        body = '[[ a == a ]] && echo "${BASH_VERSION:+bash} $0" | sed "s|/.*/||"; exit 9\n'
        bash = shutil.which("bash")
        for first in (f"#!{bash}", "#!/usr/bin/env bash", f"#! {bash} -u"):
            self.assertEqual(run(script=f"{first}\n{body}"), (9, "bash job.sh\n"), first)
        self.assertEqual(run(script=f"#!{sys.executable}\nimport sys\nprint('é', flush=True)\nsys.exit(7)\n"), (7, "é\n"))
        self.assertEqual(run("--shell", bash, script=f"#!/not/there\n{body}"), (9, "bash job.sh\n"))
        self.assertEqual(run("--shell", bash, script=body), (9, "bash job.sh\n"))
        self.assertEqual(run("--shell", bash, "--", body), (9, "bash job.sh\n"))
        self.assertEqual(run("--shell", bash, "--", "printf", "%s", "$x"), (0, "$x"))
        self.assertEqual(run(script='echo "${BASH_VERSION:-sh}" x\nexit 9\n')[0], 9)
        self.assertIn(run(script="#!/not/there\n")[0], (126, 127))

    def test_run_cleans_up_as_told(self):
        for policy, code, left in (("always", 3, False), ("on_success", 0, False), ("on_success", 3, True), ("never", 0, True),
                                   (None, 0, False), (None, 3, True)):
            job = f"{policy}{code}"
            options = ["--cleanup", policy] if policy else []
            done = self.rjob("run", "--job-id", job, *options, "--", f"exit {code}")
            self.assertEqual(done.returncode, code, done.stderr)
            self.assertEqual((self.base / job).exists(), left, job)
            self.assertIn(f"directory {self.base / job}".encode(), done.stderr)
            self.assertEqual(f"directory is kept: {self.base / job}".encode() in done.stderr, left, done.stderr)
        # A job that was there is not this run's to remove, unless told.
        self.submit("before", "true")
        for options, left in (((), True), (("--cleanup", "on_success"), False)):
            done = self.rjob("run", "--job-id", "before", "--state", f"state{left}", *options, "--", "true")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual((self.base / "before").exists(), left)

    def test_run_again_attaches(self):
        self.ids.append("once")
        first = self.start("run", "--job-id", "once", "--state", "first", "--cleanup", "never", "--",
                           "echo begun; sleep 1; echo ended")
        self.assertEqual(first.stdout.readline(), b"begun\n")
        second = self.rjob("run", "--job-id", "once", "--state", "second", "--", "echo begun; sleep 1; echo ended")
        self.assertEqual((second.returncode, second.stdout), (0, b"begun\nended\n"), second.stderr)
        self.assertIn(b"attached to the existing job once (running", second.stderr)
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
        self.assertIn("Detached; the job keeps running. Resume: rjob watch --state long.rjob\n", said)
        self.assertEqual(self.answer("status", "--state", "long.rjob")["liveness"], "alive")
        rest = self.rjob("watch", "--state", "long.rjob")
        self.assertEqual((rest.returncode, rest.stdout), (5, b"ended\n"), rest.stderr)

    def test_two_interrupts_stop_the_job(self):
        self.ids.append("long")
        run = self.start("run", "--job-id", "long", "--", "echo begun; sleep 1000")
        self.assertEqual(run.stdout.readline(), b"begun\n")
        run.send_signal(signal.SIGINT)
        while b"Press Ctrl-C again" not in run.stderr.readline():
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

    def test_a_deadline_counts_over_resumed_watches(self):
        state = self.submit("slow", "echo begun; sleep 1000")
        began = json.loads((self.dir / state).read_text())["extra"]["began"]
        # Each watch alone is far from its deadline; real time, since the clock is that of the machine.
        for resumed in range(20):
            watch = self.start("watch", "--state", state, "--deadline", "8")
            try:
                watch.wait(3)
                break
            except subprocess.TimeoutExpired:
                watch.send_signal(signal.SIGINT)
                self.assertIn(watch.wait(WAIT), (130, 255))
        said = watch.stderr.read()
        self.assertEqual(watch.returncode, 255, said)
        self.assertIn(b"deadline of 8 s; it was left running", said)
        self.assertGreaterEqual(resumed, 1)
        self.assertGreaterEqual(time.time(), began + 8)
        # The deadline is over, whoever watches next; and with a longer one it is not.
        done = self.rjob("watch", "--state", state, "--stop-at-deadline", "--deadline", "8")
        self.assertEqual(done.returncode, 255, done.stderr)
        self.assertIn(b"The job is stopped", done.stderr)
        done = self.rjob("watch", "--state", state, "--deadline", "1000")
        self.assertEqual(done.returncode, 143, done.stderr)

    def test_a_deadline_counts_from_the_first_submit(self):
        self.submit("old", "sleep 1000")
        (self.dir / "old.rjob").unlink()
        hour_ago = time.time() - 3600
        os.utime(self.base / "old" / "pid", (hour_ago, hour_ago))
        done = self.rjob("run", "--job-id", "old", "--deadline", "3000", "--", "sleep 1000")
        self.assertEqual(done.returncode, 255, done.stderr)
        self.assertIn(b"deadline of 3000 s", done.stderr)

    def test_a_state_without_the_beginning_is_one(self):
        state = self.submit("older", "sleep 1000")
        saved = json.loads((self.dir / state).read_text())
        del saved["extra"]["began"]
        (self.dir / state).write_text(json.dumps(saved))
        done = self.rjob("watch", "--state", state, "--deadline", "0.5")
        self.assertEqual(done.returncode, 255, done.stderr)
        self.assertGreater(json.loads((self.dir / state).read_text())["extra"]["began"], 0)

    def test_a_job_that_removes_its_log_and_writes_on(self):
        done = self.rjob("run", "--", 'echo one; rm "$LOG_FILE"; echo two; exit 4')
        self.assertEqual((done.returncode, done.stdout), (4, b"one\ntwo\n"), done.stderr)
        self.assertNotIn(b"may be missing", done.stderr)

    def test_a_log_that_another_file_replaces_may_be_incomplete(self):
        script = f'echo one; until [ -e "{self.dir}/go" ]; do sleep 0.05; done; mv "$LOG_FILE" "$LOG_FILE.1"; echo two >"$LOG_FILE"'
        run = self.start("run", "--job-id", "torn", "--events", "events", "--", script)
        self.ids.append("torn")
        self.assertEqual(run.stdout.readline(), b"one\n")
        (self.dir / "go").touch()
        self.assertEqual(run.wait(WAIT), 0)
        self.assertEqual(run.stdout.read(), b"two\n")
        self.assertIn(b"Some of the log may be missing", run.stderr.read())
        last = json.loads((self.dir / "events").read_text().splitlines()[-1])
        self.assertEqual((last["type"], last["log_incomplete"]), ("event", True))

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
            self.assertIn(b"--job-id is too long to name the state file: give --state FILE", done.stderr)
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
        # They are in a file until the job has read them.
        self.until(lambda: not any(self.base.glob("quiet/start.*")), "the job")
        self.assertNotIn("s3cr3t", (self.dir / "quiet.rjob").read_text())
        self.assertNotIn("s3cr3t", subprocess.run(["ps", "axww"], capture_output=True, text=True).stdout)
        self.assertNotIn(b"s3cr3t", b"".join(p.read_bytes() for p in (self.base / "quiet").rglob("*") if p.is_file()))

    # --- a job that is there ---

    def age(self, job, **ago):
        """Makes it look as if the job had ended so long ago."""
        then = time.time() - datetime.timedelta(**ago).total_seconds()
        self.until((self.base / job / "exit_code").exists, "the end")
        os.utime(self.base / job / "exit_code", (then, then))

    def test_a_repeated_submit_says_so(self):
        self.ids.append("n")
        words = ["--job-id", "n", "--", "echo x; exit 3"]
        first = self.rjob("submit", *words)
        self.assertEqual((first.stdout, first.stderr), (b"n\nn.rjob\n", b""))
        self.assertEqual(self.rjob("watch", "--state", "n.rjob").stdout, b"x\n")
        for ago, said in (({"hours": 30}, "ended with 3 yesterday"), ({"days": 3}, "ended with 3, 3 days ago"),
                          ({"minutes": 5}, "ended with 3, 5 min ago")):
            self.age("n", **ago)
            again = self.rjob("submit", *words)
            self.assertEqual((again.returncode, again.stdout), (0, first.stdout), again.stderr)
            self.assertIn(f"attached to the existing job n ({said}); nothing was started", again.stderr.decode())
        told = self.answer("submit", "--json", *words)
        self.assertEqual((told["attached"], told["exit_code"], told["state"]), (True, 3, "n.rjob"))
        self.assertEqual(self.rjob("watch", "--state", "n.rjob").stdout, b"")  # where the first watch ended
        for which in ("submit", "run"):
            new = self.rjob(which, "--new", "--state", "other", *words)
            self.assertEqual((new.returncode, new.stdout), (255, b""))
            self.assertIn(b"--new: job n exists already (ended with 3, 5 min ago)", new.stderr)
            self.assertFalse((self.dir / "other").exists())
        done = self.rjob("run", "--quiet", "--events", "events", "--state", "other", *words)
        self.assertEqual((done.returncode, done.stdout), (3, b"x\n"))
        self.assertIn(b"attached to the existing job n", done.stderr)
        line = json.loads((self.dir / "events").read_text().splitlines()[0])
        self.assertEqual((line["type"], line["attached"], line["exit_code"]), ("submit", True, 3))

    def test_a_new_job_is_not_attached_to(self):
        self.ids += ["n", "m"]
        told = self.answer("submit", "--new", "--json", "--job-id", "n", "--", "sleep 1000")
        self.assertEqual((told["attached"], told["exit_code"], told["job_id"]), (False, None, "n"))
        again = self.rjob("submit", "--job-id", "n", "--", "sleep 1000")
        self.assertRegex(again.stderr.decode(), r"attached to the existing job n \(running, submitted \d+ s ago\)")
        done = self.rjob("run", "--new", "--job-id", "m", "--events", "events", "--", "true")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIs(json.loads((self.dir / "events").read_text().splitlines()[0])["attached"], False)

    def test_a_state_file_that_cannot_be_kept_is_found_out_before(self):
        os.mkfifo(self.dir / "fifo")
        (self.dir / "other.rjob").write_text("{}")
        for state, why in (("none/state", "none/state"), ("fifo", "not a regular file"), (".", "is a directory"),
                           ("other.rjob", "not a saved state")):
            for which in ("submit", "run"):
                done = self.rjob(which, "--state", state, "--", "true")
                self.assertEqual((done.returncode, done.stdout), (64, b""), (state, done.stderr))
                self.assertIn(why, done.stderr.decode())
        done = self.rjob("submit", "--job-id", "other", "--", "true")
        self.assertEqual((done.returncode, done.stdout), (64, b""), done.stderr)
        self.assertFalse(self.base.exists())
        # That of a job of the same name on another host.
        state = json.loads((self.dir / self.submit("same", "true")).read_text())
        state["kwargs"]["remote_host"] = "elsewhere"
        (self.dir / "same.rjob").write_text(json.dumps(state))
        done = self.rjob("submit", "--job-id", "same", "--", "true")
        self.assertEqual((done.returncode, done.stdout), (64, b""))
        self.assertIn(b"same.rjob is the state file of job same on elsewhere", done.stderr)
        self.assertEqual(json.loads((self.dir / "same.rjob").read_text()), state)

    def test_a_run_whose_state_is_in_use(self):
        self.ids.append("long")
        first = self.start("run", "--job-id", "long", "--", "echo begun; sleep 1000")
        self.assertEqual(first.stdout.readline(), b"begun\n")
        for words in (("watch", "--state", "long.rjob"), ("run", "--job-id", "long", "--", "echo begun; sleep 1000")):
            second = self.rjob(*words)
            self.assertEqual((second.returncode, second.stdout), (64, b""), second.stderr)
            self.assertIn(f"long.rjob is in use: it is being watched by process {first.pid}".encode(), second.stderr)
        self.assertEqual(self.answer("status", "--state", "long.rjob")["liveness"], "alive")

    # --- all jobs ---

    def list(self, *more, **options):
        done = self.rjob("list", *more, **options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return {job["job_id"]: job for job in map(json.loads, done.stdout.splitlines())}

    def some_jobs(self):
        """Of each kind one, and what is none."""
        strange = "ü \n'$(x)"
        for job, script in (("good", "true"), ("bad", "exit 3"), ("busy", "sleep 1000"), ("lost", "exec sleep 1000"),
                            (strange, "true")):
            self.ids.append(job)
            self.assertEqual(self.rjob("submit", "--job-id", job, "--", script).returncode, 0)
        for job in ("good", "bad", strange):
            self.until((self.base / job / "exit_code").exists, "the end")
        self.until((self.base / "lost" / "child").exists, "the job")
        for file in ("pid", "child"):
            os.killpg(int((self.base / "lost" / file).read_text().split()[0]), signal.SIGKILL)
        self.until(lambda: self.answer("status", "--job-dir", str(self.base / "lost"))["liveness"] == "vanished", "its end")
        (self.base / "mine").mkdir()
        (self.base / "mine" / "exit_code").write_text("0\n")
        (self.base / "link").symlink_to(self.base / "good")
        (self.base / "file").touch()
        return strange

    def test_list(self):
        strange = self.some_jobs()
        self.age("good", days=8)
        jobs = self.list("--base-dir", str(self.base))
        self.assertEqual({job: (j["state"], j["exit_code"]) for job, j in jobs.items()},
                         {"good": ("ended", 0), "bad": ("ended", 3), "busy": ("running", None), "lost": ("lost", None),
                          strange: ("ended", 0)})
        self.assertEqual(jobs["good"]["job_dir"], str(self.base / "good"))
        self.assertGreaterEqual(jobs["good"]["ended_seconds_ago"], 8 * 86400)
        self.assertIsNone(jobs["busy"]["ended_seconds_ago"])
        for job in jobs.values():
            self.assertLess(job["submitted_seconds_ago"], 600)
            self.assertGreater(job["bytes"], 0)
        self.assertEqual(self.list("--base-dir", str(self.dir / "not there")), {})

    def test_list_looks_where_jobs_are_by_default(self):
        home, state = self.dir / "home", self.dir / "state"
        places = {"home": home / ".local/state/remote_job", "xdg": state / "remote_job"}
        for job, place in places.items():
            place.parent.mkdir(parents=True)
            done = subprocess.run([self.program, "submit", "--local", "--job-id", job, "--base-dir", str(place), "--", "true"],
                                  stdin=subprocess.DEVNULL, capture_output=True, cwd=self.dir, timeout=WAIT)
            self.assertEqual(done.returncode, 0, done.stderr)
        jobs = self.list(env=os.environ | {"HOME": str(home), "XDG_STATE_HOME": str(state)})
        self.assertEqual({job: jobs[job]["job_dir"] for job in places}, {job: str(p / job) for job, p in places.items()})
        jobs = self.list(env=os.environ | {"HOME": str(home), "XDG_STATE_HOME": str(home / ".local/state")})
        self.assertIn("home", jobs)
        self.assertNotIn("xdg", jobs)

    def gc(self, *more, status=0):
        done = self.rjob("gc", "--base-dir", str(self.base), *more)
        self.assertEqual(done.returncode, status, done.stderr)
        return {job["job_id"]: job["removed"] for job in map(json.loads, done.stdout.splitlines())}, done.stderr.decode()

    def test_gc(self):
        strange = self.some_jobs()
        everything = {p.name for p in self.base.iterdir()}
        def gone():
            return everything - {p.name for p in self.base.iterdir()}
        self.age("good", days=8)
        self.age(strange, days=7, seconds=5)
        self.age("bad", days=6)
        self.assertEqual(self.gc("--older-than", "7d", "--dry-run"), ({"good": False, strange: False}, ""))
        self.assertEqual(gone(), set())
        self.assertEqual(self.gc("--older-than", "7d"), ({"good": True, strange: True}, ""))
        self.assertEqual(gone(), {"good", strange})
        # What the host does not prove to be ours stays, and the rest goes.
        (self.base / "bad").chmod(0o770)
        removed, said = self.gc("--older-than", "0s", "--lost", status=255)
        self.assertEqual(removed, {"lost": True})
        self.assertIn("bad: the job's directory is not removed", said)
        self.assertEqual(gone(), {"good", strange, "lost"})
        (self.base / "bad").chmod(0o700)
        self.assertEqual(self.gc("--older-than", "1h"), ({"bad": True}, ""))
        self.assertEqual({p.name for p in self.base.iterdir()}, {"busy", "mine", "link", "file"})

    def test_people_and_programs_read_different_things(self):
        state = str(self.dir / self.submit("one", "echo begun; exit 3"))
        self.age("one", minutes=5)
        base = str(self.base)
        for words, shown in ((["status", "--state", state], "it ended with exit code 3"),
                             (["stop", "--state", state], "one: The job had already ended"),
                             (["list", "--local", "--base-dir", base], "one  ended  3"),
                             (["gc", "--local", "--base-dir", base, "--older-than", "1s", "--dry-run"],
                              "would remove one (ended with 3, 5 min ago"),
                             (["cleanup", "--state", state, "--when", "on_success"], "one: The job's directory is kept"),
                             (["cleanup", "--state", state], "one: The job's directory is removed")):
            said, status = self.on_terminal(words, [])
            self.assertEqual(status, 0, said)
            self.assertIn(shown, said.decode())
            self.assertNotIn(b"{", said)
            said, status = self.on_terminal([*words, "--json"], [])
            self.assertEqual(status, 0, said)
            self.assertTrue(said.startswith(b'{"'), said)

    def test_pauses_adapt_unless_told(self):
        self.submit("one", "true")
        def pauses():
            saved = json.loads((self.dir / "one.rjob").read_text())
            return saved["kwargs"]["poll_interval"], saved["extra"].get("quick_interval", 0)
        self.assertEqual(pauses(), (1, 0.1))
        done = subprocess.run([self.program, "watch", "--state", "one.rjob"], capture_output=True, cwd=self.dir, timeout=WAIT)
        self.assertEqual((done.returncode, pauses()), (0, (1, 0.1)), done.stderr)
        self.rjob("watch", "--state", "one.rjob")  # with --poll-interval
        self.assertEqual(pauses(), (0.05, 0))

    # --- wrong usage ---

    def test_wrong_usage(self):
        for names, arguments in (
                ("COMMAND", ["run", "--local"]),
                ("--host", ["run", "--", "true"]),
                ("--job-id", ["run", "--local", "--job-id", "a/b", "--", "true"]),
                ("--job-id", ["submit", "--local", "--job-id", "..", "--", "true"]),
                ("--base-dir", ["run", "--local", "--base-dir", "/tmp", "--", "true"]),
                ("--base-dir", ["run", "--local", "--base-dir", "jobs", "--", "true"]),
                ("--env", ["run", "--local", "--env", "A-B=1", "--", "true"]),
                ("--env", ["run", "--local", "--env", "RJOB_NOT_THERE", "--", "true"]),
                ("--umask", ["run", "--local", "--umask", "8", "--", "true"]),
                ("--script", ["run", "--local", "--script", "/not/there"]),
                ("--script: /tmp is a directory", ["run", "--local", "--script", "/tmp"]),
                ("--script", ["run", "--local", "--script", "/dev/zero"]),
                ("--older-than", ["gc", "--local"]),
                ("--older-than", ["gc", "--local", "--older-than", "7"]),
                ("--older-than", ["gc", "--local", "--older-than", "-7d"]),
                ("--older-than", ["gc", "--local", "--older-than", "d"]),
                ("--older-than", ["gc", "--local", "--older-than", "1.5d"]),
                ("--host", ["list"]),
                ("--base-dir", ["list", "--local", "--base-dir", "jobs"]),
                ("--base-dir", ["gc", "--local", "--base-dir", "/tmp", "--older-than", "7d"]),
                ("--script", ["run", "--local", "--script", "x", "--", "true"]),
                ("--cleanup", ["run", "--local", "--cleanup", "sometimes", "--", "true"]),
                ("--deadline", ["run", "--local", "--stop-at-deadline", "--", "true"]),
                ("--state", ["status", "--local"]),
                ("--state", ["stop", "--state", "/not/there"]),
                ("--remote-os", ["status", "--local", "--job-dir", "/x/y", "--remote-os", "dos"]),
                ("--job-id", ["cleanup", "--local", "--job-dir", "/"]),
                ("--base-dir", ["cleanup", "--local", "--job-dir", "/tmp"])):
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
