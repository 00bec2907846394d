// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_LOGIN_KEY_LOGIN_HPP
#define REMOTE_JOB_SSH_LOGIN_KEY_LOGIN_HPP

#include <remote_job/ssh/login/login.hpp>
#include <remote_job/ssh/options/identity.hpp>

#include <libssh2.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

/// Logs in with the identities of the options, one after the other.
///
/// An encrypted key is shown to the server before anybody is asked for its passphrase, where its format tells the
/// public key. libssh2 decrypts it twice for one login, each time for about a tenth of a second: that is done aside.
class key_login final : public login_method {
 public:
  /// `refused`: fingerprints of keys that need not be tried any more. `wake` is called on any thread.
  REMOTE_JOB_DECL key_login(const ssh_options& options, std::vector<identity_source> identities, std::string user,
                            const std::vector<std::string>& refused, std::function<void()> wake);

  REMOTE_JOB_DECL login_status step(session& s) override;
  REMOTE_JOB_DECL std::string waits_for() const override;
  void close() noexcept override { challenger_.close(); }

 private:
  enum class stage { load, probe, ask, sign };

  /// What a call on another thread needs: it may go on for a moment after this object's end.
  struct attempt {
    private_key key;
    secrets passphrase;
    std::string user;
  };

  REMOTE_JOB_DECL void load();
  REMOTE_JOB_DECL void next();
  REMOTE_JOB_DECL std::string name() const;
  REMOTE_JOB_DECL std::string hint() const;

  /// Asks whether the key would do (RFC 4252, section 7), and goes no further.
  REMOTE_JOB_DECL int probe(session& s);

  REMOTE_JOB_DECL static int on_libssh2_sign(LIBSSH2_SESSION*, unsigned char**, std::size_t*, const unsigned char*,
                                             std::size_t, void** abstract) noexcept;

  REMOTE_JOB_DECL void ask();

  /// False when there is no result yet.
  REMOTE_JOB_DECL bool sign(session& s);
  REMOTE_JOB_DECL login_status conclude(session& s, int rc);

  const ssh_options& options_;
  std::vector<identity_source> identities_;
  std::string user_;
  const std::vector<std::string>& refused_;
  challenger challenger_;
  std::size_t next_ = 0;
  stage stage_ = stage::load;
  std::shared_ptr<attempt> attempt_;
  unsigned asked_ = 0;
  bool welcome_ = false;
  bool signing_ = false;
  std::size_t sent_before_ = 0;
  std::optional<int> result_;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/login/impl/key_login.ipp>
#endif

#endif
