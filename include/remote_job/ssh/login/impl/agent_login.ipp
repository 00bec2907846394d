// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_LOGIN_IMPL_AGENT_LOGIN_IPP
#define REMOTE_JOB_SSH_LOGIN_IMPL_AGENT_LOGIN_IPP

#include <remote_job/ssh/login/agent_client.hpp>
#include <remote_job/ssh/login/agent_login.hpp>
#include <remote_job/ssh/login/login.hpp>
#include <remote_job/ssh/options/options.hpp>
#include <remote_job/ssh/options/public_key.hpp>
#include <remote_job/ssh/session/libssh2_compat.hpp>
#include <remote_job/ssh/session/server_hello.hpp>
#include <remote_job/ssh/session/session.hpp>

#include <libssh2.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

agent_login::agent_login(const asio::any_io_executor& executor, std::string path, duration limit, std::string user,
                         std::vector<std::string> preferred, bool only_preferred, std::vector<std::string>& refused,
                         std::function<void()> wake)
    : client_(std::make_shared<agent_client>(executor, std::move(path))),
      limit_(limit),
      user_(std::move(user)),
      preferred_(std::move(preferred)),
      only_preferred_(only_preferred),
      refused_(refused),
      wake_(std::move(wake)) {}

login_status agent_login::step(session& s) {
  while (s.alive()) {
    if (client_->waiting()) return login_status::more;
    if (!asked_keys_) {
      asked_keys_ = true;
      client_->ask(agent_protocol::ask_keys(), wake_, limit_);
      continue;
    }
    if (!std::exchange(listed_, true)) choose_keys();
    if (next_ == keys_.size()) return login_status::over;

    const auto& blob = keys_[next_].blob;
    void* self = this;
    const int rc = s.call([&] {
      const int result =
          libssh2_userauth_publickey(s.native(), user_.c_str(), reinterpret_cast<const unsigned char*>(blob.data()),
                                     blob.size(), &agent_login::on_libssh2_sign, &self);
      // Pause: the agent has to answer before another call of libssh2 makes progress.
      return result == LIBSSH2_ERROR_EAGAIN && client_->waiting() ? waiting_for_agent : result;
    });
    if (rc == LIBSSH2_ERROR_EAGAIN || rc == waiting_for_agent) return login_status::more;
    if (rc == 0) return login_status::done;
    const auto text = s.last_error();
    const auto name = key_name(keys_[next_]);
    const bool was_signed = std::exchange(asked_signature_, false);
    if (text == "Callback returned error") {
      ++next_;
      note(name + ": the agent did not sign" + (client_->why().empty() ? "" : " (" + client_->why() + ')'));
      if (!client_->why().empty()) next_ = keys_.size();
    } else if (said_no(s, rc, text)) {
      refused_.push_back(fingerprint(blob));
      ++next_;
      // The server accepted the key before it was signed, so this may have been one factor of several.
      if (was_signed) return refused(name);
      note_refused(name);
    } else {
      note_refused(name);
      return login_status::broken;
    }
  }
  return login_status::more;
}

std::string agent_login::key_name(const agent_protocol::key& key) {
  return "agent key " + printable(key_type_of(key.blob), 60) + ' ' + fingerprint(key.blob) + " (" +
         printable(key.comment, 60) + ')';
}

void agent_login::choose_keys() {
  auto all = client_->answer() ? agent_protocol::keys(*client_->answer()) : std::nullopt;
  if (!all)
    return note("agent " + client_->path() + ": " +
                (client_->why().empty() ? "its answer makes no sense" : client_->why()));
  const auto rank = [&](const agent_protocol::key& key) {
    return std::find(preferred_.begin(), preferred_.end(), fingerprint(key.blob)) - preferred_.begin();
  };
  std::multimap<std::ptrdiff_t, agent_protocol::key> ranked;  // keeps the agent's order among equals
  for (auto& key : *all) {
    const auto place = rank(key);
    if (only_preferred_ && place == std::ssize(preferred_)) continue;
    const auto type = key_type_of(key.blob);
    if (type == "ssh-rsa" && !detail::libssh2_has_rsa_sha2())
      note_unsupported(key_name(key) + " left out: libssh2 " + libssh2_version(0) + " lacks rsa-sha2, use " + over_ssh);
    else if (is_plain_key(type) || detail::libssh2_takes_certificate(type))
      ranked.emplace(place, std::move(key));
    else
      note_unsupported(key_name(key) + " left out: such keys are for " + over_ssh);
  }
  for (auto& each : ranked) keys_.push_back(std::move(each.second));
}

int agent_login::on_libssh2_sign(LIBSSH2_SESSION* session, unsigned char** signature, std::size_t* size,
                                 const unsigned char* data, std::size_t data_size, void** abstract) noexcept {
  auto& self = *static_cast<agent_login*>(*abstract);
  if (!std::exchange(self.asked_signature_, true))
    self.client_->ask(
        agent_protocol::ask_signature(self.keys_[self.next_].blob, {reinterpret_cast<const char*>(data), data_size}),
        self.wake_);
  if (self.client_->waiting()) return LIBSSH2_ERROR_EAGAIN;
  const auto& answer = self.client_->answer();
  const auto made = answer ? agent_protocol::signature(*answer) : std::nullopt;
  if (!made) return -1;
  *signature = static_cast<unsigned char*>(wire::allocate(made->size(), libssh2_session_abstract(session)));
  if (*signature == nullptr) return -1;
  std::memcpy(*signature, made->data(), made->size());
  *size = made->size();
  return 0;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
