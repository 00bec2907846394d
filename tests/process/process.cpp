// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/backoff/none.hpp>
#include <remote_job/basic_remote_job_trigger.hpp>
#include <remote_job/detect_os.hpp>
#include <remote_job/os_policy/posix.hpp>
#include <remote_job/transport/process.hpp>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/bind_executor.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <asio/strand.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <support/catch.hpp>

using namespace remote_job;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

static_assert(transport<process_transport> && check_transport<process_transport>());
static_assert(transport<basic_process_transport<asio::io_context::executor_type>>);

namespace {

using clock_type = std::chrono::steady_clock;

remote_command make_command(std::string text, std::string input = {}, std::string end_mark = {},
                            std::size_t max_output = 1 << 22) {
  return {std::move(text), std::move(input), std::move(end_mark), max_output};
}

/// Runs one command to its end and leaves no child behind.
struct runner {
  explicit runner(std::vector<std::string> prefix = {"sh", "-c"}) : wire(context.get_executor(), std::move(prefix)) {}

  ~runner() {
    wire.close();
    context.restart();
    context.run();
    CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);  // neither a zombie nor a live child
    CHECK(errno == ECHILD);
  }

  std::error_code run(const remote_command& command) {
    std::optional<std::error_code> result;
    wire.async_execute(command, reply, [&](std::error_code error) {
      CHECK_FALSE(result);
      result = error;
    });
    CHECK_FALSE(result);  // never inline
    run_until([&] { return result.has_value(); });
    REQUIRE(result);
    return *result;
  }

  template <class Condition>
  void run_until(Condition condition) {
    context.restart();
    const auto deadline = clock_type::now() + 30s;
    while (!condition() && clock_type::now() < deadline) context.run_one_for(100ms);
  }

  asio::io_context context;
  process_transport wire;
  command_reply reply;
};

bool alive(pid_t pid) { return ::kill(pid, 0) == 0; }

