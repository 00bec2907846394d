// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_LOGIN_IMPL_PASSWORD_LOGIN_IPP
#define REMOTE_JOB_SSH_LOGIN_IMPL_PASSWORD_LOGIN_IPP

#include <remote_job/ssh/login/login.hpp>
#include <remote_job/ssh/login/password_login.hpp>

#include <libssh2.h>

#include <functional>
#include <string>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

password_login::password_login(const ssh_options& options, std::string user, std::function<void()> wake)
    : options_(options),
      tries_(options.password.tries(options.prompts)),
      user_(std::move(user)),
      challenger_(std::move(wake)) {}

login_status password_login::step(session& s) {
  while (s.alive()) {
    if (challenger_.waiting()) return login_status::more;
    if (password_.list.empty()) {
      if (attempt_ == tries_) return login_status::over;
      if (!challenger_.asked()) {
        const auto subject = user_ + '@' + options_.host;
        challenger_.ask(options_.password,
                        {ssh_challenge::kind::password, subject, {}, {{subject + "'s password: "}}, attempt_ + 1});
        continue;
      }
      ++attempt_;
      if (!challenger_.take(password_)) {
        attempt_ = tries_;
        local_failure(errc::authentication_failed, "no password was given");
        return login_status::over;
      }
    }
    const auto& text = password_.list.front();
    const int rc = s.call([&] {
      return libssh2_userauth_password_ex(s.native(), user_.data(), static_cast<unsigned>(user_.size()), text.data(),
                                          static_cast<unsigned>(text.size()), nullptr);
    });
    if (rc == LIBSSH2_ERROR_EAGAIN) return login_status::more;
    password_.wipe_all();
    if (rc == 0) return login_status::done;
    if (rc == LIBSSH2_ERROR_PASSWORD_EXPIRED) {
      attempt_ = tries_;
      note("the password has expired: log in with ssh to change it");
      return login_status::broken;
    }
    if (!said_no(s, rc, s.last_error())) {
      note_refused("password");
      return login_status::broken;
    }
    // Only the first attempt is checked for being one factor of several: the check costs another failed try.
    if (attempt_ == 1) return refused("password");
    note_refused("password");
  }
  return login_status::more;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
