// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SESSION_IMPL_SERVER_HELLO_IPP
#define REMOTE_JOB_SSH_SESSION_IMPL_SERVER_HELLO_IPP

#include <remote_job/ssh/session/server_hello.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

identification find_identification(std::string_view received) {
  using status = identification::status;
  std::size_t begin = 0;
  while (begin < received.size()) {
    const auto end = received.find('\n', begin);
    const auto line = received.substr(begin, end == std::string_view::npos ? end : end - begin);
    if (line.size() > identification::max_line || begin > identification::max_text) return {status::not_ssh, begin};
    if (end == std::string_view::npos) break;
    if (line.starts_with("SSH-")) {
      const bool version_2 = line.starts_with("SSH-2.") || line.starts_with("SSH-1.99-");
      return {version_2 ? status::found : status::not_ssh, begin};
    }
    begin = end + 1;
  }
  return {status::more, begin};
}

server_algorithms parse_server_algorithms(std::string_view hello) {
  server_algorithms result;
  const auto number = [](std::string_view bytes) {
    std::size_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return value;
  };
  const auto end = hello.find('\n');
  if (end == std::string_view::npos) return result;
  hello.remove_prefix(end + 1);
  constexpr std::size_t head = 4 + 1 + 1 + 16;  // packet length, padding length, SSH_MSG_KEXINIT, cookie
  if (hello.size() < head || hello[5] != 20 || number(hello) > hello.size() - 4) return result;
  hello = hello.substr(0, number(hello) + 4);
  if (hello.size() < head) return result;
  hello.remove_prefix(head);
  std::string lists[6];
  for (auto& list : lists) {
    if (hello.size() < 4 || number(hello) > hello.size() - 4) return result;
    list = printable(hello.substr(4, number(hello)), 2000);
    hello.remove_prefix(4 + number(hello));
  }
  result.known = true;
  result.key_exchange = std::move(lists[0]);
  result.host_key = std::move(lists[1]);
  result.cipher = std::move(lists[3]);  // server to client; servers offer the same both ways
  result.mac = std::move(lists[5]);
  return result;
}

std::vector<std::string> split_names(std::string_view list) {
  std::vector<std::string> names;
  while (!list.empty()) {
    const auto comma = list.find(',');
    if (comma != 0) names.emplace_back(list.substr(0, comma));
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
  return names;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
