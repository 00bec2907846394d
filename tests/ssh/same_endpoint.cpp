// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/ssh/pool/same_endpoint.hpp>
#include <support/catch.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

using namespace remote_job;
using namespace std::chrono_literals;

namespace {

struct anything {
  template <class T>
  operator T() const;  // never called
};

/// How many members an aggregate has: as many as it can be initialised with.
template <class T, class... Given>
constexpr std::size_t member_count() {
  if constexpr (requires { T{std::declval<Given>()..., anything()}; })
    return member_count<T, Given..., anything>();
  else
    return sizeof...(Given);
}

// All members of all that options are made of. One that is not here does not go unseen: they are counted.
constexpr auto members(const ssh_options*) {
  using o = ssh_options;
  return std::tuple(&o::host, &o::port, &o::user, &o::ip, &o::methods, &o::unsupported_methods, &o::identities,
                    &o::certificates, &o::agent, &o::identities_only, &o::passphrase, &o::password,
                    &o::keyboard_interactive, &o::defer_to_openssh, &o::prompts, &o::known_hosts, &o::fingerprints,
                    &o::host_keys, &o::host_key_alias, &o::algorithms, &o::jump_hosts, &o::timeouts, &o::keepalive,
                    &o::silence_limit, &o::keep_shell, &o::notices);
}
constexpr auto members(const ssh_identity*) { return std::tuple(&ssh_identity::file, &ssh_identity::text); }
constexpr auto members(const ssh_algorithms*) {
  using a = ssh_algorithms;
  return std::tuple(&a::key_exchange, &a::host_key, &a::cipher, &a::mac);
}
constexpr auto members(const ssh_timeouts*) {
  using t = ssh_timeouts;
  return std::tuple(&t::resolve, &t::connect, &t::banner, &t::handshake, &t::agent, &t::authentication, &t::open,
                    &t::files);
}

void change(std::string& text) { text += "x"; }
void change(std::uint16_t& number) { ++number; }
void change(unsigned& number) { ++number; }
void change(bool& flag) { flag = !flag; }
void change(duration& time) { time += 1s; }
void change(ip_version& version) { version = ip_version::v6; }
void change(host_key_policy& policy) { policy = host_key_policy::accept_new; }
void change(std::vector<std::string>& names) { names.push_back("x"); }
void change(ssh_prompter& callback) {
  callback = [](const std::string&) { return std::string(); };
}

template <class T, class Check>
void change_each(T& value, const Check& check);

template <class T, class Check>
requires requires { members(static_cast<T*>(nullptr)); }
void change_each(std::vector<T>& all, const Check& check) {
  for (auto& each : all) change_each(each, check);
  all.emplace_back();
  check();
  all.pop_back();
  if (all.empty()) return;
  const auto last = std::move(all.back());
  all.pop_back();
  check();
  all.push_back(last);
}

/// Changes one thing after the other in a value, each for one check.
template <class T, class Check>
void change_each(T& value, const Check& check) {
  if constexpr (requires { members(static_cast<T*>(nullptr)); }) {
    std::apply(
        [&](auto... member) {
          static_assert(sizeof...(member) == member_count<T>(), "a member is missing above");
          std::vector<const void*> places{&(value.*member)...};
          std::sort(places.begin(), places.end());
          REQUIRE(std::adjacent_find(places.begin(), places.end()) == places.end());
          int number = 0;
          const auto one = [&](auto& part) {
            INFO("member " << ++number);
            change_each(part, check);
          };
          (one(value.*member), ...);
        },
        members(static_cast<T*>(nullptr)));
  } else {
    const auto before = value;
    change(value);
    check();
    value = before;
  }
}

ssh_options usual() {
  ssh_options options;
  options.host = "host";
  options.identities = {{"key"}};
  options.jump_hosts = {options};  // one with a key of its own
  return options;
}

}  // namespace

TEST_CASE("whatever decides how a connection is made tells endpoints apart") {
  const auto first = usual();
  auto second = usual();
  int checks = 0;
  CHECK(ssh::same_endpoint(first, second));
  change_each(second, [&] {
    ++checks;
    CHECK_FALSE(ssh::same_endpoint(first, second));
    CHECK_FALSE(ssh::same_endpoint(second, first));
  });
  CHECK(checks > 60);
  CHECK(ssh::same_endpoint(first, second));
}

TEST_CASE("callbacks are compared where that is possible") {
  auto options = usual();
  std::string (*plain)(const std::string&) = [](const std::string&) { return std::string(); };
  for (auto member : {&ssh_options::passphrase, &ssh_options::password, &ssh_options::keyboard_interactive}) {
    options.*member = plain;
    CHECK(ssh::same_endpoint(options, ssh_options(options)));
  }
  options.password = [text = std::string("x")](const std::string&) { return text; };
  CHECK_FALSE(ssh::same_endpoint(options, ssh_options(options)));
  CHECK(ssh::same_endpoint(options, options));
}
