// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <support/sshd.hpp>
#include <support/temp_dir.hpp>

#include <string>

/// An SFTP server that keeps to the draft but not to what others do, or to nothing at all.
inline constexpr const char* odd_server = R"(
import os, random, select, struct, sys, time
way = sys.argv[1]
random.seed(1)
out = sys.stdout.buffer
def u32(n): return struct.pack(">I", n)
def text(b): return u32(len(b)) + b
def send(p):
    out.write(text(p)); out.flush()
def take(n):  # unbuffered, so that select() tells whether more is to come
    b = b""
    while len(b) < n:
        more = os.read(0, n - len(b))
        if not more: sys.exit()
        b += more
    return b
def receive(): return take(struct.unpack(">I", take(4))[0])
said = b"\x9bno\xc2\x85\x1b[2J" if way == "steers" else b"status"
def status(id, code): return b"\x65" + id + u32(code) + text(said) + text(b"")
receive()
if way == "old": send(b"\x02" + u32(2))
elif way == "length": out.write(b"\xff\xff\xff\xff"); out.flush()
elif way == "silent": pass
elif way == "bytewise":
    for b in text(b"\x02" + u32(3)): out.write(bytes([b])); out.flush()
elif way in ("refuses-large", "drops-large"): send(b"\x02" + u32(3))
else: send(b"\x02" + u32(3) + text(b"limits@openssh.com") + text(b"1"))
files, ends, waiting = {}, {}, []
def attributes(st):
    if way == "sizeless": return u32(4) + u32(st.st_mode)
    size = max(0, st.st_size - 500) if way == "understates" else 0 if way == "zero" else st.st_size
    mode = st.st_mode & 0o7777 if way in ("untyped", "windows") else st.st_mode
    return u32(13) + struct.pack(">QIII", size, mode, int(st.st_atime), int(st.st_mtime))
def answer(p):
    kind, id, rest = p[0], p[1:5], p[5:]
    n = struct.unpack(">I", rest[:4])[0]
    name, rest = rest[4:4 + n], rest[4 + n:]
    if way == "windows" and kind != 4 and kind != 5 and kind != 8:
        if not name.startswith(b"/C:/") or b"\\" in name: return status(id, 2)
        name = sys.argv[2].encode() + name[3:]
        # A file that a program keeps to itself can be asked about and not be opened.
        if kind == 3 and os.path.exists(name + b".locked"): return status(id, int(open(name + b".locked").read()))
    # As on a disk of the network that is gone, until it comes back.
    while way == "hangs" and os.path.exists(name + b".hangs"): time.sleep(0.01)
    if way == "steers": return status(id, 3)
    try:
        if kind == 3:
            fd = os.open(name, os.O_RDONLY)
            handle = b"h%d" % fd
            if way == "long-handle": handle = handle.rjust(256, b"\0")
            files[handle] = fd
            ends[handle] = os.fstat(fd).st_size
            return b"\x66" + id + text(handle)
        if kind == 4:
            os.close(files.pop(name))
            return status(id, 0)
        if kind == 5:
            at, size = struct.unpack(">QI", rest)
            most = {"short": 100, "capped": 32768, "random": random.randint(1, 50000)}.get(way, size)
            if way == "refuses-large" and size > 32768: return status(id, 4)
            if way == "drops-large" and size > 32768: return None
            if way == "lags": most = max(0, ends[name] - at)
            data = os.pread(files[name], min(size, most), at)
            if way == "too-much": data = b"x" * (size + 1)
            return b"\x67" + id + text(data) if data or way == "empty" else status(id, 1)
        if kind == 8: return status(id, 8) if way == "no-fstat" else b"\x69" + id + attributes(os.fstat(files[name]))
        if kind == 17 and way == "no-stat": return status(id, 8)
        if kind == 17: return b"\x69" + id + attributes(os.stat(name))
    except FileNotFoundError: return status(id, 10 if way == "no-such-path" else 2)
    except OSError: return status(id, 4)
    return status(id, 8)
count = 0
while True:
    request = receive()
    reply = answer(request)
    count += 1
    if reply is None: continue
    if way == "shuffled":
        waiting.append(reply)
        while not select.select([0], [], [], 0.02)[0] and waiting:
            send(waiting.pop(random.randrange(len(waiting))))
        if len(waiting) > 9: send(waiting.pop(random.randrange(len(waiting))))
        continue
    if way == "wrong-id": reply = reply[:1] + u32(4711) + reply[5:]
    if way == "wrong-type": reply = b"\x68" + reply[1:]
    if way == "other-kind": reply = (b"\x66" if reply[0] == 0x69 else b"\x69") + reply[1:5] + u32(0)
    if way == "cut": reply = reply[:7]
    if way == "ok": reply = status(reply[1:5], 0)
    if way == "noise-later": out.write(b"Broadcast message from root: going down\n"); out.flush()
    if way == "dies": sys.exit()
    send(reply)
    if way == "twice": send(reply)
    if way == "bytes-on" and count > 3: out.write(bytes(random.randrange(256) for _ in range(100000))); out.flush()
)";

/// A server whose SFTP subsystem is the odd one, in one of its ways.
struct odd_host {
  explicit odd_host(const std::string& way)
      : server({"Subsystem sftp python3 " + directory / "server.py " + way + ' ' + directory / ""}) {
    support::write_file(directory / "server.py", odd_server);
  }
  support::temp_dir directory;
  support::sshd server;
};
