// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/error.hpp>
#include <remote_job/file_access.hpp>
#include <remote_job/transport.hpp>
#include <remote_job/watch/detail/run/file_poll_op.hpp>
#include <support/catch.hpp>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/bind_executor.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/io_context.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace remote_job;

namespace {

enum class ask { exit, stat, read, other };

struct host_file {
  std::optional<std::string> bytes{};
  std::uint64_t identity = 7;
  file_kind kind = file_kind::regular;
  std::error_code error{};  // of whoever reads it
};

/// Keeps what is asked of it until the test lets one question be answered, from the files as they are then.
struct scripted_transport {
  using executor_type = asio::io_context::executor_type;

  struct pending {
    ask what;
    std::function<std::error_code()> look;
    std::function<void(std::error_code)> handler;
  };
  struct shared {
    host_file log, exit, none;
    std::map<std::string, file_status> directories;
    std::error_code directory_error;
    std::vector<pending> open;
    const std::uint64_t* told_size = nullptr;  // by a status of the log that is wrong
    std::size_t readable = std::string::npos;  // where reads of the log end
    int asked = 0;
    int cancelled = 0;
    bool too_late = false;  // to cancel anything: the answers are on their way
  };

  executor_type executor;
  std::shared_ptr<shared> host = std::make_shared<shared>();

  executor_type get_executor() const { return executor; }

  template <class Handler>
  void async_connect(Handler) {}
  template <class Handler>
  void async_execute(const remote_command&, command_reply&, Handler) {
    FAIL("no command is needed");
  }
  void close() noexcept {}

  template <class Handler>
  void async_stat(const std::string& path, file_status& status, Handler handler) {
    if (path != "log")
      return keep(ask::other, std::move(handler), [&status, &path, h = host.get()]() -> std::error_code {
        const auto found = h->directories.find(path);
        if (h->directory_error || found == h->directories.end())
          return h->directory_error ? h->directory_error : std::make_error_code(std::errc::no_such_file_or_directory);
        status = found->second;
        return {};
      });
    keep(ask::stat, std::move(handler), [&status, h = host.get()]() -> std::error_code {
      if (!h->log.bytes) return std::make_error_code(std::errc::no_such_file_or_directory);
      status = {h->told_size != nullptr ? *h->told_size : h->log.bytes->size(), h->log.identity, h->log.kind};
      return {};
    });
  }

  template <class Handler>
  void async_read_file(const std::string& path, std::uint64_t offset, std::size_t max, std::string& out,
                       Handler handler) {
    auto& file = path == "log" ? host->log : path == "exit" ? host->exit : host->none;
    const auto what = path == "log" ? ask::read : path == "exit" ? ask::exit : ask::other;
    keep(what, std::move(handler), [=, h = host.get(), &file, &out]() -> std::error_code {
      if (!file.bytes) return std::make_error_code(std::errc::no_such_file_or_directory);
      if (file.error) return file.error;
      const auto bytes = std::string_view(*file.bytes).substr(0, what == ask::read ? h->readable : max);
      out.assign(bytes.substr(std::min<std::size_t>(offset, bytes.size()), max));
      return {};
    });
  }

  template <class Handler>
  void keep(ask what, Handler handler, std::function<std::error_code()> look) {
    ++host->asked;
    auto slot = asio::get_associated_cancellation_slot(handler);
    REQUIRE(slot.is_connected());
    slot.assign([h = host.get(), what](asio::cancellation_type) {
      ++h->cancelled;
      for (auto& p : h->open)
        if (p.what == what && !h->too_late) p.look = [] { return std::error_code(asio::error::operation_aborted); };
    });
    host->open.push_back({what, std::move(look), std::move(handler)});
  }
};
static_assert(file_access_transport<scripted_transport>);

/// One job whose log was read up to "0123|", of which the last four bytes are asked for again.
struct file_poll_world {
  asio::io_context context;
  scripted_transport transport{context.get_executor()};
  job_spec job{.job_id = "1", .log_file = "log", .exit_code_file = "exit"};
  poll_request request{.nonce = {}, .offset = 4, .overlap = 3, .max_bytes = 8};
  detail::running_file_poll poll;
  std::optional<std::error_code> result;
  poll_reply reply;

