// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SRC_HPP
#define REMOTE_JOB_SRC_HPP

/// Defines all that is no template and needs only Asio. Included by exactly one source file of a program that defines
/// REMOTE_JOB_SEPARATE_COMPILATION in all of its files; see also remote_job/ssh/src.hpp.

#include <remote_job/config.hpp>

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#error "remote_job/src.hpp is for REMOTE_JOB_SEPARATE_COMPILATION; without it the headers need no source file"
#endif

#include <remote_job/backoff/impl/exponential.ipp>
#include <remote_job/detail/asio/impl/recycled_block.ipp>
#include <remote_job/detail/asio/impl/serial_executor.ipp>
#include <remote_job/detail/asio/impl/shared_call.ipp>
#include <remote_job/detail/asio/impl/shutdown_list.ipp>
#include <remote_job/detail/text/impl/base64.ipp>
#include <remote_job/detail/text/impl/escaped.ipp>
#include <remote_job/detail/text/impl/exit_code.ipp>
#include <remote_job/detail/text/impl/hex.ipp>
#include <remote_job/detail/text/impl/random.ipp>
#include <remote_job/detail/text/impl/seconds.ipp>
#include <remote_job/detail/text/impl/sha256.ipp>
#include <remote_job/detail/text/impl/utf8.ipp>
#include <remote_job/impl/command.ipp>
#include <remote_job/impl/error.ipp>
#include <remote_job/impl/job.ipp>
#include <remote_job/impl/job_command.ipp>
#include <remote_job/impl/job_paths.ipp>
#include <remote_job/impl/lifecycle.ipp>
#include <remote_job/impl/local_job_trigger.ipp>
#include <remote_job/kept_shell/detail/impl/kept_shell.ipp>
#include <remote_job/kept_shell/detail/impl/shell_rules.ipp>
#include <remote_job/loopback/detail/impl/virtual_clock.ipp>
#include <remote_job/loopback/impl/host.ipp>
#include <remote_job/loopback/impl/jobs.ipp>
#include <remote_job/loopback/impl/virtual_timer.ipp>
#include <remote_job/os_policy/detail/impl/framing.ipp>
#include <remote_job/os_policy/detail/impl/lifecycle_frames.ipp>
#include <remote_job/os_policy/detail/impl/posix_commands.ipp>
#include <remote_job/os_policy/detail/impl/posix_kept_shell.ipp>
#include <remote_job/os_policy/detail/impl/posix_script.ipp>
#include <remote_job/os_policy/detail/impl/powershell.ipp>
#include <remote_job/os_policy/detail/impl/quoting.ipp>
#include <remote_job/os_policy/detail/impl/slurm_queue.ipp>
#include <remote_job/os_policy/detail/impl/windows_commands.ipp>
#include <remote_job/os_policy/detail/impl/windows_script.ipp>
#include <remote_job/os_policy/impl/loopback.ipp>
#include <remote_job/os_policy/impl/posix.ipp>
#include <remote_job/os_policy/impl/slurm.ipp>
#include <remote_job/os_policy/impl/windows.ipp>
#include <remote_job/simulation/detail/impl/truth.ipp>
#include <remote_job/simulation/detail/impl/witness.ipp>
#include <remote_job/simulation/detail/impl/world.ipp>
#include <remote_job/simulation/impl/story.ipp>
#include <remote_job/sink/impl/file.ipp>
#include <remote_job/sink/impl/ostream.ipp>
#include <remote_job/sink/impl/recording.ipp>
#include <remote_job/transport/detail/impl/child_process.ipp>
#include <remote_job/transport/detail/impl/loopback_steps.ipp>
#include <remote_job/transport/detail/impl/openssh_failure.ipp>
#include <remote_job/transport/detail/impl/process_backend.ipp>
#include <remote_job/transport/detail/impl/running_command.ipp>
#include <remote_job/transport/detail/impl/shell_process.ipp>
#include <remote_job/transport/impl/loopback.ipp>
#include <remote_job/transport/impl/openssh.ipp>
#include <remote_job/transport/impl/process_pool.ipp>
#include <remote_job/watch/detail/rules/impl/call_fsm.ipp>
#include <remote_job/watch/detail/rules/impl/chunk_size.ipp>
#include <remote_job/watch/detail/rules/impl/failure_budget.ipp>
#include <remote_job/watch/detail/rules/impl/file_fault_grace.ipp>
#include <remote_job/watch/detail/rules/impl/file_poll.ipp>
#include <remote_job/watch/detail/rules/impl/log_position.ipp>
#include <remote_job/watch/detail/rules/impl/lost_job_rule.ipp>
#include <remote_job/watch/detail/rules/impl/messages.ipp>
#include <remote_job/watch/detail/rules/impl/missing_files_rule.ipp>
#include <remote_job/watch/detail/rules/impl/poll_pause.ipp>
#include <remote_job/watch/detail/rules/impl/proc_liveness.ipp>
#include <remote_job/watch/detail/rules/impl/queue_rule.ipp>
#include <remote_job/watch/detail/rules/impl/watch_fsm.ipp>
#include <remote_job/watch/detail/rules/impl/watch_state.ipp>
#include <remote_job/watch/detail/run/impl/census_board.ipp>
#include <remote_job/watch/detail/run/impl/exchanges.ipp>
#include <remote_job/watch/detail/run/impl/run_texts.ipp>

#endif