/// A killed grandchild is reaped by init, or by nobody in a container that has none: a zombie counts as gone.
bool gone_soon(pid_t pid) {
  for (int tries = 0; tries < 1000; ++tries) {
    if (!alive(pid)) return true;
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    std::getline(stat, line);
    const auto name_end = line.rfind(") ");
    if (name_end == line.npos || line[name_end + 2] == 'Z') return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

struct temp_dir {
  temp_dir() {
    std::string name = (fs::temp_directory_path() / "remote_job_process.XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()));
    path = name;
  }
  ~temp_dir() { fs::remove_all(path); }
  std::string path;
};

}  // namespace

TEST_CASE("a command's output, errors and status come back") {
  runner r;
  REQUIRE_FALSE(r.run(make_command("printf 'a\\000b\\377'; echo wrong >&2; exit 3")));
  CHECK(r.reply.output == std::string("a\0b\xff", 4));
  CHECK(r.reply.error_output == "wrong\n");
  CHECK(r.reply.exit_status == 3);
  CHECK(r.wire.diagnostics() == "sh: wrong");

  REQUIRE_FALSE(r.run(make_command("cat", "in")));
  CHECK(r.reply.output == "in");
  CHECK(r.reply.error_output == "");
  CHECK(r.reply.exit_status == 0);
  CHECK(r.wire.diagnostics() == "");

  REQUIRE_FALSE(r.run(make_command("exit 7")));
  CHECK(r.wire.diagnostics() == "sh: ended with status 7");
  REQUIRE_FALSE(r.run(make_command("kill -9 $$")));
  CHECK(r.reply.exit_status == std::nullopt);
  CHECK(r.wire.diagnostics() == "sh: killed by signal 9");
}

TEST_CASE("input of any size, read or not") {
  runner r;
  std::string input(3'000'000, '\0');
  for (std::size_t at = 0; at < input.size(); ++at) input[at] = static_cast<char>(at * 31 >> 3);
  REQUIRE_FALSE(r.run(make_command("cat", input)));
  CHECK((r.reply.output == input));
  REQUIRE_FALSE(r.run(make_command("exec <&-; echo deaf", input)));
  CHECK(r.reply.output == "deaf\n");
  REQUIRE_FALSE(r.run(make_command("exec sh -s", "echo from the script")));
  CHECK(r.reply.output == "from the script\n");
}

TEST_CASE("what is printed is bounded") {
  runner r;
  CHECK(r.run(make_command("yes", "", "", 100'000)) == errc::reply_too_long);
  CHECK(r.reply.output.size() == 100'000);
  CHECK_FALSE(r.run(make_command("printf 12345", "", "", 5)));
  CHECK(r.run(make_command("printf 123456", "", "", 5)) == errc::reply_too_long);
  REQUIRE_FALSE(r.run(make_command("head -c 1000000 /dev/zero >&2; echo done")));
  CHECK(r.reply.output == "done\n");
  CHECK(r.reply.error_output.size() == command_reply::max_error_output);
}

TEST_CASE("the end mark ends a command whose program does not, and the program then has to go") {
  runner r;
  const auto start = clock_type::now();
  REQUIRE_FALSE(r.run(make_command("echo $$; printf 'en'; sleep 0.05; printf 'd.'; exec sleep 1000", "", "end.")));
  CHECK(clock_type::now() - start < 10s);
  CHECK(r.reply.output.ends_with("\nend."));
  CHECK(r.reply.exit_status == std::nullopt);
  const auto pid = static_cast<pid_t>(std::stol(r.reply.output));
  CHECK(alive(pid));
  r.context.restart();
  r.context.run();  // without close(): the linger ends
  CHECK_FALSE(alive(pid));

  // Output that ends elsewhere has no end mark; the end of the program ends it.
  REQUIRE_FALSE(r.run(make_command("printf 'end. more'; exit 4", "", "end.")));
  CHECK(r.reply.output == "end. more");
  CHECK(r.reply.exit_status == 4);
}

TEST_CASE("what a command leaves behind lives on, and is not waited for") {
  runner r;
  const auto start = clock_type::now();
  REQUIRE_FALSE(r.run(make_command("sleep 1000 & echo $!; exit 5")));  // holds both pipes open
  CHECK(clock_type::now() - start < 10s);
  CHECK(r.reply.exit_status == 5);
  const auto left = static_cast<pid_t>(std::stol(r.reply.output));
  REQUIRE_FALSE(r.run(make_command("sleep 1000 & echo $!; echo end; exec sleep 1000", "", "end\n")));
  const auto also_left = static_cast<pid_t>(std::stol(r.reply.output));
  r.wire.close();
  CHECK(alive(left));
  CHECK(alive(also_left));
  ::kill(left, SIGKILL);
  ::kill(also_left, SIGKILL);
}

TEST_CASE("cancelling kills all that the command started, and completes at once") {
  // A pipeline whose members hold the pipes, one of them deaf to TERM.
  const auto command = make_command("trap '' TERM; echo $$; sleep 1000 & echo $!; sleep 1000 | sleep 1000; sleep 1000");
  const auto how = GENERATE(as<std::string>{}, "slot", "close", "destroy", "move");
  CAPTURE(how);
  runner r;
  auto wire = std::make_unique<process_transport>(process_transport::local(r.context.get_executor()));
  asio::cancellation_signal signal;
  std::optional<std::error_code> result;
  wire->async_execute(command, r.reply, asio::bind_cancellation_slot(signal.slot(), [&](std::error_code error) {
                        CHECK_FALSE(result);
                        result = error;
                      }));
  r.run_until([&] { return std::count(r.reply.output.begin(), r.reply.output.end(), '\n') == 2; });
  REQUIRE_FALSE(result);
  std::size_t second = 0;
  const auto shell = static_cast<pid_t>(std::stol(r.reply.output, &second));
  const auto child = static_cast<pid_t>(std::stol(r.reply.output.substr(second)));
  CHECK(alive(shell));
  CHECK(alive(child));

  if (how == "slot") signal.emit(asio::cancellation_type::terminal);
  if (how == "close") wire->close();
  if (how == "destroy") wire.reset();
  if (how == "move") *wire = process_transport::local(r.context.get_executor());
  CHECK_FALSE(result);
  r.run_until([&] { return result.has_value(); });
  CHECK(result == asio::error::operation_aborted);
  CHECK(gone_soon(shell));
  CHECK(gone_soon(child));

  if (wire) {
    command_reply reply;
    result.reset();
    const auto again = make_command("echo again");
    wire->async_execute(again, reply, [&](std::error_code error) { result = error; });
    r.run_until([&] { return result.has_value(); });
    CHECK(result == std::error_code{});
    CHECK(reply.output == "again\n");
  }
}

TEST_CASE("a flood of errors does not keep the executor for itself") {
  runner r;
  asio::cancellation_signal signal;
  std::optional<std::error_code> result;
  const auto command = make_command("dd if=/dev/zero bs=1048576 >&2 & dd if=/dev/zero bs=1048576 >&2");
  r.wire.async_execute(command, r.reply,
                       asio::bind_cancellation_slot(signal.slot(), [&](std::error_code error) { result = error; }));
  asio::steady_timer timer(r.context, 50ms);
  timer.async_wait([&](std::error_code) { signal.emit(asio::cancellation_type::terminal); });
  r.run_until([&] { return result.has_value(); });
  CHECK(result == asio::error::operation_aborted);
}

TEST_CASE("an io_context that is left alone takes its children with it") {
  pid_t pid = 0;
  {
    auto reply = std::make_unique<command_reply>();
    const auto command = make_command("echo $$; exec sleep 1000");
    asio::io_context context;
    auto wire = process_transport::local(context.get_executor());
    wire.async_execute(command, *reply, [](std::error_code) { FAIL("completed"); });
    while (reply->output.empty()) context.run_one_for(100ms);
    pid = static_cast<pid_t>(std::stol(reply->output));
    CHECK(alive(pid));
  }
  CHECK_FALSE(alive(pid));
}

TEST_CASE("a program that is not there is told by name") {
  temp_dir dir;
  std::ofstream(dir.path + "/plain") << "no program\n";
  for (const std::string& program : {std::string("remote-job-no-such-program"), dir.path + "/missing",
                                     dir.path + "/plain", dir.path + "/plain/below", std::string()}) {
    CAPTURE(program);
    runner r({program, "-c"});
    CHECK(r.run(make_command("echo")) == errc::program_not_found);
    CHECK(r.wire.diagnostics().find("cannot start '" + program + "'") == 0);
    std::optional<std::error_code> result;
    r.wire.async_connect([&](std::error_code error) { result = error; });
    CHECK_FALSE(result);
    r.run_until([&] { return result.has_value(); });
    CHECK(result == std::error_code(errc::program_not_found));
    CHECK(r.wire.diagnostics().find("cannot start '" + program + "'") == 0);
  }
  runner none(std::vector<std::string>{});
  CHECK(none.run(make_command("echo")) == errc::program_not_found);
  CHECK(none.wire.diagnostics() == "cannot start '': no program was given");

  runner there;
  std::optional<std::error_code> result;
  there.wire.async_connect([&](std::error_code error) { result = error; });
  there.run_until([&] { return result.has_value(); });
  CHECK(result == std::error_code{});
}

TEST_CASE("ssh's own failure is a lost connection, a command's is not") {
  {
    runner local;
    CHECK_FALSE(local.run(make_command("exit 255")));
    CHECK(local.reply.exit_status == 255);
  }
  temp_dir dir;
  const auto program = dir.path + "/ssh";
  std::ofstream(program)
      << "#!/bin/sh\necho 'Warning: new key' >&2\n"
         "printf 'me@host: Permission\\033\\233\\302\\205 denied (publickey).\\r\\n' >&2\n"
         "exec sh -c \"$2\"\n";
  fs::permissions(program, fs::perms::owner_all);
  runner r({program, "host"});
  CHECK(r.run(make_command("exit 255")) == errc::connection_lost);
  CHECK(r.wire.diagnostics() == program + ": me@host: Permission???? denied (publickey).");
  CHECK_FALSE(r.run(make_command("exit 254")));
  CHECK_FALSE(r.run(make_command("echo end; exit 255", "", "end\n")));
}

TEST_CASE("many at once, and nothing is left over") {
  const auto before = open_descriptors();
  {
    asio::io_context context;
    std::vector<std::unique_ptr<process_transport>> wires;
    std::vector<std::unique_ptr<command_reply>> replies;
    std::vector<std::unique_ptr<remote_command>> commands;
    std::size_t done = 0;
    for (int number = 0; number < 100; ++number) {
      wires.push_back(std::make_unique<process_transport>(process_transport::local(context.get_executor())));
      for (int twice = 0; twice < 2; ++twice) {  // more than one on a transport is fine, too
        replies.push_back(std::make_unique<command_reply>());
        commands.push_back(
            std::make_unique<remote_command>(make_command("cat; exit $(($$ % 200))", std::to_string(number))));
        wires.back()->async_execute(*commands.back(), *replies.back(),
                                    [&, number, reply = replies.back().get()](std::error_code error) {
                                      CHECK_FALSE(error);
                                      CHECK(reply->output == std::to_string(number));
                                      CHECK(reply->exit_status.has_value());
                                      ++done;
                                    });
      }
    }
    context.run();
    CHECK(done == 200);
  }
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
  CHECK(open_descriptors() == before);
}

TEST_CASE("a child gets none of the program's descriptors, masks and handlers") {
  runner r;
  asio::ip::tcp::acceptor inheritable(r.context, {asio::ip::address_v4::loopback(), 0});
  sigset_t block, old;
  ::sigemptyset(&block);
  ::sigaddset(&block, SIGTERM);
  ::sigaddset(&block, SIGUSR1);
  REQUIRE(::pthread_sigmask(SIG_BLOCK, &block, &old) == 0);
  struct sigaction child_action {};
  ::sigaction(SIGCHLD, nullptr, &child_action);
  const auto old_pipe = ::signal(SIGPIPE, SIG_IGN);
  REQUIRE_FALSE(r.run(make_command("ls /proc/self/fd | wc -l")));
  const auto descriptors = r.reply.output;
  runner plain({"grep", "^Sig[BI]"});  // no shell in between, since some set their mask themselves
  REQUIRE_FALSE(plain.run(make_command("/proc/self/status")));
  ::signal(SIGPIPE, old_pipe);
  ::pthread_sigmask(SIG_SETMASK, &old, nullptr);
  CHECK(descriptors == "4\n");  // the fourth is the listed directory
  // The C library ignores two real-time signals of its own, 32 and 33.
  const auto& signals = plain.reply.output;
  CHECK(signals.starts_with("SigBlk:\t0000000000000000\nSigIgn:\t"));
  CHECK((std::stoull(signals.substr(signals.rfind('\t')), nullptr, 16) & 0x7fffffff) == 0);
  struct sigaction now {};
  ::sigaction(SIGCHLD, nullptr, &now);
  CHECK(now.sa_handler == child_action.sa_handler);
}

TEST_CASE("a program that ignores SIGCHLD has its commands run, without their status") {
  runner r;
  const auto old = ::signal(SIGCHLD, SIG_IGN);
  const auto error = r.run(make_command("echo out; exit 3"));
  ::signal(SIGCHLD, old);
  CHECK_FALSE(error);
  CHECK(r.reply.output == "out\n");
  CHECK(r.reply.exit_status == std::nullopt);
}

TEST_CASE("the end of a child is noticed without a pidfd as well") {
  // Filters are a thread's own: here pidfd_open(2) is what it is on an older kernel.
  std::thread([] {
    sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_open, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog filter{4, program};
    REQUIRE(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    REQUIRE(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0);
    REQUIRE(::syscall(SYS_pidfd_open, ::getpid(), 0) == -1);
    runner r;
    REQUIRE_FALSE(r.run(make_command("echo out; sleep 0.05; exit 3")));
    CHECK(r.reply.output == "out\n");
    CHECK(r.reply.exit_status == 3);
    REQUIRE_FALSE(r.run(make_command("echo end; exec sleep 1000", "", "end\n")));
    r.context.restart();
    r.context.run();

    // Both timers are due when the first one's handler sees the child write and end: its end is noticed before its
    // output.
    asio::steady_timer first(r.context, 1ms);
    first.async_wait([](std::error_code) {
      siginfo_t info;
      CHECK(::waitid(P_ALL, 0, &info, WEXITED | WNOWAIT) == 0);
    });
    asio::post(r.context, [] { std::this_thread::sleep_for(30ms); });
    REQUIRE_FALSE(r.run(make_command("sleep 0.2; echo late; exit 3")));
    CHECK(r.reply.output == "late\n");
  }).join();
}

TEST_CASE("futures, coroutines, and the handler's own executor") {
  asio::thread_pool pool(2);
  auto wire = process_transport::local(asio::make_strand(pool));
  command_reply reply;
  const auto command = make_command("echo token");
  asio::post(wire.get_executor(),
             asio::use_future([&] { return wire.async_execute(command, reply, asio::use_future); }))
      .get()
      .get();
  CHECK(reply.output == "token\n");

  asio::io_context context, other;
  auto here = basic_process_transport<asio::io_context::executor_type>::local(context.get_executor());
  bool done = false;
#if defined(ASIO_HAS_CO_AWAIT)
  asio::co_spawn(
      context,
      [&]() -> asio::awaitable<void> {
        co_await here.async_connect(asio::use_awaitable);
        co_await here.async_execute(command, reply, asio::use_awaitable);
        done = true;
      },
      asio::detached);
  context.run();
  CHECK(done);
#endif

  done = false;
  here.async_execute(command, reply, asio::bind_executor(other.get_executor(), [&](std::error_code error) {
                       CHECK_FALSE(error);
                       CHECK(other.get_executor().running_in_this_thread());
                       done = true;
                     }));
  auto work = std::thread([&] {
    context.restart();
    context.run();
  });
  other.run();
  work.join();
  CHECK(done);
}

TEST_CASE("a transport that is given a default completion token is awaited as it is") {
  asio::io_context context;
  std::string output;
  asio::co_spawn(
      context,
      [&]() -> asio::awaitable<void> {
        auto wire = asio::use_awaitable_t<>::as_default_on(process_transport::local(context.get_executor()));
        static_assert(transport<decltype(wire)>);
        const auto command = make_command("echo hello");
        command_reply reply;
        co_await wire.async_connect();
        co_await wire.async_execute(command, reply);
        output = reply.output;

        // What is made of it has the same default.
        const auto found = co_await async_detect_os(wire, {}, no_backoff());
        CHECK(found.family == remote_os::posix);
        basic_remote_job_trigger trigger(std::move(wire), {}, posix_os());
        trigger_event event;
        try {
          event = co_await trigger.async_run();
        } catch (const std::system_error& error) {
          CHECK(error.code() == errc::invalid_argument);
          output += "refused";
        }
      },
      asio::detached);
  context.run();
  CHECK(output == "hello\nrefused");
}

TEST_CASE("a poll of this machine") {
  temp_dir dir;
  job_spec job;
  job.job_id = "job";
  job.log_file = dir.path + "/log 'of' $job";
  job.exit_code_file = dir.path + "/exit";
  const std::string log(100'000, 'l');
  std::ofstream(job.log_file) << log;
  std::ofstream(job.exit_code_file) << "0\n";
  runner r;
  const posix_os os;
  const poll_request request{std::string(32, 'f'), 10, 4, 65536};
  remote_command command;
  os.build_poll(job, request, command);
  REQUIRE_FALSE(r.run(command));
  poll_reply reply;
  REQUIRE_FALSE(os.parse_poll(request, r.reply, reply));
  CHECK(reply.bytes.size() == 65540);
  CHECK(reply.log_size == 100'000);
  CHECK(reply.exit_state == exit_code_state::present);
}
