// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_AUTHENTICATE_HPP
#define REMOTE_JOB_SSH_AUTHENTICATE_HPP

#include <remote_job/ssh/agent_login.hpp>
#include <remote_job/ssh/identity.hpp>
#include <remote_job/ssh/options.hpp>
#include <remote_job/ssh/session.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace remote_job::inline v0::ssh {

/// Logs in as OpenSSH does: with the agent's keys, first those that are among the identities of the options, then with the
/// identities' files, one after the other. A state machine: stepped until it has a result, and whenever `wake` is called.
class authenticator {
 public:
  enum class status { more, done, failed };

  authenticator(const asio::any_io_executor& executor, const ssh_options& options, std::string user,
                std::function<void()> wake)
      : options_(options), user_(std::move(user)) {
    find_files();
    const char* usual = std::getenv("SSH_AUTH_SOCK");
    const auto path = options.agent.empty() ? std::string(usual == nullptr ? "" : usual) : expand_home(options.agent);
    if (path.empty() || path == "none") return;
    std::vector<std::string> preferred;
    for (const auto& file : files_) {
      std::string ignored;
      if (auto print = private_key::read(file, ignored).print; !print.empty()) preferred.push_back(std::move(print));
    }
    agent_.emplace(executor, path, user_, std::move(preferred), options.identities_only, std::move(wake));
    stage_ = stage::agent;
  }

  status step(session& s) {
    while (s.alive()) {
      if (stage_ == stage::agent) {
        const auto result = agent_->step(s);
        if (result == agent_login::status::more) return status::more;
        if (result == agent_login::status::done) return status::done;
        for (const auto& each : agent_->notes()) add(each);
        any_refused_ = !agent_->refused().empty();
        if (result == agent_login::status::broken) return broken(s);
        stage_ = stage::key;
        continue;
      }
      if (stage_ == stage::key && !trying_) {
        if (next_ == files_.size()) {
          stage_ = stage::methods;
        } else if (!prepare(s)) {
          ++next_;
        }
        continue;
      }
      if (stage_ == stage::methods) return ask_methods(s);

      const int rc = s.call([&] {
        return libssh2_userauth_publickey_frommemory(s.native(), user_.data(), user_.size(), nullptr, 0,
                                                     key_.text.data(), key_.text.size(), passphrase_.c_str());
      });
      if (rc == LIBSSH2_ERROR_EAGAIN) return status::more;
      const auto text = rc == 0 ? std::string() : s.last_error();
      const bool was_sent = s.bytes_sent() != sent_before_;
      const auto file = files_[next_++];
      trying_ = false;
      wipe(passphrase_);
      const auto key = std::exchange(key_, {});
      if (rc == 0) return status::done;
      if (!was_sent || text == "Callback returned error") {
        unusable(file, key, text);
      } else if ((rc == LIBSSH2_ERROR_AUTHENTICATION_FAILED || rc == LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED) &&
                 s.farewell().empty() && !text.starts_with("Waiting for")) {
        refused(file, key);
      } else {
        add("publickey " + file + " refused");
        return broken(s);
      }
    }
    return status::more;
  }

  /// When failed: why, and the methods tried.
  std::error_code error() const noexcept { return error_; }
  const std::string& why() const noexcept { return tried_; }
  /// While it is not the server that is waited for: who.
  std::string waits_for() const {
    return agent_ && agent_->waits_for_agent() ? "the agent " + agent_->path() : std::string();
  }
  /// Waits for nobody any more.
  void close() noexcept {
    if (agent_) agent_->close();
  }

  ~authenticator() { wipe(passphrase_); }
  authenticator(const authenticator&) = delete;
  authenticator& operator=(const authenticator&) = delete;

 private:
  enum class stage { agent, key, methods };

  void find_files() {
    for (const auto& identity : options_.identities) files_.push_back(expand_home(identity.file));
    if (!files_.empty()) return;
    const auto home = local_user::current().home;
    for (const char* name : {"/.ssh/id_ed25519", "/.ssh/id_ecdsa", "/.ssh/id_rsa"})
      if (auto* file = std::fopen((home + name).c_str(), "rb")) {
        std::fclose(file);
        files_.push_back(home + name);
      }
  }

