// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors

// Everything that reads what a host, a server, an agent or a file says: none of it may crash, hang or contradict itself,
// whatever the bytes. One program; the environment variable FUZZ_TARGET chooses the parser.
#include <remote_job/detail/text/escaped.hpp>
#include <remote_job/detail/text/exit_code.hpp>
#include <remote_job/json.hpp>
#include <remote_job/os_policy/posix.hpp>
#include <remote_job/os_policy/windows.hpp>
#include <remote_job/ssh/connect/known_hosts.hpp>
#include <remote_job/ssh/login/agent_client.hpp>
#include <remote_job/ssh/openssh/openssh_options.hpp>
#include <remote_job/ssh/openssh/openssh_output.hpp>
#include <remote_job/ssh/session/server_hello.hpp>
#include <remote_job/ssh/sftp/sftp_packets.hpp>
#include <remote_job/watch/detail/rules/proc_liveness.hpp>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz.hpp"

using namespace remote_job;

namespace {

const std::string nonce = "0123456789abcdef0123456789abcdef";

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

/// A nonce is too long to be guessed: each '%' stands for it.
std::string with_nonce(std::string_view text) {
  std::string result;
  for (const char c : text) result += c == '%' ? nonce : std::string(1, c);
  return result;
}

poll_request make_request(fuzz::input& in) {
  poll_request request;
  request.nonce = nonce;
  request.offset = in.byte();
  request.overlap = std::min<std::size_t>(request.offset, in.byte() % 33);
  request.max_bytes = in.byte() + 1;
  request.liveness = in.byte() % 2 != 0;
  return request;
}

void check_reply(const poll_request& request, const poll_reply& reply) {
  FUZZ_CHECK(reply.bytes.size() <= request.overlap + request.max_bytes);
  FUZZ_CHECK(reply.exit_text.size() <= detail::max_exit_text);
  FUZZ_CHECK(reply.exit_code >= INT32_MIN && reply.exit_code <= UINT32_MAX);
}

void poll(fuzz::input in) {
  const auto request = make_request(in);
  command_reply raw;
  raw.output = with_nonce(in.rest());
  poll_reply reply;
  if (posix_os().parse_poll(request, raw, reply)) return;
  check_reply(request, reply);
  // What was read can be written, and is then read back.
  std::string again;
  detail::append_poll_frame(again, request, reply);
  poll_reply twice;
  FUZZ_CHECK(!detail::parse_poll_frame(request, again, twice));
  FUZZ_CHECK(twice.bytes == reply.bytes && twice.log_size == reply.log_size && twice.exit_state == reply.exit_state);
}

template <class Os>
void check_lifecycle(Os os, std::size_t kind, const command_reply& raw) {
  if (kind == 0) {
    submit_request request;
    request.nonce = request.ticket = nonce;
    submit_result result;
    result.job.job_id = "job";
    os.parse_submit(request, raw, result);
    FUZZ_CHECK(is_plain(result.message));
  } else if (kind == 1) {
    stop_result result;
    os.parse_stop({nonce, {}}, raw, result);
    FUZZ_CHECK(is_plain(result.message));
  } else {
    cleanup_result result;
    cleanup_request request;
    request.nonce = nonce;
    os.parse_cleanup(request, raw, result);
    FUZZ_CHECK(is_plain(result.message));
  }
}

void lifecycle(fuzz::input in) {
  const auto kind = in.byte() % 3;
  command_reply raw;
  raw.output = with_nonce(in.rest());
  check_lifecycle(posix_os(), kind, raw);
}

/// The bytes are a frame, wrapped as PowerShell does, or the wrapper itself.
void windows(fuzz::input in) {
  const auto way = in.byte();
  const auto request = make_request(in);
  command_reply raw;
  raw.output = with_nonce(in.rest());
  if (way % 8 != 0) {
    std::string text;
    detail::append_base64(text, raw.output);
    raw.output = "\n@RJ1 " + nonce + " b64 n=" + std::to_string(text.size()) + '\n' + text;
    detail::append_end_mark(raw.output, nonce);
  }
  windows_os os;
  if (way % 8 > 4) return check_lifecycle(os, way % 3, raw);
  poll_reply reply;
  if (!os.parse_poll(request, raw, reply)) check_reply(request, reply);
}

/// The files that show whether a job lives and how it ended, read over SFTP.
void liveness_files(fuzz::input in) {
  detail::file_evidence files;
  for (auto* text :
       {&files.pid_file, &files.child_file, &files.stat, &files.child_stat, &files.boot_id, &files.host_name})
    *text = in.take(in.byte());
  std::string evidence;
  files.judge(evidence);
  FUZZ_CHECK(is_plain(evidence));
  FUZZ_CHECK(evidence.find(' ') == evidence.npos);
  poll_reply reply;
  detail::read_exit_code(in.rest().substr(0, detail::max_exit_text), reply);
  FUZZ_CHECK(reply.exit_text.size() <= detail::max_exit_text);
}

void known_hosts(fuzz::input in) {
  ssh::known_hosts hosts("Example.org", in.byte() % 2 == 0 ? 22 : 2222);
  const auto text = in.rest();
  hosts.read_text(text, "file");
  for (const auto& key : hosts.keys()) {
    FUZZ_CHECK(key.line >= 1 && key.line <= text.size() + 1);
    FUZZ_CHECK(key.revoked || !key.blob.empty());
    const auto verdict = hosts.check(key.type, key.blob).first;
    FUZZ_CHECK(verdict != ssh::known_hosts::verdict::unknown);
    if (key.revoked) FUZZ_CHECK(verdict == ssh::known_hosts::verdict::revoked);
  }
  for (const auto& notice : hosts.notices()) FUZZ_CHECK(is_plain(notice));
}

void openssh(fuzz::input in) {
  const auto which = in.byte();
  if (which % 4 == 0) {
    if (const auto jump = ssh::jump_name::parse(in.rest())) FUZZ_CHECK(!jump->host.empty());
    return;
  }
  const std::string text(in.rest());
  const ssh::openssh_output output(text);
  ssh::openssh_surroundings here;
  here.home = "/home/me";
  here.user = "me";
  here.uid = "1000";
  here.machine = "here";
  here.is_there = [&](const std::string& file) { return file.size() % 2 == which % 2; };
  here.value = [](const std::string& name) { return name.size() > 3 ? std::string() : name; };
  here.home_of = [](const std::string& user) { return user == "you" ? "/home/you" : std::string(); };
  std::string why;
  const auto options = ssh::openssh_reader(output, here).read(why);
  FUZZ_CHECK(options.has_value() == why.empty());
  FUZZ_CHECK(is_plain(why));
  if (options)
    for (const auto& notice : options->notices) FUZZ_CHECK(is_plain(notice));
}

void agent(fuzz::input in) {
  namespace protocol = ssh::agent_protocol;
  const auto way = in.byte();
  if (way % 4 == 0) {
    if (const auto keys = protocol::keys(in.rest())) FUZZ_CHECK(keys->size() <= protocol::max_keys);
  } else if (way % 4 == 1) {
    if (const auto signature = protocol::signature(in.rest())) FUZZ_CHECK(!signature->empty());
  } else if (way % 4 == 2) {
    FUZZ_CHECK(protocol::ask_signature("key", in.rest()).size() >= in.rest().size());
  } else {
    const auto type = ssh::key_type_of(in.rest());
    FUZZ_CHECK(type.size() <= in.rest().size());
    FUZZ_CHECK(ssh::fingerprint(in.rest()).starts_with("SHA256:"));
  }
}

/// A stream in pieces of any size; whatever the pieces, the packets are the same.
void sftp_packets(fuzz::input in) {
  const auto piece = in.byte() + 1;
  const auto read = [&](std::size_t most) {
    std::vector<std::string> packets;
    ssh::sftp_inbox inbox;
    auto rest = in.rest();
    while (!rest.empty() && !inbox.broken()) {
      const auto [to, room] = inbox.prepare();
      FUZZ_CHECK(room > 0);
      const auto n = std::min({rest.size(), room, most});
      std::memcpy(to, rest.data(), n);
      inbox.commit(n);
      rest.remove_prefix(n);
      while (const auto packet = inbox.next()) {
        packets.emplace_back(*packet);
        ssh::parse_sftp_version(*packet);
        const auto reply = ssh::parse_sftp_reply(*packet);
        if (reply) FUZZ_CHECK(reply->text.size() < packet->size());
      }
    }
    return packets;
  };
  const auto at_once = read(static_cast<std::size_t>(-1));
  FUZZ_CHECK(at_once == read(piece));
}

void hello(fuzz::input in) {
  const auto text = in.rest();
  const auto found = ssh::find_identification(text);
  FUZZ_CHECK(found.begin <= text.size());
  if (found.result == ssh::identification::status::found) FUZZ_CHECK(text.substr(found.begin).starts_with("SSH-"));
  const auto offered = ssh::parse_server_algorithms(text);
  for (const auto& list : {offered.key_exchange, offered.host_key, offered.cipher, offered.mac}) {
    FUZZ_CHECK(is_plain(list));
    for (const auto& name : ssh::split_names(list)) FUZZ_CHECK(!name.empty());
  }
  FUZZ_CHECK(is_plain(detail::printable(text)));
  FUZZ_CHECK(is_plain(detail::escaped(text)));
}

void json(fuzz::input in) {
  const std::string text(in.rest());
  trigger_state state;
  std::string why;
  if (state_from_json(text, state, why)) {
    FUZZ_CHECK(!why.empty() && state == trigger_state());
    return;
  }
  trigger_state again;
  FUZZ_CHECK(!state_from_json(state_to_json(state), again, why));
  FUZZ_CHECK(again == state);
}

const struct {
  const char* name;
  void (*run)(fuzz::input);
} targets[] = {{"poll", poll},
               {"lifecycle", lifecycle},
               {"windows", windows},
               {"liveness", liveness_files},
               {"known_hosts", known_hosts},
               {"openssh", openssh},
               {"agent", agent},
               {"sftp_packets", sftp_packets},
               {"hello", hello},
               {"json", json}};

void (*chosen)(fuzz::input) = nullptr;

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  const char* wanted = std::getenv("FUZZ_TARGET");
  for (const auto& each : targets)
    if (wanted != nullptr && std::strcmp(each.name, wanted) == 0) chosen = each.run;
  if (chosen != nullptr) return 0;
  for (const auto& each : targets) std::printf("%s\n", each.name);
  std::exit(wanted == nullptr ? 0 : 1);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  chosen(fuzz::input(data, size));
  return 0;
}
