// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "report.hpp"

#include "../common/text.hpp"
#include "say.hpp"

#include <unistd.h>

#include <cstdio>

namespace rjob {

bool wants_json(const arguments& given) { return given.json || ::isatty(STDOUT_FILENO) != 1; }

void print(const nlohmann::json& members) {
  std::puts(members.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
}

void print_line(const std::string& text) { std::puts(cli::printable(text).c_str()); }

void warn_attached(const arguments& given, const std::string& job_id, const attached_job& there) {
  const auto how = there.text.empty() ? "" : " (" + there.text + ')';
  if (given.only_new)
    say("--new: job " + job_id + " exists already" + how + "; nothing was started");
  else
    say("attached to the existing job " + job_id + how + "; nothing was started");
}

}  // namespace rjob