  host_file& log() { return transport.host->log; }
  host_file& exit() { return transport.host->exit; }
  int asked() const { return transport.host->asked; }

  file_poll_world() {
    // A poll before has shown that the log is a file.
    log().bytes = "0123";
    begin();
    answer_all();
    REQUIRE(result == std::error_code());
    transport.host->asked = 0;
  }

  void begin() {
    result.reset();
    detail::start_file_poll(transport, job, request, poll, [this](std::error_code ec) { result = ec; });
  }

  void answer(ask what) {
    auto& open = transport.host->open;
    const auto found = std::ranges::find(open, what, &scripted_transport::pending::what);
    REQUIRE(found != open.end());
    auto p = std::move(*found);
    open.erase(found);
    p.handler(p.look());
    if (result && !*result) poll.make_reply(reply);
  }

  void answer_all() {
    while (!transport.host->open.empty()) answer(transport.host->open.front().what);
  }

  void check_log(std::uint64_t size, const std::string& bytes) {
    REQUIRE(result == std::error_code());
    CHECK(reply.log == log_state::present);
    CHECK(reply.log_size == size);
    CHECK(reply.bytes == bytes);
  }
};

}  // namespace

TEST_CASE_METHOD(file_poll_world, "an idle poll asks everything at once, and in any order") {
  begin();
  REQUIRE(transport.host->open.size() == 3);
  for (const auto what : {ask::read, ask::exit, ask::stat}) answer(what);
  CHECK(asked() == 3);
  check_log(4, "123");
  CHECK(reply.exit_state == exit_code_state::absent);
  CHECK(reply.log_identity == 7);
}

TEST_CASE_METHOD(file_poll_world, "new bytes come with the overlap before them, and no more than asked for") {
  log().bytes = "0123456789abcdef";
  begin();
  answer_all();
  check_log(16, "123456789ab");
}

TEST_CASE_METHOD(file_poll_world, "a log that is not there is not read, nor one that is no file") {
  std::size_t reads = 0;
  SECTION("missing") { log().bytes.reset(); }
  SECTION("a directory") { log().kind = file_kind::directory; }
  SECTION("a pipe") { log().kind = file_kind::other; }
  begin();
  answer_all();
  begin();
  for (const auto& p : transport.host->open) reads += p.what == ask::read;
  CHECK(reads == 0);
  answer_all();
  REQUIRE(result == std::error_code());
  CHECK(reply.bytes.empty());
  if (log().kind == file_kind::directory) CHECK(reply.log == log_state::unreadable);
  if (log().kind == file_kind::other) CHECK(reply.log == log_state::unreadable);
  if (log().kind == file_kind::other) CHECK(reply.log_error == std::errc::invalid_seek);
  if (!log().bytes) CHECK(reply.log == log_state::absent);
}

TEST_CASE_METHOD(file_poll_world,
                 "whether the directories are there is found out with the files, if it was asked for") {
  job.exit_code_file = "codes/exit";
  request.directories = true;
  auto& host = *transport.host;
  host.directories["."] = {0, 0, file_kind::directory};
  begin();
  CHECK(host.open.size() == 5);
  SECTION("the log's is") {
    answer_all();
    check_log(4, "123");
    CHECK(reply.log_directory == true);
    CHECK(reply.exit_directory == false);
    request.directories = false;
    begin();
    answer_all();
    CHECK_FALSE(reply.log_directory);
    CHECK_FALSE(reply.exit_directory);
  }
  SECTION("both are, though the log is not") {
    host.directories["codes"] = host.directories["."];
    log().bytes.reset();
    answer_all();
    CHECK(reply.log == log_state::absent);
    CHECK(reply.log_directory == true);
    CHECK(reply.exit_directory == true);
  }
  SECTION("a file in the place of one is none") {
    host.directories["codes"] = {5, 0, file_kind::regular};
    answer_all();
    CHECK(reply.exit_directory == false);
  }
  SECTION("what cannot be found out is not known") {
    host.directory_error =
        GENERATE(std::make_error_code(std::errc::permission_denied), std::make_error_code(std::errc::io_error),
                 make_error_code(errc::files_unavailable));
    answer_all();
    check_log(4, "123");
    CHECK_FALSE(reply.log_directory);
    CHECK_FALSE(reply.exit_directory);
  }
  SECTION("a connection that is lost is lost") {
    host.directory_error = errc::connection_lost;
    answer_all();
    CHECK(result == std::error_code(errc::connection_lost));
  }
}

