// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <support/sshd.hpp>
#include <support/temp_dir.hpp>

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <sstream>
#include <stdexcept>
#include <string>

/// An SSH server that anybody may log in to, and whose user name says what it sends then, without end. Commands are
/// answered all the same, unless the name begins with "hang-". With "early-" it begins before the login, which asks for
/// a password and does not end. "prompt" is asked what steers a terminal.
inline constexpr const char* hostile_server_script = R"(
import asyncio, os, sys, warnings
warnings.simplefilter("ignore")
import asyncssh, asyncssh.channel, asyncssh.connection
from asyncssh.packet import Boolean, Byte, String, UInt32

# What the client says to all this is of no interest.
for kind in (81, 82, 91, 92, 99, 100):
    asyncssh.connection.SSHConnection._packet_handlers[kind] = lambda *_: True
    asyncssh.channel.SSHChannel._packet_handlers[kind] = lambda *_: True
class nobody:
    def process_packet(self, *_): return True
    def log_received_packet(self, *_): pass
class all_channels(dict):
    def __missing__(self, number): return nobody()

big = os.urandom(30000)
def other_end(conn):  # the client's number of any channel
    all = list(conn._channels.values())
    return all[0]._send_chan if all and all[0]._send_chan is not None else 0
def many(conn, n, *packet):
    for _ in range(n): conn.send_packet(*packet)
floods = {
    "ignore": lambda c: c.send_packet(2, String(big)),
    "debug": lambda c: c.send_packet(4, Boolean(False), String(big), String(b"")),
    "unimplemented": lambda c: c.send_packet(3, UInt32(1), big),
    "global": lambda c: c.send_packet(80, String(b"a@b"), Boolean(False), big),
    "global-reply": lambda c: many(c, 50, 80, String(b"a@b"), Boolean(True)),
    "request": lambda c: c.send_packet(98, UInt32(4711), String(b"a@b"), Boolean(False), big),
    "request-reply": lambda c: many(c, 50, 98, UInt32(other_end(c)), String(b"a@b"), Boolean(True)),
    "data": lambda c: c.send_packet(94, UInt32(4711), String(big)),
    "stderr": lambda c: c.send_packet(95, UInt32(4711), UInt32(1), String(big)),
    "adjust": lambda c: c.send_packet(93, UInt32(other_end(c)), UInt32(0), big),
    "open": lambda c: many(c, 50, 90, String(b"x11"), UInt32(7), UInt32(1000), UInt32(1000), String(b"h"), UInt32(1)),
    "unknown": lambda c: c.send_packet(200, big),
    "rekey": lambda c: setattr(c, "_kexinit_sent", c._send_kexinit() is None),
}

class server(asyncssh.SSHServer):
    def connection_made(self, conn):
        self.conn = conn
        conn._channels = all_channels()
    def begin_auth(self, user):
        self.hangs, early = user.startswith("hang-"), user.startswith("early-")
        kind = user.removeprefix("hang-").removeprefix("early-")
        async def flood():
            if kind not in floods: return
            while self.conn._transport:
                if self.conn._transport.get_write_buffer_size() < 1 << 20 and self.conn._kex_complete:
                    floods[kind](self.conn)
                    await asyncio.sleep(0)
                else: await asyncio.sleep(0.001)
        self.flood = flood
        if early: asyncio.ensure_future(flood())
        self.prompts = user == "prompt"
        return early or self.prompts
    def kbdint_auth_supported(self): return self.prompts
    def get_kbdint_challenge(self, *_): return "n\u009b", "i\u009b\x1b[2J", "", [("p\u009b\x1b[2J: ", False)]
    def validate_kbdint_response(self, *_): return True
    def password_auth_supported(self): return not self.prompts
    async def validate_password(self, user, password):
        await asyncio.sleep(3600)
    def auth_completed(self): asyncio.ensure_future(self.flood())
    def session_requested(self): return session(self.hangs)

class session(asyncssh.SSHServerSession):
    def __init__(self, hangs): self.hangs = hangs
    def connection_made(self, channel): self.channel = channel
    def exec_requested(self, command): return True
    def session_started(self):
        if self.hangs: return
        self.channel.write("ok\n")
        self.channel.exit(0)

async def main():
    key = asyncssh.generate_private_key("ssh-ed25519")
    listener = await asyncssh.create_server(server, "127.0.0.1", 0, server_host_keys=[key], encryption_algs=["aes128-ctr"])
    print(listener.sockets[0].getsockname()[1], key.get_fingerprint(), flush=True)
    await asyncio.sleep(3600)
asyncio.run(main())
)";

/// The server above; ends with this object, and with the test. Needs asyncssh, which a system's Python has or has not.
class hostile_server {
 public:
  static bool is_possible() { return support::run({python, "-W", "ignore", "-c", "import asyncssh"}) == 0; }

  hostile_server() {
    support::write_file(directory_ / "server.py", hostile_server_script);
    int ends[2];
    if (pipe(ends) != 0) throw std::runtime_error("pipe() failed");
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      dup2(ends[1], 1);
      close(ends[0]);
      close(ends[1]);
      const std::string script = directory_ / "server.py";
      execl(python, python, script.c_str(), static_cast<char*>(nullptr));
      _exit(127);
    }
    close(ends[1]);
    std::string line;
    for (char c = 0; read(ends[0], &c, 1) == 1 && c != '\n';) line += c;
    close(ends[0]);
    if (!(std::istringstream(line) >> port_ >> fingerprint_)) throw std::runtime_error("the server does not start");
  }

  ~hostile_server() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  hostile_server(const hostile_server&) = delete;
  hostile_server& operator=(const hostile_server&) = delete;

  std::uint16_t port() const { return port_; }
  const std::string& fingerprint() const { return fingerprint_; }

 private:
  // That of the system: the package python3-asyncssh is for no other.
  static constexpr const char* python = "/usr/bin/python3";

  support::temp_dir directory_;
  pid_t pid_ = -1;
  std::uint16_t port_ = 0;
  std::string fingerprint_;
};
