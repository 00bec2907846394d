// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_LOGIN_KEY_LOGIN_HPP
#define REMOTE_JOB_SSH_LOGIN_KEY_LOGIN_HPP

#include <remote_job/ssh/login/login.hpp>
#include <remote_job/ssh/options/identity.hpp>
#include <remote_job/ssh/options/public_key.hpp>

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
/// If the format of an encrypted key shows the public key, the server is asked to accept it before the passphrase is
/// requested. libssh2 decrypts the key twice per login, about a tenth of a second each time, so this runs on a helper
/// thread.
class key_login final : public login_method {
 public:
  /// `refused`: fingerprints of keys to skip. Calls `wake` on any thread.
  REMOTE_JOB_DECL key_login(const ssh_options& options, std::vector<identity_source> identities, std::string user,
                            const std::vector<std::string>& refused, std::function<void()> wake);

  REMOTE_JOB_DECL login_status step(session& s) override;
  REMOTE_JOB_DECL std::string waits_for() const override;
  bool secret_refused() const noexcept override { return wrong_passphrase_; }
  void close() noexcept override { challenger_.close(); }

 private:
  enum class stage { load, probe, ask, sign };

  /// Data for a call on the helper thread, which may outlive this object for a moment.
  struct attempt {
    private_key key;
    std::optional<certificate> cert;  // to be shown instead of the public key
    secrets passphrase;
    std::string user;
  };

  REMOTE_JOB_DECL void load();
  /// Goes on with the next identity.
  REMOTE_JOB_DECL void next();
  /// Goes on with what else there is of this identity.
  REMOTE_JOB_DECL void next_credential();
  REMOTE_JOB_DECL void find_certificates();
  REMOTE_JOB_DECL std::string name() const;
  /// What libssh2 lacks that may be the reason why the server has refused the key; empty if nothing.
  REMOTE_JOB_DECL std::string lack() const;

  /// Asks the server whether it would accept the key (RFC 4252, section 7), without signing.
  REMOTE_JOB_DECL int probe(session& s);

  REMOTE_JOB_DECL static int on_libssh2_sign(LIBSSH2_SESSION*, unsigned char**, std::size_t*, const unsigned char*,
                                             std::size_t, void** abstract) noexcept;

  REMOTE_JOB_DECL void ask();

  /// Returns false while there is no result.
  REMOTE_JOB_DECL bool sign(session& s);
  REMOTE_JOB_DECL login_status conclude(session& s, int rc);

  const ssh_options& options_;
  std::vector<identity_source> identities_;
  std::string user_;
  std::vector<std::string> unused_;  // of the certificates
  const std::vector<std::string>& refused_;
  challenger challenger_;
  std::size_t next_ = 0;
  stage stage_ = stage::load;
  std::shared_ptr<attempt> attempt_;
  std::vector<certificate> certificates_;  // of this identity, yet to be tried; the last one first
  bool found_certificates_ = false;
  bool has_other_certificate_ = false;
  unsigned asked_ = 0;
  bool welcome_ = false;
  bool signing_ = false;
  bool wrong_passphrase_ = false;
  std::size_t sent_before_ = 0;
  std::optional<int> result_;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/login/impl/key_login.ipp>
#endif

#endif