TEST_CASE_METHOD(file_poll_world, "the log is looked at again after the exit code, wherever it appears") {
  exit().bytes = "3\n";
  begin();
  // Everything is answered before the exit code: what the job wrote last is not seen.
  answer(ask::stat);
  answer(ask::read);
  log().bytes = "0123last";
  answer(ask::exit);
  REQUIRE_FALSE(result);
  CHECK(asked() == 5);
  answer_all();
  check_log(8, "123last");
  CHECK(reply.exit_code == 3);
}

TEST_CASE_METHOD(file_poll_world, "an exit code that was seen before needs no second look, another one does") {
  exit().bytes = "3\n";
  request.exit_seen = GENERATE(3, 4);
  begin();
  answer_all();
  CHECK(asked() == (*request.exit_seen == 3 ? 3 : 5));
  CHECK(reply.exit_code == 3);
}

TEST_CASE_METHOD(file_poll_world, "chunks of a backlog are read at once, and the polls that have theirs ask nothing") {
  log().bytes = std::string(1000, 'x');
  for (std::size_t i = 0; i < log().bytes->size(); ++i) (*log().bytes)[i] = static_cast<char>('a' + i % 25);
  poll.read_ahead = true;
  const auto asks_for = [&](ask what) {
    return std::ranges::count(transport.host->open, what, &scripted_transport::pending::what) > 0;
  };
  // Whether a poll from here on asks anything; what it brings is always the same.
  const auto asks = [&](std::uint64_t offset) {
    const auto size = log().bytes->size();
    request.offset = offset;
    begin();
    const bool any = !transport.host->open.empty();
    CHECK(poll.asked() == any);
    answer_all();
    context.restart();
    context.run();
    poll.make_reply(reply);
    check_log(size, log().bytes->substr(offset - 3, 11));
    return any;
  };
  CHECK(asks(4));  // nothing is known of a backlog
  CHECK(asks(12));
  for (const auto offset : {20U, 28U, 36U}) CHECK_FALSE(asks(offset));
  SECTION("then again") {
    CHECK(asks(44));
    CHECK_FALSE(asks(52));
  }
  SECTION("unless that is not wanted") {
    poll.read_ahead = false;
    CHECK(asks(44));
    CHECK(asks(52));
  }
  SECTION("an exit code is seen when something is asked, and then holds") {
    exit().bytes = "3\n";
    CHECK(asks(44));
    CHECK(reply.exit_code == 3);
    request.exit_seen = 3;
    CHECK_FALSE(asks(52));
    CHECK(reply.exit_state == exit_code_state::present);
    CHECK(reply.exit_code == 3);
    // Whoever asks knows another, or none.
    request.exit_seen = GENERATE(std::optional<std::int64_t>(4), std::optional<std::int64_t>());
    CHECK(asks(60));
  }
  SECTION("whole chunks of what is known to be there, and no more") {
    CHECK(asks(974));
    CHECK_FALSE(asks(982));
    CHECK_FALSE(asks(990));
    CHECK(asks(998 - 8 + 2));  // one byte more than these chunks was read
  }
  SECTION("who begins anew asks") {
    CHECK(asks(4));
    CHECK(asks(4));
    CHECK(asks(12));
    poll.forget();
    CHECK(asks(20));
  }
  SECTION("whether the job lives is asked, and is not known from before") {
    request.liveness = true;
    request.offset = 44;
    begin();
    while (asks_for(ask::other)) answer(ask::other);
    CHECK(asks_for(ask::exit));
    answer_all();
    CHECK(asks(52));
    request.liveness = false;
    CHECK_FALSE(asks(60));
    CHECK(reply.liveness == liveness::unknown);
  }
  SECTION("trouble with the exit code is looked at each time") {
    exit().bytes = "no number";
    CHECK(asks(44));
    CHECK(reply.exit_state == exit_code_state::damaged);
    CHECK(asks(52));
  }
  SECTION("a poll that failed leaves nothing to the next, but what came for itself") {
    request.offset = 44;
    begin();
    answer(ask::stat);
    answer(ask::exit);
    transport.host->open.front().look = [this] {
      poll.bytes.assign(*log().bytes, 41, 30);
      return std::error_code(errc::connection_lost);
    };
    answer(ask::read);
    CHECK(result == errc::connection_lost);
    poll.make_partial_reply(reply);
    CHECK(reply.bytes == log().bytes->substr(41, 11));
    CHECK(asks(52));
  }
  SECTION("a log that is shorter than what was read counts as it is said to be") {
    request.offset = 44;
    begin();
    answer(ask::read);
    log().bytes->resize(60);
    answer_all();
    check_log(60, log().bytes->substr(41, 11));
    CHECK_FALSE(asks(52));
    request.offset = 60;
    begin();
    CHECK_FALSE(transport.host->open.empty());
    answer_all();
    check_log(60, log().bytes->substr(57, 3));
  }
  SECTION("what is behind the size that the log was said to have is asked for") {
    const auto all = *log().bytes;
    log().bytes->resize(60);
    request.offset = 44;
    begin();
    answer(ask::stat);
    log().bytes = all;
    answer_all();
    check_log(60, all.substr(41, 11));
    request.offset = 52;
    begin();
    CHECK(transport.host->open.empty());
    context.restart();
    context.run();
    poll.make_reply(reply);
    check_log(60, all.substr(49, 11));
    CHECK(asks(56));
  }
  SECTION("a poll that asks nothing can be cancelled, and completes once") {
    CHECK(asks(44));
    request.offset = 52;
    begin();
    CHECK_FALSE(result);  // never inline
    poll.cancel();
    context.restart();
    context.run();
    CHECK(result == asio::error::operation_aborted);
  }
}

