// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_CONNECT_IMPL_HOST_KEY_IPP
#define REMOTE_JOB_SSH_CONNECT_IMPL_HOST_KEY_IPP

#include <remote_job/detail/text/base64.hpp>
#include <remote_job/ssh/connect/host_key.hpp>
#include <remote_job/ssh/connect/known_hosts.hpp>
#include <remote_job/ssh/connect/known_hosts_file.hpp>
#include <remote_job/ssh/options/local_user.hpp>
#include <remote_job/ssh/options/open_file.hpp>
#include <remote_job/ssh/options/options.hpp>
#include <remote_job/ssh/options/public_key.hpp>
#include <remote_job/ssh/session/libssh2_compat.hpp>
#include <remote_job/ssh/session/server_hello.hpp>

#include <libssh2.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

void host_key_checker::load() {
  if (!options_.fingerprints.empty() || options_.host_keys == host_key_policy::insecure_accept_any) return;
  const bool adds = options_.host_keys != host_key_policy::strict;
  const bool given = !options_.known_hosts.empty();
  if (given)
    for (const auto& file : options_.known_hosts) files_.push_back(expand_home(file));
  else
    files_ = {local_user::current().home + "/.ssh/known_hosts", "/etc/ssh/ssh_known_hosts"};
  for (const auto& file : files_) {
    const auto ec = known_.read(file);
    const bool may_be_absent = !given || (adds && &file == &files_.front());
    if (!ec || unread_ || (may_be_absent && ec == std::errc::no_such_file_or_directory)) continue;
    unread_ = ec;
    unread_why_ = "known-hosts file " + file + ": " + file_message(ec);
  }
  notices_ = known_.notices();
  if (!unread_why_.empty() && options_.host_keys == host_key_policy::insecure_accept_changed) {
    notices_.push_back(std::exchange(unread_why_, {}));
    unread_.clear();
  }
}

std::string host_key_checker::preference(const std::vector<std::string>& supported) const {
  std::string first;
  std::string last;
  for (const auto& algorithm : supported) {
    const auto type = key_type(algorithm);
    const bool is_known = std::any_of(known_.keys().begin(), known_.keys().end(),
                                      [&](const known_host_key& key) { return !key.revoked && key.type == type; });
    auto& list = is_known ? first : last;
    list += (list.empty() ? "" : ",") + algorithm;
  }
  return first + (first.empty() || last.empty() ? "" : ",") + last;
}

std::string_view host_key_checker::key_type(std::string_view algorithm) {
  return algorithm == "rsa-sha2-256" || algorithm == "rsa-sha2-512" ? std::string_view("ssh-rsa") : algorithm;
}

std::error_code host_key_checker::check(std::string_view blob, std::string_view digest) {
  const auto type = key_type_of(blob);
  const auto shown = printable(type, 60) + ' ' + fingerprint(blob);
  if (!options_.fingerprints.empty()) {
    const auto print = "SHA256:" + detail::base64_unpadded(digest);
    for (const auto& each : options_.fingerprints)
      if (!digest.empty() && each == print) return {};
    why_ = "the host key is " + shown + ", not the one expected:";
    for (const auto& each : options_.fingerprints) why_ += ' ' + each;
    return errc::host_key_changed;
  }
  if (options_.host_keys == host_key_policy::insecure_accept_any) return {};
  const auto [verdict, entry] = known_.check(type, blob);
  errc problem{};
  switch (verdict) {
    case known_hosts::verdict::unknown: return new_host(type, blob, shown);
    case known_hosts::verdict::match:
      why_ = unread_why_;
      return unread_ ? std::error_code(errc::known_hosts_unreadable) : std::error_code();
    case known_hosts::verdict::revoked:
      why_ =
          entry->blob.empty()
              ? place(*entry) + " revokes a key and cannot be read, so that no host key is accepted: correct the line"
              : "the host key " + shown + " is marked as revoked in " + place(*entry);
      problem = errc::host_key_revoked;
      break;
    case known_hosts::verdict::changed:
      why_ = "THE HOST KEY HAS CHANGED: the host shows " + shown + ", but " + place(*entry) + " holds " + entry->type +
             ' ' + fingerprint(entry->blob) +
             ". Somebody may be listening in, or the host was set up anew. If that is so, remove the line.";
      problem = errc::host_key_changed;
      break;
  }
  if (options_.host_keys != host_key_policy::insecure_accept_changed) return problem;
  distrusted_ = true;
  notices_.push_back(why_ + " It is accepted all the same, as the policy says, but no password is sent.");
  return {};
}

std::error_code host_key_checker::new_host(std::string_view type, std::string_view blob, const std::string& shown) {
  const bool any = options_.host_keys == host_key_policy::insecure_accept_changed;
  why_ = unknown_text(shown);
  if (unread_ && unread_ != std::errc::no_such_file_or_directory) return errc::known_hosts_unreadable;
  // A host that is known by another kind of key is no new one: whoever sits between could show that kind only.
  if (options_.host_keys == host_key_policy::strict || unread_ || (known_.speaks_for_host() && !any))
    return errc::host_key_unknown;
  const auto& file = files_.front();
  std::string problem;
  if (file == "/dev/null") {
    notices_.push_back("accepted the host key of " + known_.name() + ", " + shown + ", without keeping it");
  } else if (add_known_host(file, nothing_known(), type, blob, problem, any)) {
    notices_.push_back(file + ": added the host key of " + known_.name() + ", " + shown);
  } else {
    why_ += "; " + problem;
    if (!any) return errc::host_key_unknown;
    notices_.push_back("accepted the host key of " + known_.name() + ", " + shown + "; " + problem);
  }
  return {};
}

std::string host_key_checker::unknown_text(const std::string& shown) const {
  std::string text = "host " + known_.name() + " is not known: its key " + shown + " is not in";
  for (const auto& file : files_) text += (&file == &files_.front() ? " " : " or ") + file;
  if (!unread_why_.empty()) text += "; " + unread_why_;
  bool others = false;
  bool usable = false;
  for (const auto& key : known_.keys()) {
    if (key.revoked) continue;
    text += "; " + place(key) + " holds " + key.type + ' ' + fingerprint(key.blob);
    others = true;
    usable = usable || key.type != "ssh-rsa" || detail::libssh2_has_rsa_sha2();
  }
  if (others && !usable)
    text +=
        ". libssh2 " + std::string(libssh2_version(0)) +
        " cannot use the RSA key of today's servers: note the host's ed25519 or ecdsa key as well (ssh-keyscan), use "
        "libssh2 1.11 or newer, or " +
            over_ssh;
  else if (options_.host_keys == host_key_policy::strict)
    text +=
        ". If that is its key, connect once with ssh, or name the key (ssh_options::fingerprints, rjob "
        "--fingerprint), or let new hosts be added (host_key_policy::accept_new, rjob --host-key-policy accept-new)";
  return text;
}

known_hosts host_key_checker::nothing_known() const {
  if (options_.host_key_alias.empty()) return {options_.host, options_.port};
  return {options_.host_key_alias, 22};
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
