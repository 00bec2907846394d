// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_CONNECT_IMPL_HOST_KEY_IPP
#define REMOTE_JOB_SSH_CONNECT_IMPL_HOST_KEY_IPP

#include <remote_job/detail/text/base64.hpp>
#include <remote_job/ssh/connect/host_key.hpp>
#include <remote_job/ssh/connect/known_hosts.hpp>
#include <remote_job/ssh/connect/known_hosts_file.hpp>
#include <remote_job/ssh/options/identity.hpp>
#include <remote_job/ssh/options/open_file.hpp>
#include <remote_job/ssh/options/options.hpp>
#include <remote_job/ssh/options/public_key.hpp>
#include <remote_job/ssh/session/server_hello.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

std::error_code host_key_checker::load() {
  if (!options_.fingerprints.empty() || options_.host_keys == host_key_policy::insecure_accept_any) return {};
  const bool adds = options_.host_keys == host_key_policy::accept_new;
  const bool given = !options_.known_hosts.empty();
  if (given)
    for (const auto& file : options_.known_hosts) files_.push_back(expand_home(file));
  else
    files_ = {local_user::current().home + "/.ssh/known_hosts", "/etc/ssh/ssh_known_hosts"};
  for (const auto& file : files_) {
    const auto ec = known_.read(file);
    const bool may_be_absent = !given || (adds && &file == &files_.front());
    if (!ec || (may_be_absent && ec == std::errc::no_such_file_or_directory)) continue;
    why_ = "known-hosts file " + file + ": " + file_message(ec);
    return errc::known_hosts_unreadable;
  }
  notices_ = known_.notices();
  return {};
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
  switch (verdict) {
    case known_hosts::verdict::match: return {};
    case known_hosts::verdict::revoked:
      why_ =
          entry->blob.empty()
              ? place(*entry) + " revokes a key and cannot be read, so that no host key is accepted: correct the line"
              : "the host key " + shown + " is marked as revoked in " + place(*entry);
      return errc::host_key_revoked;
    case known_hosts::verdict::changed:
      why_ = "THE HOST KEY HAS CHANGED: the host shows " + shown + ", but " + place(*entry) + " holds " + entry->type +
             ' ' + fingerprint(entry->blob) +
             ". Somebody may be listening in, or the host was set up anew. If that is so, remove the line.";
      return errc::host_key_changed;
    case known_hosts::verdict::unknown: break;
  }
  why_ = "the host key " + shown + " is not known: there is no entry for " + known_.name() + " with it in";
  for (const auto& file : files_) why_ += (&file == &files_.front() ? " " : " or ") + file;
  for (const auto& key : known_.keys())
    if (!key.revoked) why_ += "; " + place(key) + " holds " + key.type + ' ' + fingerprint(key.blob);
  // A host that is known by another kind of key is no new one: whoever sits between could show that kind only.
  if (options_.host_keys != host_key_policy::accept_new || known_.speaks_for_host()) return errc::host_key_unknown;
  std::string problem;
  if (add_known_host(files_.front(), nothing_known(), type, blob, problem)) {
    notices_.push_back(files_.front() + ": added the host key of " + known_.name() + ", " + shown);
    return {};
  }
  why_ += "; " + problem;
  return errc::host_key_unknown;
}

known_hosts host_key_checker::nothing_known() const {
  if (options_.host_key_alias.empty()) return {options_.host, options_.port};
  return {options_.host_key_alias, 22};
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
