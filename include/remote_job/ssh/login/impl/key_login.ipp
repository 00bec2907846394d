// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_LOGIN_IMPL_KEY_LOGIN_IPP
#define REMOTE_JOB_SSH_LOGIN_IMPL_KEY_LOGIN_IPP

#include <remote_job/ssh/login/key_login.hpp>
#include <remote_job/ssh/login/login.hpp>
#include <remote_job/ssh/options/identity.hpp>
#include <remote_job/ssh/options/local_user.hpp>
#include <remote_job/ssh/options/public_key.hpp>
#include <remote_job/ssh/session/server_hello.hpp>

#include <libssh2.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

key_login::key_login(const ssh_options& options, std::vector<identity_source> identities, std::string user,
                     const std::vector<std::string>& refused, std::function<void()> wake)
    : options_(options),
      identities_(std::move(identities)),
      user_(std::move(user)),
      unused_(options.certificates),
      refused_(refused),
      challenger_(std::move(wake)) {}

login_status key_login::step(session& s) {
  while (s.alive()) {
    if (challenger_.waiting() || s.is_aside()) return login_status::more;
    switch (stage_) {
      case stage::load:
        if (next_ == identities_.size()) {
          for (const auto& file : std::exchange(unused_, {}))
            note_unsupported("certificate " + file + ": it belongs to none of the identities that can be read");
          return login_status::over;
        }
        load();
        continue;
      case stage::probe: {
        const int rc = probe(s);
        if (rc == LIBSSH2_ERROR_EAGAIN) return login_status::more;
        if (welcome_) {
          stage_ = stage::ask;
        } else if (said_no(s, rc, s.last_error())) {
          note_refused(name(), lack());
          next_credential();
        } else {
          note_refused(name());
          return login_status::broken;
        }
        continue;
      }
      case stage::ask: ask(); continue;
      case stage::sign:
        if (!result_) {
          if (sign(s)) continue;
          return login_status::more;
        }
        const int rc = *std::exchange(result_, std::nullopt);
        if (rc == LIBSSH2_ERROR_EAGAIN) return login_status::more;
        if (rc == 0) return login_status::done;
        const auto status = conclude(s, rc);
        if (status != login_status::more) return status;
        continue;
    }
  }
  return login_status::more;
}

std::string key_login::waits_for() const {
  return challenger_.waiting() ? "whoever was asked for the passphrase of " + identities_[next_].name : "";
}

void key_login::load() {
  const auto& identity = identities_[next_];
  std::string why;
  attempt_ = std::make_shared<attempt>();
  attempt_->user = user_;
  attempt_->key = identity.load(why);
  asked_ = 0;
  const auto& key = attempt_->key;
  if (!why.empty()) {
    local_failure(errc::identity_unreadable, "identity " + identity.name + ": " + why);
    return next();
  }
  if (!std::exchange(found_certificates_, true)) find_certificates();
  if (!certificates_.empty()) {
    attempt_->cert = std::move(certificates_.back());
    certificates_.pop_back();
  } else if (!key.print.empty() && std::ranges::count(refused_, key.print) > 0) {
    return next();  // already refused; each try counts toward the server's MaxAuthTries
  }
  if (!key.type.empty() && !is_plain_key(key.type)) {
    note_unsupported("identity " + identity.name + ": " + printable(key.type, 60) + " is for " + over_ssh);
    return next();
  }
  if (!key.lack.empty()) {
    local_failure(errc::identity_unreadable,
                  "identity " + identity.name + ": " + key.lack + ", and no agent has the private one");
    return next();
  }
  if (key.encrypted && !options_.passphrase) {
    local_failure(errc::passphrase_wrong,
                  "identity " + identity.name + ": it is encrypted and no passphrase was given");
    return next();
  }
  welcome_ = false;
  stage_ = !key.encrypted ? stage::sign : key.blob.empty() && !attempt_->cert ? stage::ask : stage::probe;
}

void key_login::find_certificates() {
  has_other_certificate_ = false;
  const auto& key = attempt_->key;
  const auto take = [&](std::optional<certificate> cert) {
    if (detail::libssh2_takes_certificate(key_type_of(cert->blob)))
      certificates_.push_back(*std::move(cert));
    else
      has_other_certificate_ = true;
  };
  // The last one is tried first.
  std::string ignored;
  auto beside = certificate::read(identities_[next_].name + "-cert.pub", ignored);
  if (beside && (key.blob.empty() || beside->is_for(key.blob))) take(std::move(beside));
  for (auto file = options_.certificates.rbegin(); file != options_.certificates.rend(); ++file) {
    auto cert = certificate::read(expand_home(*file), ignored);
    if (!cert || key.blob.empty() || !cert->is_for(key.blob)) continue;
    std::erase(unused_, *file);
    take(std::move(cert));
  }
}

