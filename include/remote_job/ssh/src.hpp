// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SRC_HPP
#define REMOTE_JOB_SSH_SRC_HPP

/// Defines all of SSH that is no template; needs libssh2. Included by exactly one source file of a program that defines
/// REMOTE_JOB_SEPARATE_COMPILATION in all of its files, beside remote_job/src.hpp.

#include <remote_job/config.hpp>

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#error "remote_job/ssh/src.hpp is for REMOTE_JOB_SEPARATE_COMPILATION; without it the headers need no source file"
#endif

#include <remote_job/impl/ssh_job_trigger.ipp>
#include <remote_job/ssh/connect/impl/algorithms.ipp>
#include <remote_job/ssh/connect/impl/connect.ipp>
#include <remote_job/ssh/connect/impl/dialer.ipp>
#include <remote_job/ssh/connect/impl/host_key.ipp>
#include <remote_job/ssh/connect/impl/known_hosts.ipp>
#include <remote_job/ssh/connect/impl/known_hosts_file.ipp>
#include <remote_job/ssh/connect/impl/tcp_stream.ipp>
#include <remote_job/ssh/connect/impl/tunnel.ipp>
#include <remote_job/ssh/impl/own_connection.ipp>
#include <remote_job/ssh/impl/session_pool.ipp>
#include <remote_job/ssh/login/impl/agent_client.ipp>
#include <remote_job/ssh/login/impl/agent_login.ipp>
#include <remote_job/ssh/login/impl/authenticate.ipp>
#include <remote_job/ssh/login/impl/interactive_login.ipp>
#include <remote_job/ssh/login/impl/key_login.ipp>
#include <remote_job/ssh/login/impl/login.ipp>
#include <remote_job/ssh/login/impl/password_login.ipp>
#include <remote_job/ssh/openssh/impl/job_options.ipp>
#include <remote_job/ssh/openssh/impl/openssh_config.ipp>
#include <remote_job/ssh/openssh/impl/openssh_options.ipp>
#include <remote_job/ssh/openssh/impl/openssh_output.ipp>
#include <remote_job/ssh/options/impl/identity.ipp>
#include <remote_job/ssh/options/impl/local_user.ipp>
#include <remote_job/ssh/options/impl/open_file.ipp>
#include <remote_job/ssh/options/impl/options.ipp>
#include <remote_job/ssh/options/impl/prompt.ipp>
#include <remote_job/ssh/options/impl/public_key.ipp>
#include <remote_job/ssh/pool/impl/connect_throttle.ipp>
#include <remote_job/ssh/pool/impl/endpoint_pool.ipp>
#include <remote_job/ssh/pool/impl/pool_rules.ipp>
#include <remote_job/ssh/pool/impl/pool_sessions.ipp>
#include <remote_job/ssh/pool/impl/pooled_session.ipp>
#include <remote_job/ssh/pool/impl/same_endpoint.ipp>
#include <remote_job/ssh/pool/impl/shared_connection.ipp>
#include <remote_job/ssh/session/impl/channel_table.ipp>
#include <remote_job/ssh/session/impl/exec.ipp>
#include <remote_job/ssh/session/impl/helper_thread.ipp>
#include <remote_job/ssh/session/impl/keepalive_rule.ipp>
#include <remote_job/ssh/session/impl/libssh2_compat.ipp>
#include <remote_job/ssh/session/impl/server_hello.ipp>
#include <remote_job/ssh/session/impl/session.ipp>
#include <remote_job/ssh/session/impl/shell_channel.ipp>
#include <remote_job/ssh/session/impl/traffic_rule.ipp>
#include <remote_job/ssh/session/impl/wire.ipp>
#include <remote_job/ssh/sftp/impl/sftp_channel.ipp>
#include <remote_job/ssh/sftp/impl/sftp_client.ipp>
#include <remote_job/ssh/sftp/impl/sftp_files.ipp>
#include <remote_job/ssh/sftp/impl/sftp_packets.ipp>
#include <remote_job/ssh/sftp/impl/sftp_read.ipp>
#include <remote_job/ssh/sftp/impl/sftp_task.ipp>
#include <remote_job/ssh/sftp/impl/shared_sftp.ipp>

#endif
