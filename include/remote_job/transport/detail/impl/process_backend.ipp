// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_TRANSPORT_DETAIL_IMPL_PROCESS_BACKEND_IPP
#define REMOTE_JOB_TRANSPORT_DETAIL_IMPL_PROCESS_BACKEND_IPP

#include <remote_job/detail/text/escaped.hpp>
#include <remote_job/error.hpp>
#include <remote_job/transport/detail/openssh_failure.hpp>
#include <remote_job/transport/detail/process_backend.hpp>
#include <remote_job/transport/detail/running_command.hpp>
#include <remote_job/transport/detail/shell_process.hpp>

#ifndef _WIN32

#include <asio/error.hpp>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

void process_backend::connect(any_completion completion) {
  std::error_code error;
  diagnostics_.clear();
  if (prefix_.empty())
    error = not_found("no program was given");
  else if (!program_exists(prefix_.front()))
    error = not_found("no such program");
  completion.post(error);
}

void process_backend::execute(const remote_command& command, command_reply& reply, any_completion completion) {
  diagnostics_.clear();
  if (!keep_shell_ || command.shell.prelude.empty() || prefix_.empty())
    return execute_alone(command, reply, std::move(completion));
  if (!shell_) shell_ = std::make_shared<kept_shell>(executor_, shell_limits());
  if (!shell_->attached()) shell_->use(std::make_shared<shell_process>(executor_, prefix_, shell_));
  asker_->execute(shell_, command, reply, std::move(completion));
}

void process_backend::execute_alone(const remote_command& command, command_reply& reply, any_completion completion) {
  reply.clear();
  if (prefix_.empty()) return completion.post(not_found("no program was given"));
  auto running = std::make_shared<running_command>(shared_from_this(), command, reply);
  std::erase_if(commands_, [](const auto& each) { return each.expired(); });
  commands_.push_back(running);
  std::error_code error;
  try {
    error = running->start(prefix_, completion);
  } catch (...) {
    running->abort();  // the reply is not touched any more
    throw;
  }
  if (error) completion.post(judge_start(error));
}

void process_backend::close() noexcept {
  asker_->leave();
  if (shell_ && !pooled_) shell_->close(asio::error::operation_aborted, "closed");
  for (const auto& each : std::exchange(commands_, {}))
    if (const auto running = each.lock()) running->abort();
}

std::vector<std::string> process_backend::notices() const {
  std::vector<std::string> all;
  asker_->add_notice(all);
  return all;
}

bool process_backend::is_ssh() const {
  const std::string_view program = prefix_.front();
  return program.substr(program.find_last_of('/') + 1) == "ssh";
}

remote_account process_backend::account() const {
  // Words behind the host would be a program of its own, with exit statuses of its own.
  if (prefix_.size() < 3 || !is_ssh() || prefix_.back() != "--") return {};
  remote_account account;
  account.host = prefix_[prefix_.size() - 2];
  account.test = prefix_.front();
  for (std::size_t i = 1; i + 2 < prefix_.size(); ++i) {
    if (prefix_[i] == "-l") account.user = prefix_[i + 1];
    if (prefix_[i] == "-F" || prefix_[i] == "-l" || prefix_[i] == "-p")
      account.test += ' ' + prefix_[i] + ' ' + prefix_[i + 1];
  }
  account.test += ' ' + account.host + " true";
  return account;
}

std::string process_backend::endpoint() const {
  std::string words;
  for (const auto& word : prefix_) words.append(std::to_string(word.size())).append(":").append(word);
  return words;
}

std::error_code process_backend::not_found(const std::string& why) {
  diagnostics_ = "cannot start '" + (prefix_.empty() ? "" : prefix_.front()) + "': " + why;
  return errc::program_not_found;
}

std::error_code process_backend::judge_start(std::error_code error) {
  for (const auto missing :
       {std::errc::no_such_file_or_directory, std::errc::permission_denied, std::errc::not_a_directory,
        std::errc::is_a_directory, std::errc::too_many_symbolic_link_levels, std::errc::executable_format_error})
    if (error == missing) return not_found(error.message());
  diagnostics_ = "cannot start '" + prefix_.front() + "': " + error.message();
  return error;
}

std::error_code process_backend::judge_end(std::error_code error, const child_process& child,
                                           const command_reply& reply) {
  diagnostics_.clear();
  const bool failed = child.signal() != 0 || reply.exit_status.value_or(0) != 0;
  if (error == asio::error::operation_aborted || (!error && !failed)) return error;

  std::string_view text = reply.error_output;
  text = text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
  text.remove_prefix(text.find_last_of('\n') + 1);
  diagnostics_ = prefix_.front() + ": ";
  if (!text.empty())
    diagnostics_ += printable(text, command_reply::max_error_output);
  else if (reply.exit_status)
    diagnostics_ += "ended with status " + std::to_string(*reply.exit_status);
  else if (child.signal() != 0)
    diagnostics_ += "killed by signal " + std::to_string(child.signal());
  else
    diagnostics_ += error.message();
  if (!error && reply.exit_status == 255 && is_ssh()) return openssh_failure(reply.error_output);
  return error;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif  // _WIN32

#endif