TEST_CASE_METHOD(file_poll_world, "an exit code that appears after it was looked for is for the next poll") {
  begin();
  answer(ask::exit);
  exit().bytes = "0";
  log().bytes = "0123last";
  answer_all();
  CHECK(asked() == 3);
  CHECK(reply.exit_state == exit_code_state::absent);
  check_log(8, "123last");
}

TEST_CASE_METHOD(file_poll_world, "an exit-code file that is replaced while the poll goes on counts as it was read") {
  exit().bytes = "3";
  begin();
  answer(ask::exit);
  exit().bytes = "4";
  answer_all();
  CHECK(reply.exit_code == 3);
}

TEST_CASE_METHOD(file_poll_world, "what an exit-code file can hold is judged as a command's reply is") {
  exit().bytes = GENERATE(as<std::string>(), "", "12x", std::string(200, '1'));
  begin();
  answer_all();
  CHECK(reply.exit_state == (exit().bytes->empty() ? exit_code_state::absent : exit_code_state::damaged));
  CHECK(asked() == 3);
  exit().error = std::make_error_code(GENERATE(std::errc::permission_denied, std::errc::io_error));
  begin();
  answer_all();
  CHECK(reply.exit_state == exit_code_state::unreadable);
}

TEST_CASE_METHOD(file_poll_world, "a log that grows between status and bytes is as long as its status says") {
  SECTION("with new bytes before") {
    log().bytes = "012345";
    begin();
    answer(ask::stat);
    log().bytes = "01234567";
    answer_all();
    check_log(6, "12345");
  }
  SECTION("with none") {
    begin();
    answer(ask::stat);
    log().bytes = "01234567";
    answer_all();
    // The bytes could also mean that the status is wrong.
    check_log(8, "1234567");
    CHECK(asked() == 4);
    CHECK_FALSE(reply.size_wrong);
  }
}