void key_login::next_credential() {
  if (!attempt_->cert) return next();
  attempt_.reset();
  stage_ = stage::load;
}

void key_login::next() {
  ++next_;
  certificates_.clear();
  found_certificates_ = false;
  attempt_.reset();
  stage_ = stage::load;
}

std::string key_login::name() const {
  const auto& key = attempt_->key;
  return "publickey " + identities_[next_].name + (attempt_->cert ? " with its certificate" : "") +
         (key.print.empty() ? std::string() : " (" + key.type + ' ' + key.print + ')');
}

std::string key_login::lack() const {
  if (attempt_->cert) return {};
  if (has_other_certificate_) return std::string(" without its certificate, which is for ") + over_ssh;
  if (!attempt_->key.rsa || detail::libssh2_has_rsa_sha2()) return {};
  return " (libssh2 " + std::string(libssh2_version(0)) +
         " lacks rsa-sha2, without which today's servers refuse any RSA key: use an ed25519 key, "
         "libssh2 1.11 or newer, or " +
         over_ssh + ')';
}

int key_login::probe(session& s) {
  const auto& blob = attempt_->cert ? attempt_->cert->blob : attempt_->key.blob;
  void* self = this;
  return s.call([&] {
    return libssh2_userauth_publickey(s.native(), user_.c_str(), reinterpret_cast<const unsigned char*>(blob.data()),
                                      blob.size(), &key_login::on_libssh2_sign, &self);
  });
}

int key_login::on_libssh2_sign(LIBSSH2_SESSION*, unsigned char**, std::size_t*, const unsigned char*, std::size_t,
                               void** abstract) noexcept {
  static_cast<key_login*>(*abstract)->welcome_ = true;
  return -1;
}

void key_login::ask() {
  const auto& name = identities_[next_].name;
  if (!challenger_.asked()) {
    const auto text = "Passphrase for " + name + ": ";
    return challenger_.ask(options_.passphrase,
                           {ssh_challenge::kind::passphrase, name, {}, {{text, false}}, asked_ + 1});
  }
  ++asked_;
  if (!challenger_.take(attempt_->passphrase)) {
    local_failure(errc::passphrase_wrong, "identity " + name + ": asking for the passphrase failed");
    return next();
  }
  stage_ = stage::sign;
}

bool key_login::sign(session& s) {
  if (!std::exchange(signing_, true)) sent_before_ = s.bytes_sent();
  const auto call = [job = attempt_, &s] {
    return s.call([&] {
      const auto& text = job->key.text;
      const auto shown = job->cert ? std::string_view(job->cert->text) : std::string_view();
      return libssh2_userauth_publickey_frommemory(
          s.native(), job->user.data(), job->user.size(), shown.data(), shown.size(), text.data(), text.size(),
          job->passphrase.list.empty() ? "" : job->passphrase.list.front().c_str());
    });
  };
  if (!attempt_->key.encrypted) {
    result_ = call();
    return true;
  }
  s.run_on_thread(call, [this](int rc) { result_ = rc; });
  return false;
}

login_status key_login::conclude(session& s, int rc) {
  signing_ = false;
  const auto text = s.last_error();
  const bool encrypted = attempt_->key.encrypted;
  attempt_->passphrase.wipe_all();
  if (s.bytes_sent() == sent_before_ || text == "Callback returned error") {
    if (encrypted && asked_ < options_.passphrase.tries(options_.prompts)) {
      stage_ = stage::ask;
      return login_status::more;
    }
    const auto& identity = identities_[next_].name;
    wrong_passphrase_ = wrong_passphrase_ || encrypted;
    if (encrypted)
      local_failure(errc::passphrase_wrong,
                    "identity " + identity + ": it cannot be decrypted with the passphrase given");
    else
      local_failure(errc::identity_unreadable,
                    "identity " + identity + ": it is damaged or of an unsupported kind (" + text + ')');
    next();
    return login_status::more;
  }
  if (!said_no(s, rc, text)) {
    note_refused(name());
    return login_status::broken;
  }
  const auto what = name();
  const auto why = lack();
  next_credential();
  // The server accepted the key before it was signed, so this may have been one factor of several.
  if (text.starts_with("Invalid signature")) return refused(what);
  note_refused(what, why);
  return login_status::more;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
