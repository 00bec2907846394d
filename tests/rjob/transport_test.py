#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Black-box tests of rjob over SSH, by libssh2 and by OpenSSH's ssh: transport_test.py PATH-OF-RJOB [TEST...]."""

import getpass
import json
import os
import pathlib
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support import black_box
from support.black_box import WAIT

SSHD = "/usr/sbin/sshd"
SWITCHED = "Using the ssh program instead"


class TransportTest(black_box.BlackBoxTest):
    def setUp(self):
        super().setUp()
        if not os.path.exists(SSHD) or not shutil.which("ssh"):
            self.skipTest("there is no OpenSSH")
        self.runtime = tempfile.mkdtemp(prefix="rt-", dir="/tmp")
        self.base = self.dir / "jobs"
        self.calls = self.dir / "calls"  # of the ssh that is put before the real one
        self.environment = os.environ | {"XDG_RUNTIME_DIR": self.runtime}
        self.environment.pop("SSH_AUTH_SOCK", None)

    def tearDown(self):
        super().tearDown()
        left, masters = os.listdir(self.runtime), self.masters()
        for pid in masters:
            os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.runtime)
        self.assertEqual((left, masters), ([], []))

    def masters(self):
        """The processes that hold the connection of ssh: they carry the path of their socket in their title."""
        found = []
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                title = (entry / "cmdline").read_bytes()
                if self.runtime.encode() in title and b"[mux]" in title and "Z" not in (entry / "stat").read_text().split(")")[-1]:
                    found.append(int(entry.name))
            except OSError:
                continue
        return found

    def key(self, name, kind="ed25519", secret=""):
        bits = ["-b", "2048"] if kind == "rsa" else []
        subprocess.run(["ssh-keygen", "-q", "-t", kind, *bits, "-N", secret, "-f", self.dir / name], check=True)
        return self.dir / name

    def sshd(self, *lines, host_key="ed25519", key="ed25519"):
        """Starts a private server that lets the key `id` in."""
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)  # sshd started as root insists on it
        self.key("host_key", host_key)
        self.key("id", key)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        own = "".join(line + "\n" for line in lines)  # the first value counts
        (self.dir / "sshd_config").write_text(
            f"{own}Port {self.port}\nListenAddress 127.0.0.1\nPidFile none\nUsePAM no\nStrictModes no\nLogLevel VERBOSE\n"
            f"HostKey {self.dir}/host_key\nAuthorizedKeysFile {self.dir}/id.pub\nSubsystem sftp internal-sftp\n"
            "PasswordAuthentication no\nKbdInteractiveAuthentication no\n")
        with open(self.dir / "sshd_log", "wb") as log:
            self.started.append(subprocess.Popen([SSHD, "-D", "-e", "-f", self.dir / "sshd_config"],
                                                 stdin=subprocess.DEVNULL, stdout=log, stderr=log))
        self.until(lambda: self.answers(), "sshd")
        (self.dir / "known_hosts").write_text(f"[127.0.0.1]:{self.port},[localhost]:{self.port} " + (self.dir / "host_key.pub").read_text())

    def answers(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def logins(self):
        return (self.dir / "sshd_log").read_text(errors="replace").count("Accepted publickey")

    def server(self, known="known_hosts", configuration=None):
        words = ["--host", f"127.0.0.1:{self.port}", "--identity", str(self.dir / "id"), "--known-hosts", str(self.dir / known)]
        if configuration is None:
            return [*words, "--no-ssh-config"]
        (self.dir / "ssh_config").write_text(configuration)
        return [*words, "--ssh-config", str(self.dir / "ssh_config")]

    def rjob(self, *words, **options):
        options = {"stdin": subprocess.DEVNULL, "capture_output": True, "cwd": self.dir, "timeout": WAIT,
                   "env": self.environment} | options
        done = subprocess.run([self.program, *words], **options)
        done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode(errors="replace")
        if "built without libssh2" in done.stderr:
            self.skipTest("built without libssh2")
        return done

    def run_echo(self, *words):
        """What becomes of a small job that is run on the server."""
        return self.rjob("run", *words, "--base-dir", str(self.base), "--poll-interval", "0.05", "--cleanup", "always",
                         "--", "echo from the job; exit 3")

    def check_well(self, done, switched):
        self.assertEqual((done.returncode, done.stdout), (3, "from the job\n"), done.stderr)
        self.assertEqual(done.stderr.count(SWITCHED), 1 if switched else 0, done.stderr)
        self.assertEqual("cannot be read directly" in done.stderr, False, done.stderr)

    def check_switch(self, *words, says="rjob --transport ssh"):
        """Whatever libssh2 cannot do, rjob does with ssh, and says so once; what libssh2 can do is left to it."""
        alone = self.run_echo(*words, "--transport", "libssh2")
        can = alone.returncode == 3
        if not can:
            self.assertEqual(alone.stdout, "")
            self.assertIn(says, alone.stderr)
            self.assertNotIn(SWITCHED, alone.stderr)
        self.check_well(self.run_echo(*words), not can)
        return can, alone.stderr

    def fake_ssh(self, body):
        """Puts a program before ssh that notes how it is called; configurations are still read by the real one."""
        tools = self.dir / "tools"
        tools.mkdir()
        (tools / "ssh").write_text(
            f'#!/bin/sh\n[ "$1" = -G ] && exec {shutil.which("ssh")} "$@"\necho "$@" >>{self.calls}\n{body}\n')
        (tools / "ssh").chmod(0o755)
        self.environment["PATH"] = f"{tools}:{self.environment['PATH']}"

    # The ssh that any credential lets in: it runs what comes last here.
    ANYONE = 'for last; do :; done\ncd /; exec sh -c "$last"'

    # --- hosts that run none of our commands

    def test_a_login_shell_that_runs_no_command_is_told_at_once(self):
        for way, command in [("libssh2", "/bin/echo This account is closed"), ("libssh2", "/usr/sbin/nologin"),
                             ("ssh", "/bin/echo This account is closed")]:
            with self.subTest(way=way, command=command):
                for name in ("host_key", "id"):
                    (self.dir / name).unlink(missing_ok=True)
                self.sshd(f"ForceCommand {command}")
                done = self.run_echo(*self.server(), "--transport", way)
                self.assertEqual((done.returncode, done.stdout), (255, ""), done.stderr)
                self.assertIn("does not run commands", done.stderr)
                self.assertRegex(done.stderr, f"try `ssh -p {self.port} .*127.0.0.1 true`")
                if "echo" in command:
                    self.assertIn("This account is closed", done.stderr)
                self.assertNotIn("retrying", done.stderr)
                self.assertEqual(self.logins(), 1, done.stderr)

    # --- ssh for everything

    def test_all_commands(self):
        self.sshd()
        way = [*self.server(), "--transport", "ssh"]
        base = ["--base-dir", str(self.base)]
        self.check_well(self.run_echo(*way), False)
        self.assertEqual(self.logins(), 1)
        done = self.rjob("submit", *way, *base, "--job-id", "one", "--", "echo begun; exec sleep 100")
        self.assertEqual((done.returncode, done.stdout), (0, "one\none.rjob\n"), done.stderr)
        job = ["--state", "one.rjob", *way[2:]]
        done = self.rjob("status", *job, "--json")
        self.assertEqual(json.loads(done.stdout)["liveness"], "alive", done.stderr)
        done = self.rjob("list", *way, *base, "--json")
        self.assertEqual([json.loads(line)["state"] for line in done.stdout.splitlines()], ["running"], done.stderr)
        done = self.rjob("stop", *job, "--grace", "5", "--json")
        self.assertEqual(json.loads(done.stdout)["outcome"], "stopped", done.stderr)
        done = self.rjob("watch", *job)
        self.assertEqual((done.returncode, done.stdout), (143, "begun\n"), done.stderr)
        done = self.rjob("cleanup", *job)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(list(self.base.iterdir()), [])
        self.rjob("submit", *way, *base, "--job-id", "two", "--", "true")
        self.until(lambda: (self.base / "two" / "exit_code").exists(), "the job")
        done = self.rjob("gc", *way, *base, "--older-than", "0s", "--json")
        self.assertEqual((done.returncode, json.loads(done.stdout)["removed"]), (0, True), done.stderr)
        self.assertEqual(list(self.base.iterdir()), [])
        self.assertEqual(self.logins(), 9)  # one for each command

    def start_watch(self, *words):
        (self.dir / "log").write_text("one\n")
        process = subprocess.Popen([self.program, "watch", *words, "--log-file", self.dir / "log", "--exit-code-file",
                                    self.dir / "code", "--poll-interval", "0.05"], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment)
        self.started.append(process)
        self.assertEqual(process.stdout.readline(), b"one\n")
        return process

    def test_the_connection_is_private_and_ends_with_the_program(self):
        self.sshd()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            process = self.start_watch(*self.server(), "--transport", "ssh")
            directory, = pathlib.Path(self.runtime).iterdir()
            self.assertEqual(stat.S_IMODE(directory.stat().st_mode), 0o700)
            self.assertEqual(len([f for f in directory.iterdir() if f.is_socket()]), 1)
            self.assertEqual(len(self.masters()), 1)
            process.send_signal(number)
            process.communicate(timeout=WAIT)
            self.assertEqual(process.returncode, 128 + number)
            self.assertEqual(os.listdir(self.runtime), [])
            self.until(lambda: not self.masters(), "the end of the connection")

    def test_a_connection_that_breaks_is_made_again(self):
        self.sshd()
        process = self.start_watch(*self.server(), "--transport", "ssh")
        os.kill(self.masters()[0], signal.SIGKILL)  # leaves its socket behind
        with open(self.dir / "log", "a") as log:
            log.write("two\n")
        self.assertEqual(process.stdout.readline(), b"two\n")
        (self.dir / "code").write_text("7\n")
        self.assertEqual(process.communicate(timeout=WAIT)[0], b"")
        self.assertEqual(process.returncode, 7)

    def test_the_command_line_goes_for_ssh_too(self):
        """Names with blanks and percent signs; a jump host, for which the same key and known hosts are good."""
        self.sshd()
        for name in ("id", "known_hosts"):
            (self.dir / name).rename(self.dir / f"{name} 'of' %h")
        done = self.run_echo("--host", f"{getpass.getuser()}@127.0.0.1:{self.port}", "--jump", f"localhost:{self.port}", "--identity",
                             str(self.dir / "id 'of' %h"), "--known-hosts", str(self.dir / "known_hosts 'of' %h"),
                             "--no-ssh-config", "--transport", "ssh")
        self.check_well(done, False)
        self.assertEqual(self.logins(), 2)

    def test_policies_for_host_keys(self):
        self.sshd()
        empty = self.dir / "empty"
        empty.touch()
        for policy, well in (("strict", False), ("insecure-accept-any", True), ("accept-new", True), ("strict", True)):
            done = self.run_echo(*self.server("empty"), "--transport", "ssh", "--host-key-policy", policy)
            self.assertEqual(done.returncode, 3 if well else 255, done.stderr)
            self.assertEqual(empty.stat().st_size > 0, policy == "accept-new" or (policy == "strict" and well))
        (self.dir / "other").write_text(f"[127.0.0.1]:{self.port} " + self.key("stranger").with_suffix(".pub").read_text())
        done = self.run_echo(*self.server("other"), "--transport", "ssh", "--host-key-policy", "accept-new")
        self.assertEqual(done.returncode, 255, done.stderr)
        self.assertIn("Host key verification failed", done.stderr)
        self.assertNotIn("attempt", done.stderr)  # no retry mends that

    def test_ssh_asks_on_the_terminal(self):
        self.sshd()
        subprocess.run(["ssh-keygen", "-q", "-p", "-P", "", "-N", "open sesame", "-f", self.dir / "id"], check=True,
                       stdout=subprocess.DEVNULL)
        (self.dir / "log").write_text("from the job\n")
        (self.dir / "code").write_text("5\n")
        words = ["watch", *self.server(), "--transport", "ssh", "--log-file", str(self.dir / "log"), "--exit-code-file",
                 str(self.dir / "code")]
        os.environ["XDG_RUNTIME_DIR"] = self.runtime
        shown, status = self.on_terminal(words, [b"not this", b"open sesame"], prompt=b"Enter passphrase for ")
        self.assertEqual(status, 5, shown)
        self.assertIn(b"from the job\r\n", shown)
        self.assertNotIn(b"sesame", shown)
        shown, status = self.on_terminal(words, [None], prompt=b"Enter passphrase for ")
        self.assertEqual(status, 128 + signal.SIGINT, shown)
        shown, status = self.on_terminal(words, [b"a", b"b", b"c"], prompt=b"Enter passphrase for ")
        self.assertEqual(status, 255, shown)
        self.assertIn(b"Permission denied (publickey).", shown)

    # --- by itself

    def test_a_key_of_rsa(self):
        self.sshd(key="rsa")
        self.check_switch(*self.server())

    def test_a_host_with_a_key_of_rsa(self):
        self.sshd(host_key="rsa")
        self.check_switch(*self.server())

    def test_a_certificate(self):
        for kind in ("ed25519", "rsa"):
            with self.subTest(kind):
                for name in ("ca", "id", "host_key"):
                    for file in self.dir.glob(name + "*"):
                        file.unlink()
                ca = self.key("ca")
                self.sshd(f"TrustedUserCAKeys {ca}.pub", "AuthorizedKeysFile none", key=kind)
                subprocess.run(["ssh-keygen", "-q", "-s", ca, "-I", "me", "-n", getpass.getuser(), self.dir / "id.pub"],
                               check=True)
                self.check_switch(*self.server())
                (self.dir / "id-cert.pub").rename(self.dir / "elsewhere")
                self.check_switch(*self.server(configuration=f"Host *\nCertificateFile {self.dir}/elsewhere\n"))

    def test_ciphers_that_libssh2_may_lack(self):
        self.sshd("Ciphers chacha20-poly1305@openssh.com")
        self.check_switch(*self.server(), says="no cipher in common")

    def test_a_long_banner(self):
        (self.dir / "banner").write_text("x" * 100_000)
        self.sshd(f"Banner {self.dir}/banner")
        can, said = self.check_switch(*self.server())
        self.assertFalse(can)
        self.assertIn("40000 bytes", said)
        self.assertNotIn("attempt", said)

    def test_settings_of_the_configuration(self):
        self.sshd()
        relay = f"{sys.executable} {self.dir}/relay.py"
        (self.dir / "relay.py").write_text(
            "import os, select, socket\n"
            f"s = socket.create_connection(('127.0.0.1', {self.port}))\n"
            "while True:\n"
            "    for end in select.select([0, s.fileno()], [], [])[0]:\n"
            "        data = os.read(end, 65536)\n"
            "        if not data: raise SystemExit\n"
            "        (s.sendall if end == 0 else lambda d: os.write(1, d))(data)\n")
        (self.dir / "revoked").touch()
        for line in (f"ProxyCommand {relay}", f"RevokedHostKeys {self.dir}/revoked", "MACs umac-64@openssh.com,umac-128@openssh.com"):
            can, said = self.check_switch(*self.server(configuration=f"Host *\n{line}\n"))
            self.assertFalse(can)
            self.assertIn(line.split()[0].lower().rstrip("s"), said.lower())

    def test_a_key_on_a_token(self):
        self.sshd()
        self.fake_ssh(self.ANYONE)
        for file in (self.dir / "id", self.dir / "id.pub"):
            file.unlink()
        (self.dir / "id.pub").write_text("sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIGtra2tra2tra2tr"
                                         "a2tra2tra2tra2tra2tra2tra2trAAAABHNzaDo=\n")
        can, said = self.check_switch(*self.server())
        self.assertIn("sk-ssh-ed25519@openssh.com", said)
        self.assertFalse(can)

    def test_gssapi(self):
        self.sshd("GSSAPIAuthentication yes", "AuthorizedKeysFile none")
        self.fake_ssh(self.ANYONE)
        alone = self.run_echo(*self.server(), "--transport", "libssh2")
        if "gssapi-with-mic" not in alone.stderr:
            self.skipTest("this sshd has no GSSAPI")
        self.assertNotIn(SWITCHED, self.run_echo(*self.server()).stderr)  # ssh would not use it either
        self.check_switch(*self.server(configuration="Host *\nGSSAPIAuthentication yes\n"))

    # --- not by itself

    def check_stays(self, *words, says):
        self.fake_ssh(self.ANYONE)
        done = self.run_echo(*words)
        self.assertEqual((done.returncode, done.stdout), (255, ""), done.stderr)
        self.assertIn(says, done.stderr)
        self.assertNotIn(SWITCHED, done.stderr)
        self.assertFalse(self.calls.exists())

    def test_not_for_a_host_that_is_not_known(self):
        self.sshd()
        (self.dir / "empty").touch()
        self.check_stays(*self.server("empty"), says="known")

    def test_not_for_a_host_whose_key_has_changed(self):
        self.sshd()
        (self.dir / "other").write_text(f"[127.0.0.1]:{self.port} " + self.key("stranger").with_suffix(".pub").read_text())
        self.check_stays(*self.server("other"), says="SHA256:")

    def test_not_for_a_key_that_is_refused(self):
        self.sshd()
        (self.dir / "id.pub").write_text(self.key("stranger").with_suffix(".pub").read_text())
        self.check_stays(*self.server(), says="publickey")

    def test_not_if_a_fingerprint_is_to_be_checked(self):
        (self.dir / "banner").write_text("x" * 50_000)
        self.sshd(f"Banner {self.dir}/banner")
        line = subprocess.run(["ssh-keygen", "-l", "-f", self.dir / "host_key"], capture_output=True, check=True).stdout
        self.check_stays(*self.server(), "--fingerprint", line.split()[1].decode(), says="banner")

    def test_not_without_ssh(self):
        (self.dir / "banner").write_text("x" * 50_000)
        self.sshd(f"Banner {self.dir}/banner")
        self.environment["PATH"] = str(self.dir)
        done = self.run_echo(*self.server())
        self.assertEqual(done.returncode, 255, done.stderr)
        self.assertIn("rjob --transport ssh", done.stderr)
        done = self.run_echo(*self.server(), "--transport", "ssh")
        self.assertEqual(done.returncode, 255, done.stderr)
        self.assertIn("cannot start 'ssh'", done.stderr)

    def test_usage(self):
        print_ = "SHA256:" + "x" * 43
        for words, says in (((["--local", "--transport", "ssh"]), "--transport: goes with --host"),
                            ((["--host", "h", "--transport", "telnet"]), "must be auto, libssh2 or ssh"),
                            ((["--host", "h", "--transport", "ssh", "--fingerprint", print_]), "--fingerprint"),
                            ((["--host", "h", "--transport", "ssh", "--via", "files"]), "--via")):
            done = self.rjob("run", *words, "--", "true")
            self.assertEqual(done.returncode, 64, done.stderr)
            self.assertIn(says, done.stderr)


if __name__ == "__main__":
    black_box.main(__doc__)