  /// Loads the next key and its passphrase; false when it cannot be used.
  bool prepare(session& s) {
    const auto& file = files_[next_];
    std::string why;
    key_ = private_key::read(file, why);
    if (!why.empty()) {
      local_failure(errc::identity_unreadable, "identity " + file + ": " + why);
      return false;
    }
    // The agent has tried this very key; each try counts for the server's MaxAuthTries.
    if (agent_ && !key_.print.empty() && std::ranges::count(agent_->refused(), key_.print) > 0) return false;
    if (key_.encrypted) {
      if (!options_.passphrase) {
        local_failure(errc::passphrase_wrong, "identity " + file + ": it is encrypted and no passphrase was given");
        return false;
      }
      // Whatever the user's code throws must not pass through the session's loop.
      try {
        passphrase_ = options_.passphrase(file);
      } catch (...) {
        local_failure(errc::passphrase_wrong, "identity " + file + ": asking for the passphrase failed");
        return false;
      }
    }
    sent_before_ = s.bytes_sent();
    trying_ = true;
    return true;
  }

  void unusable(const std::string& file, const private_key& key, const std::string& text) {
    if (key.encrypted)
      local_failure(errc::passphrase_wrong, "identity " + file + ": it cannot be decrypted with the passphrase given");
    else
      local_failure(errc::identity_unreadable,
                    "identity " + file + ": it is damaged or of an unsupported kind (" + text + ')');
  }

  void refused(const std::string& file, const private_key& key) {
    any_refused_ = true;
    std::string text = "publickey " + file;
    if (!key.print.empty()) text += " (" + key.type + ' ' + key.print + ')';
    text += " refused";
    if (key.rsa && !detail::libssh2_has_rsa_sha2())
      text += " (libssh2 " + std::string(libssh2_version(0)) +
              " lacks rsa-sha2, without which today's servers refuse any RSA key: use an ed25519 key, "
              "libssh2 1.11 or newer, or process_transport over ssh)";
    add(text);
  }

  void local_failure(errc e, const std::string& text) {
    if (!error_) error_ = e;
    add(text);
  }

  void add(const std::string& text) { tried_ += (tried_.empty() ? "" : "; ") + text; }

  /// The server ended the connection: it may have had too many keys, which no retry can mend.
  status broken(session& s) {
    if (s.farewell().find("authentication failures") == std::string::npos) {
      s.fail("the connection broke during authentication");
      return status::more;
    }
    add("the server says: " + s.farewell());
    error_ = errc::authentication_failed;
    return status::failed;
  }

  /// All keys are used up. Asks which methods the server would take, for the message; it may even want none.
  status ask_methods(session& s) {
    const char* list = nullptr;
    const int rc = s.call([&] {
      list = libssh2_userauth_list(s.native(), user_.data(), static_cast<unsigned>(user_.size()));
      return list != nullptr || libssh2_userauth_authenticated(s.native()) ? 0 : libssh2_session_last_errno(s.native());
    });
    if (rc == LIBSSH2_ERROR_EAGAIN) return status::more;
    if (list == nullptr && libssh2_userauth_authenticated(s.native())) return status::done;
    if (files_.empty()) add("no identity was given, and there is none of the usual ones");
    if (list != nullptr) add("the server takes " + printable(list));
    if (any_refused_ || !error_) error_ = errc::authentication_failed;
    return status::failed;
  }

  const ssh_options& options_;
  std::string user_;
  std::optional<agent_login> agent_;
  std::vector<std::string> files_;
  std::size_t next_ = 0;
  stage stage_ = stage::key;
  bool trying_ = false;
  bool any_refused_ = false;
  private_key key_;
  std::string passphrase_;
  std::size_t sent_before_ = 0;
  std::error_code error_;
  std::string tried_;
};

}  // namespace remote_job::inline v0::ssh

#endif
