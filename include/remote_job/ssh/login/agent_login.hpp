// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_LOGIN_AGENT_LOGIN_HPP
#define REMOTE_JOB_SSH_LOGIN_AGENT_LOGIN_HPP

#include <remote_job/job.hpp>
#include <remote_job/ssh/login/agent_client.hpp>
#include <remote_job/ssh/login/login.hpp>
#include <remote_job/ssh/session/session.hpp>

#include <libssh2.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

/// Logs in with the keys of an ssh-agent. A state machine: step() is called whenever `wake` is called, until there is a
/// result.
class agent_login final : public login_method {
 public:
  /// `preferred`: fingerprints of the keys to try first, in this order; with `only_preferred`, no other key is tried.
  /// The fingerprints of the keys that the server refused are added to `refused`. `limit`: until the agent has listed
  /// its keys; for a signature it may have to ask its user.
  REMOTE_JOB_DECL agent_login(const asio::any_io_executor& executor, std::string path, duration limit, std::string user,
                              std::vector<std::string> preferred, bool only_preferred,
                              std::vector<std::string>& refused, std::function<void()> wake);

  ~agent_login() override { client_->close(); }

  REMOTE_JOB_DECL login_status step(session& s) override;

  std::string waits_for() const override { return client_->waiting() ? "the agent " + client_->path() : std::string(); }

  void close() noexcept override { client_->close(); }

 private:
  static constexpr int waiting_for_agent = 1;

  REMOTE_JOB_DECL static std::string key_name(const agent_protocol::key& key);

  /// Selects the agent's keys that libssh2 supports, in the order to try them.
  REMOTE_JOB_DECL void choose_keys();

  /// libssh2 calls this repeatedly until the agent has answered. libssh2 then owns the memory of the signature.
  REMOTE_JOB_DECL static int on_libssh2_sign(LIBSSH2_SESSION*, unsigned char** signature, std::size_t* size,
                                             const unsigned char* data, std::size_t data_size,
                                             void** abstract) noexcept;

  std::shared_ptr<agent_client> client_;
  duration limit_;
  std::string user_;
  std::vector<std::string> preferred_;
  bool only_preferred_;
  std::vector<std::string>& refused_;
  std::function<void()> wake_;
  bool asked_keys_ = false;
  bool listed_ = false;
  bool asked_signature_ = false;
  std::vector<agent_protocol::key> keys_;
  std::size_t next_ = 0;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/login/impl/agent_login.ipp>
#endif

#endif