TEST_CASE_METHOD(file_poll_world, "where the status tells too small a size, the log ends where reading ends") {
  std::uint64_t told = 0;
  transport.host->told_size = &told;
  told = GENERATE(0u, 2u, 4u);
  log().bytes = "0123456789abcdefghij";
  const auto poll_at = [&](std::uint64_t offset) {
    request.offset = offset;
    begin();
    answer_all();
  };
  poll_at(4);
  CHECK(reply.size_wrong);
  check_log(13, "123456789ab");  // there is more than was asked for
  // Known once, it costs nothing.
  transport.host->asked = 0;
  poll_at(12);
  check_log(20, "9abcdefghij");
  CHECK(asked() == 3);
  poll_at(20);
  check_log(20, "hij");
  SECTION("a log that is truncated is found out all the same") {
    log().bytes = "01";
    poll_at(20);
    CHECK(reply.log_size < 20);
    CHECK(reply.bytes.empty());
  }
  SECTION("until another run begins") {
    transport.host->told_size = nullptr;
    poll.forget();
    poll_at(20);
    check_log(20, "hij");
    CHECK_FALSE(reply.size_wrong);
  }
}

TEST_CASE_METHOD(file_poll_world, "a log that ends with a chunk, and one whose size seems to, are told apart") {
  std::uint64_t told = 12;
  transport.host->told_size = &told;
  log().bytes = GENERATE("0123456789ab", "0123456789ab and more");
  exit().bytes = "0";
  begin();
  answer_all();
  REQUIRE(result == std::error_code());
  CHECK(reply.bytes == "123456789ab");
  CHECK(reply.size_wrong == (log().bytes->size() > 12));
  CHECK((reply.log_size > 12) == (log().bytes->size() > 12));
}

TEST_CASE_METHOD(file_poll_world, "an end that is read before the size is no truncation") {
  transport.host->readable = GENERATE(0u, 2u, 4u);
  log().bytes = "0123456789ab";
  exit().bytes = GENERATE(as<std::optional<std::string>>(), std::nullopt, "0");
  begin();
  answer_all();
  check_log(12, "");
  CHECK_FALSE(reply.size_wrong);
  transport.host->readable = std::string::npos;
  begin();
  answer_all();
  check_log(12, "123456789ab");
}

TEST_CASE_METHOD(file_poll_world, "a log that grows after it was read and before its status is read once more") {
  begin();
  answer(ask::read);
  log().bytes = "012345";
  answer(ask::exit);
  answer(ask::stat);
  CHECK(asked() == 4);
  SECTION("as it is") {
    answer_all();
    check_log(6, "12345");
  }
  // A read that ends early proves nothing; the next status does.
  SECTION("truncated meanwhile") {
    log().bytes = "01";
    answer_all();
    check_log(6, "");
    begin();
    answer_all();
    check_log(2, "");
  }
  SECTION("emptied meanwhile") {
    log().bytes = "";
    answer_all();
    check_log(6, "");
    begin();
    answer_all();
    check_log(0, "");
  }
  SECTION("removed meanwhile") {
    log().bytes.reset();
    answer_all();
    CHECK(reply.log == log_state::absent);
    CHECK(reply.log_size == 0);
  }
  SECTION("made unreadable meanwhile") {
    log().error = std::make_error_code(std::errc::permission_denied);
    answer_all();
    CHECK(reply.log == log_state::unreadable);
    CHECK(reply.log_size == 0);
    CHECK(reply.log_identity == 0);
  }
}

TEST_CASE_METHOD(file_poll_world, "a log that shrinks is as short as its status says") {
  begin();
  SECTION("before both") { log().bytes = "01"; }
  SECTION("between bytes and status") {
    log().bytes = "012345";
    answer(ask::read);
    log().bytes = "01";
  }
  answer_all();
  check_log(2, "");
}

