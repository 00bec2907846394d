# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the remote_job authors
"""What the tests of programs share. A file of tests ends with

    if __name__ == "__main__":
        black_box.main(__doc__)
"""

import os
import pathlib
import pty
import select
import shutil
import signal
import sys
import tempfile
import termios
import time
import unittest

WAIT = 60  # seconds; a bound for what should take much less


def too_long(*_):
    raise TimeoutError(f"a test took longer than {2 * WAIT} s")


class BlackBoxTest(unittest.TestCase):
    """Each test has a directory and a list of the processes it started; neither outlives it, whatever hangs."""

    program = None  # under test

    def setUp(self):
        signal.signal(signal.SIGALRM, too_long)
        signal.alarm(2 * WAIT)
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="remote-job-test-"))
        self.started = []

    def tearDown(self):
        signal.alarm(0)
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.communicate()
        self.end_jobs()
        shutil.rmtree(self.dir)

    def end_jobs(self):
        """Ends what the programs started that outlives them."""

    def until(self, condition, what):
        end = time.monotonic() + WAIT
        while not condition():
            self.assertLess(time.monotonic(), end, f"in vain waited for {what}")
            time.sleep(0.01)

    def on_terminal(self, arguments, answers, prompt=b"Passphrase for "):
        """Runs the program on a terminal of its own, answers its questions; gives what it showed and its exit status."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ["SSH_AUTH_SOCK"] = ""
            os.execv(self.program, [self.program, *arguments])
        shown, asked = b"", 0
        try:
            while select.select([terminal], [], [], WAIT)[0]:
                try:
                    shown += os.read(terminal, 4096)
                except OSError:  # it has ended
                    break
                if shown.count(prompt) > asked:
                    self.assertFalse(termios.tcgetattr(terminal)[3] & termios.ECHO)
                    if answers[asked] is None:
                        os.kill(pid, signal.SIGINT)
                    else:
                        os.write(terminal, answers[asked] + b"\n")
                    asked += 1
            status = os.waitpid(pid, 0)[1]
            self.assertTrue(termios.tcgetattr(terminal)[3] & termios.ECHO)
            pid = None
        finally:
            os.close(terminal)
            if pid:
                os.kill(pid, signal.SIGKILL)
        self.assertEqual(asked, len(answers))
        return shown, os.waitstatus_to_exitcode(status)


def main(usage):
    """Takes the path of the program off the command line; the rest is unittest's."""
    if len(sys.argv) < 2:
        sys.exit(usage)
    BlackBoxTest.program = os.path.abspath(sys.argv.pop(1))
    unittest.main()
