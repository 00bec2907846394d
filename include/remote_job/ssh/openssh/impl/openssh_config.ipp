// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_OPENSSH_IMPL_OPENSSH_CONFIG_IPP
#define REMOTE_JOB_SSH_OPENSSH_IMPL_OPENSSH_CONFIG_IPP

#include <remote_job/detail/text/saturating_add.hpp>
#include <remote_job/error.hpp>
#include <remote_job/ssh/connect/algorithms.hpp>
#include <remote_job/ssh/openssh/openssh_config.hpp>
#include <remote_job/ssh/openssh/openssh_options.hpp>
#include <remote_job/ssh/openssh/openssh_output.hpp>
#include <remote_job/ssh/options/local_user.hpp>
#include <remote_job/ssh/options/options.hpp>
#include <remote_job/ssh/session/server_hello.hpp>
#include <remote_job/transport/process.hpp>

#include <asio/io_context.hpp>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

openssh_surroundings surroundings() {
  const auto user = local_user::current();
  char machine[256] = {};
  ::gethostname(machine, sizeof machine - 1);
  return {user.home,
          user.name,
          std::to_string(::getuid()),
          machine,
          [](const std::string& file) { return ::access(file.c_str(), F_OK) == 0; },
          [](const std::string& name) {
            const char* value = std::getenv(name.c_str());
            return std::string(value == nullptr ? "" : value);
          },
          &local_user::home_of};
}

ssh_options from_openssh(std::string_view alias, const openssh_query& query, bool may_jump, int depth) {
  const auto failed = [&](std::error_code ec, const std::string& why) {
    return std::system_error(ec, "host " + printable(alias) + ": " + why);
  };
  const auto is_name = [](std::string_view text) {
    return !text.starts_with('-') && std::none_of(text.begin(), text.end(), [](char c) {
      return static_cast<unsigned char>(c) <= ' ' || c == 127;
    });
  };
  if (alias.empty() || !is_name(alias)) throw failed(errc::invalid_argument, "this is no host name");
  if (!is_name(query.user)) throw failed(errc::invalid_argument, "user is no user name");

  std::vector<std::string> prefix = {query.program, "-G", "-T"};
  if (!query.config_file.empty()) prefix.insert(prefix.end(), {"-F", query.config_file});
  if (!query.user.empty()) prefix.insert(prefix.end(), {"-l", query.user});
  if (query.port != 0) prefix.insert(prefix.end(), {"-p", std::to_string(query.port)});
  prefix.push_back("--");

  asio::io_context context(1);
  basic_process_transport<asio::io_context::executor_type> program(context.get_executor(), prefix);
  remote_command command;
  command.command = alias;
  command.max_output = 1024 * 1024;
  command_reply reply;
  std::optional<std::error_code> result;
  program.async_execute(command, reply, [&](std::error_code ec) { result = ec; });
  context.run_until(detail::saturating_add(std::chrono::steady_clock::now(), query.timeout));
  const bool timed_out = !result;
  if (timed_out) {
    program.close();
    context.restart();
    context.run_for(std::chrono::seconds(1));  // until the killed process is reaped
    throw failed(errc::resolve_timeout,
                 "ssh -G did not end in time; does its configuration run a program (Match exec)?");
  }
  if (*result == errc::program_not_found || (*result && *result != errc::connection_lost))
    throw failed(*result, program.diagnostics());
  if (reply.exit_status != 0)
    throw failed(
        errc::invalid_argument,
        "ssh -G failed: " + (reply.error_output.empty() ? program.diagnostics() : printable(reply.error_output)));

  std::string why;
  const openssh_output output(reply.output);
  openssh_reader reader(output, surroundings());
  auto options = reader.read(why);
  if (!options) throw failed(reader.error(), why);
  if (const auto none = leave_out_unknown(options->algorithms); !none.empty())
    throw failed(errc::ssh_config_unsupported, "its configuration allows " + none + ": use " + over_ssh);
  if (!may_jump) return *std::move(options);
  // As ssh does: look up all jump hosts, but apply only the first one's own ProxyJump.
  static constexpr int most_depth = 8;
  for (const auto& text : split_names(output.value("proxyjump"))) {
    const auto hop = jump_name::parse(text);
    if (!hop) throw failed(errc::invalid_argument, "its ProxyJump names " + printable(text) + ", which is no host");
    if (depth == most_depth) throw failed(errc::invalid_argument, "its ProxyJump leads through too many hosts");
    auto next = query;
    next.user = hop->user;
    next.port = hop->port;
    options->jump_hosts.push_back(from_openssh(hop->host, next, options->jump_hosts.empty(), depth + 1));
  }
  return *std::move(options);
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

namespace remote_job::inline REMOTE_JOB_ABI {

REMOTE_JOB_DECL ssh_options ssh_options::from_openssh(std::string_view alias, const openssh_query& query) {
  return ssh::from_openssh(alias, query, true, 0);
}

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