TEST_CASE_METHOD(file_poll_world, "a log that shrinks between bytes and status does not prove that sizes are wrong") {
  const bool ended = GENERATE(false, true);
  if (ended) exit().bytes = "0";
  request = {.nonce = {}, .offset = 0, .overlap = 0, .max_bytes = 8};
  if (ended) request.exit_seen = 0;
  SECTION("emptied") {
    begin();
    answer(ask::read);
    log().bytes = "";
    answer_all();
    check_log(0, "");
  }
  SECTION("rewritten") {
    begin();
    answer(ask::read);
    log().bytes = "ab";
    answer_all();
    CHECK(reply.log_size == 2);
  }
  SECTION("after it grew") {
    begin();
    answer(ask::stat);
    log().bytes = "0123456";
    answer(ask::read);
    log().bytes = "";
    answer_all();
    CHECK(reply.log_size <= 4);
  }
  SECTION("behind what was read before") {
    request = {.nonce = {}, .offset = 4, .overlap = 3, .max_bytes = 8};
    log().bytes = "0123456789";
    begin();
    answer(ask::read);
    log().bytes = "012345";
    answer_all();
    CHECK(reply.log_size == 6);
  }
  CHECK(result == std::error_code());
  CHECK_FALSE(reply.size_wrong);
}

TEST_CASE_METHOD(file_poll_world, "a log that is replaced shows its new identity or its other bytes") {
  begin();
  SECTION("before both") {
    log() = {.bytes = "abcdefg", .identity = 8};
    answer_all();
    check_log(7, "bcdefg");
    CHECK(reply.log_identity == 8);
  }
  SECTION("between status and bytes") {
    log().bytes = "01234";
    answer(ask::stat);
    log() = {.bytes = "abcdefg", .identity = 8};
    answer_all();
    check_log(5, "bcde");
  }
  SECTION("by one of the same size") {
    log().bytes = "abcd";
    answer_all();
    check_log(4, "bcd");
  }
  SECTION("by one of the same size, while it is looked at for the last time") {
    exit().bytes = "3";
    request.exit_seen = 3;
    log().bytes = GENERATE("", "01");
    answer(ask::read);
    log().bytes = "abcd";
    answer_all();
    CHECK(reply.exit_code == 3);
    check_log(4, "bcd");
  }
}

TEST_CASE_METHOD(file_poll_world, "a log that goes away or comes between status and bytes is for the next poll") {
  begin();
  SECTION("gone, and nothing was new") {
    answer(ask::stat);
    log().bytes.reset();
    answer_all();
    check_log(4, "");
  }
  SECTION("there too late") {
    log().bytes.reset();
    answer(ask::stat);
    log().bytes = "01234567";
    answer_all();
    CHECK(reply.log == log_state::absent);
    CHECK(reply.bytes.empty());
  }
}

TEST_CASE_METHOD(file_poll_world, "a log whose size is above what can be read of it says so") {
  // As files of /proc and broken disks: the watch takes it for unreadable.
  log().bytes = "0123";
  begin();
  answer(ask::read);
  log().bytes = "012345";
  answer(ask::stat);
  log().bytes = "0123";
  answer_all();
  check_log(6, "");
}

TEST_CASE_METHOD(file_poll_world, "the first failure of the connection is the poll's, and ends the rest of it") {
  begin();
  auto& open = transport.host->open;
  open[1].look = [] { return std::error_code(errc::connection_lost); };
  answer(ask::stat);
  CHECK(transport.host->cancelled == 2);
  CHECK_FALSE(result);
  answer_all();
  CHECK(result == std::error_code(errc::connection_lost));
  CHECK(asked() == 3);
}

TEST_CASE_METHOD(file_poll_world, "more bytes than asked for are an error") {
  begin();
  for (auto& p : transport.host->open)
    if (p.what == ask::read) p.look = [this] { return poll.bytes.assign(13, 'x'), std::error_code(); };
  answer_all();
  CHECK(result == std::error_code(errc::reply_too_long));
}

