// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_OPTIONS_IMPL_IDENTITY_IPP
#define REMOTE_JOB_SSH_OPTIONS_IMPL_IDENTITY_IPP

#include <remote_job/detail/text/base64.hpp>
#include <remote_job/error.hpp>
#include <remote_job/ssh/options/identity.hpp>
#include <remote_job/ssh/options/local_user.hpp>
#include <remote_job/ssh/options/open_file.hpp>
#include <remote_job/ssh/options/options.hpp>
#include <remote_job/ssh/options/prompt.hpp>
#include <remote_job/ssh/options/public_key.hpp>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

private_key& private_key::operator=(private_key&& other) noexcept {
  wipe(text);
  text = std::move(other.text);
  encrypted = other.encrypted;
  rsa = other.rsa;
  type = std::move(other.type);
  blob = std::move(other.blob);
  print = std::move(other.print);
  lack = std::move(other.lack);
  return *this;
}

private_key private_key::read(const std::string& file, std::string& why) {
  auto key = read_one(file, why);
  if (!key.blob.empty()) return key;
  std::string absent;
  auto beside = read_one(file + ".pub", absent);
  if (beside.lack.empty()) return key;
  if (!why.empty()) key.lack = std::exchange(why, {});
  key.set_public(std::move(beside.blob));
  return key;
}

private_key private_key::copy(const std::string& text, std::string& why) {
  private_key key;
  key.text = text;
  key.inspect(why);
  return key;
}

private_key private_key::read_one(const std::string& file, std::string& why) {
  private_key key;
  std::error_code ec;
  const auto in = open_file(file, ec);
  if (in) {
    std::setvbuf(in.get(), nullptr, _IONBF, 0);  // keep no copy of the key in a buffer
    key.text.resize(max_size + 1);
    key.text.resize(std::fread(key.text.data(), 1, key.text.size(), in.get()));
    if (std::ferror(in.get()) != 0) ec = {errno, std::generic_category()};
  }
  if (ec) {
    why = file_message(ec);
    wipe(key.text);
    return key;
  }
  key.inspect(why);
  if (!key.text.empty()) why = open_to_others(in.get());
  if (!why.empty()) wipe(key.text);
  return key;
}

void private_key::inspect(std::string& why) {
  if (text.size() <= max_size && text.find("PRIVATE KEY-----") != std::string::npos) {
    inspect();
    return wrap();
  }
  if (inspect_public())
    lack = "it is a public key";
  else
    why = "it is not a private key";
  wipe(text);
}

bool private_key::inspect_public() {
  const auto line = std::string_view(text).substr(0, text.find_first_of("\r\n"));
  const auto blank = line.find(' ');
  if (blank == std::string_view::npos) return false;
  const auto rest = line.substr(blank + 1);
  auto key = read_public_key(line.substr(0, blank), rest.substr(0, rest.find(' ')));
  if (!key) return false;
  set_public(*std::move(key));
  return true;
}

void private_key::set_public(std::string key) {
  type = key_type_of(key);
  rsa = rsa || type == "ssh-rsa";
  print = fingerprint(key);
  blob = std::move(key);
}

void private_key::inspect() {
  static constexpr std::string_view begin = "-----BEGIN OPENSSH PRIVATE KEY-----";
  const auto at = text.find(begin);
  if (at == std::string::npos) {  // PEM: RFC 1421 or RFC 5958
    encrypted = text.find("ENCRYPTED") != std::string::npos;
    rsa = text.find("BEGIN RSA PRIVATE KEY") != std::string::npos;
    return;
  }
  // PROTOCOL.key of OpenSSH: magic, cipher, kdf, options, number of keys, public key, then the part that may be
  // encrypted.
  std::string head;
  for (std::size_t i = at + begin.size(); i < text.size() && text[i] != '-' && head.size() < 8192; ++i)
    if (text[i] != '\n' && text[i] != '\r' && text[i] != ' ') head += text[i];
  head.resize(head.size() / 4 * 4);
  auto decoded = detail::base64_decode(head);
  wipe(head);
  if (!decoded) return;
  static constexpr std::string_view magic("openssh-key-v1\0", 15);
  std::string_view rest = *decoded;
  const auto next = [&rest] {
    std::size_t size = 0;
    for (std::size_t i = 0; i < 4 && i < rest.size(); ++i) size = size << 8 | static_cast<unsigned char>(rest[i]);
    if (rest.size() < 4 || size > rest.size() - 4) return rest = {};
    const auto value = rest.substr(4, size);
    rest.remove_prefix(4 + size);
    return value;
  };
  if (rest.starts_with(magic)) {
    rest.remove_prefix(magic.size());
    encrypted = next() != "none";
    next();
    next();
    rest.remove_prefix(rest.size() < 4 ? rest.size() : 4);
    if (auto key = std::string(next()); !key.empty()) set_public(std::move(key));
  }
  wipe(*decoded);
}

void private_key::wrap() {
  static constexpr std::size_t most = 76;
  static constexpr std::size_t usual = 64;
  std::string wrapped;
  wrapped.reserve(text.size() + text.size() / usual + 1);  // no copy of a secret is left behind
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    const auto size = end - begin;
    // Headers have a colon.
    const bool is_body = std::string_view(text).substr(begin, size).find_first_of(":-") == std::string_view::npos;
    const auto step = size > most && is_body ? usual : std::max<std::size_t>(size, 1);
    for (std::size_t at = begin; at < end; at += step) {
      if (at > begin) wrapped += '\n';
      wrapped.append(text, at, std::min(step, end - at));
    }
    if (end < text.size()) wrapped += '\n';
    begin = end + 1;
  }
  wipe(text);
  text = std::move(wrapped);
}

std::vector<identity_source> identity_source::of(const ssh_options& options) {
  std::vector<identity_source> all;
  for (const auto& each : options.identities)
    if (!each.text.empty())
      all.emplace_back("no. " + std::to_string(all.size() + 1), &each.text);
    else if (each.file != "none")
      all.emplace_back(expand_home(each.file));
  if (!options.identities.empty()) return all;
  const auto home = local_user::current().home;
  std::error_code absent;
  for (const char* file : {"/.ssh/id_ed25519", "/.ssh/id_ecdsa", "/.ssh/id_rsa"})
    if (open_file(home + file, absent)) all.emplace_back(home + file);
  return all;
}

private_key identity_source::load(std::string& why) const {
  return text_ == nullptr ? private_key::read(name, why) : private_key::copy(*text_, why);
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
