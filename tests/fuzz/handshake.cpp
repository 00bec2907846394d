// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors

// The identification and key exchange of a session, in libssh2 itself, against a server that sends anything in pieces of
// any size. To be linked with a libssh2 that has sanitizers and counts its edges, too.
#include <remote_job/ssh/session/session.hpp>

#include <libssh2.h>
#include <asio/io_context.hpp>

#include <memory>

#include "fake_stream.hpp"
#include "fuzz.hpp"

using namespace remote_job;

namespace {

/// Until nobody has anything to do: that has to come.
void run(asio::io_context& context) {
  context.restart();
  for (int handlers = 0; context.poll_one() > 0;) FUZZ_CHECK(++handlers < 100000);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::input in(data, size);
  asio::io_context context{1};
  const auto line = std::make_shared<fuzz::fake_stream::shared>(fuzz::fake_stream::shared{context});
  const auto session =
      ssh::session::create(context.get_executor(), std::make_unique<fuzz::fake_stream>(line), ssh::session_limits{});
  session->start();
  int rc = LIBSSH2_ERROR_EAGAIN;
  while (!in.empty() && session->alive() && rc == LIBSSH2_ERROR_EAGAIN) {
    const auto piece = in.byte();
    line->bytes.append(in.take(piece < 128 ? piece + 1 : (piece - 126) * 64));
    line->go_on();
    run(context);
    if (!session->alive()) break;
    const ssh::session::turn t(*session);
    rc = session->handshake();
    if (session->identified()) static_cast<void>(session->offered());
  }
  FUZZ_CHECK(rc != 0);  // nobody has the key of a host
  session->kill(asio::error::operation_aborted, "end");
  run(context);
  FUZZ_CHECK(context.stopped());
  return 0;
}