TEST_CASE_METHOD(file_poll_world, "a cancelled poll ends all that it asked for, and asks nothing more") {
  asio::cancellation_signal signal;
  exit().bytes = "0";
  result.reset();
  detail::start_file_poll(transport, job, request, poll,
                          asio::bind_cancellation_slot(signal.slot(), [this](std::error_code ec) { result = ec; }));
  SECTION("with all open") {
    signal.emit(asio::cancellation_type::terminal);
    CHECK(transport.host->cancelled == 3);
  }
  SECTION("with all answered, and not yet told") {
    transport.host->too_late = true;
    signal.emit(asio::cancellation_type::terminal);
  }
  SECTION("with one open") {
    answer(ask::exit);
    answer(ask::stat);
    signal.emit(asio::cancellation_type::terminal);
    CHECK(transport.host->cancelled == 1);
  }
  answer_all();
  CHECK(result == std::error_code(asio::error::operation_aborted));
  CHECK(asked() == 3);
}

TEST_CASE_METHOD(file_poll_world, "a poll that is dropped unanswered is not completed") {
  begin();
  transport.host->open.clear();
  CHECK_FALSE(result);
  begin();
  answer_all();
  CHECK(result);
}

TEST_CASE("a process whose file is there and cannot be read is not taken to be gone") {
  using detail::file_poll;
  const auto missing = std::make_error_code(std::errc::no_such_file_or_directory);
  const auto broken = std::make_error_code(std::errc::io_error);
  const unsigned unreadable =
      GENERATE(unsigned{file_poll::nothing}, unsigned{file_poll::pid_file}, unsigned{file_poll::child_file},
               unsigned{file_poll::boot_id}, unsigned{file_poll::host_name}, unsigned{file_poll::process},
               unsigned{file_poll::child_process});
  const poll_request request{.max_bytes = 8, .liveness = true};
  file_poll poll;
  for (auto asked = poll.begin(request); asked != file_poll::nothing; asked = poll.next()) {
    poll.evidence.pid_file = "77\nstart=5 boot=b host=h .\n";
    poll.evidence.boot_id = "b\n";
    poll.evidence.host_name = "h\n";
    for (unsigned q = 1; q <= file_poll::child_process; q *= 2) {
      if ((asked & q) == 0) continue;
      const bool there = q == file_poll::pid_file || q == file_poll::boot_id || q == file_poll::host_name;
      poll.answer(static_cast<file_poll::question>(q), q == unreadable ? broken : there ? std::error_code() : missing);
    }
  }
  poll_reply reply;
  poll.make_reply(reply);
  CAPTURE(unreadable);
  CHECK(reply.liveness == (unreadable == file_poll::nothing ? liveness::vanished : liveness::unknown));
}

TEST_CASE("a log whose status cannot be read is not empty, though it is gone when it is read") {
  using detail::file_poll;
  const auto missing = std::make_error_code(std::errc::no_such_file_or_directory);
  const poll_request request{.offset = 4, .overlap = 3, .max_bytes = 8};
  file_poll poll;
  const auto answer_all = [&](std::error_code status, std::error_code bytes) {
    for (auto asked = poll.begin(request); asked != file_poll::nothing; asked = poll.next()) {
      if (asked & file_poll::exit_code) poll.answer(file_poll::exit_code, missing);
      if (asked & file_poll::log_status) {
        if (!status) poll.status = {.size = 4, .identity = 7, .kind = file_kind::regular};
        poll.answer(file_poll::log_status, status);
      }
      if (asked & file_poll::log_bytes) {
        if (!bytes) poll.bytes = "123";
        poll.answer(file_poll::log_bytes, bytes);
      }
    }
    poll_reply reply;
    poll.make_reply(reply);
    return reply;
  };
  answer_all({}, {});
  SECTION("there with nothing new, and then gone") { CHECK(answer_all({}, missing).log_size == 4); }
  SECTION("gone") { CHECK(answer_all(missing, missing).log == log_state::absent); }
  SECTION("unreadable") {
    const auto error = GENERATE(std::errc::io_error, std::errc::permission_denied, std::errc::is_a_directory);
    CHECK(answer_all(std::make_error_code(error), missing).log == log_state::unreadable);
    CHECK(answer_all(std::make_error_code(error), {}).log == log_state::unreadable);
  }
}
