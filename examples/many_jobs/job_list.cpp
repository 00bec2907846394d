// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "job_list.hpp"

#include "../common/file_name.hpp"
#include "../common/host.hpp"

#include <cstddef>
#include <map>
#include <utility>

namespace many_jobs {

namespace {

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> fields;
  std::size_t begin = 0;
  for (auto tab = line.find('\t'); tab != std::string::npos; tab = line.find('\t', begin = tab + 1))
    fields.push_back(line.substr(begin, tab - begin));
  fields.push_back(line.substr(begin));
  return fields;
}

/// Why this cannot be a host, or nothing.
std::string objection_to_host(const std::string& host) {
  try {
    if (!host.empty()) cli::parse_host(host);
    return {};
  } catch (const std::invalid_argument& e) {
    return "host \"" + host + "\": " + e.what();
  }
}

}  // namespace

std::vector<remote_job::job_spec> read_jobs(std::istream& in, bool local, bool host) {
  std::vector<remote_job::job_spec> jobs;
  std::vector<std::string> wrong;
  std::map<std::string, int> lines;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (number == 1 && line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);  // as some editors begin a text in UTF-8
    if (line.ends_with('\r')) line.pop_back();
    if (line.find_first_not_of(" \t") == std::string::npos || line.starts_with('#')) continue;
    const auto refuse = [&](const std::string& why) { wrong.push_back(std::to_string(number) + ": " + why); };
    auto fields = split(line);
    if (fields.size() != 3 && fields.size() != 4) {
      refuse("there must be three or four fields with tabs between, job_id, log file, exit-code file and host, not " +
             std::to_string(fields.size()));
      continue;
    }
    remote_job::job_spec job;
    job.job_id = std::move(fields[0]);
    job.log_file = std::move(fields[1]);
    job.exit_code_file = std::move(fields[2]);
    if (fields.size() == 4) job.remote_host = std::move(fields[3]);
    if (const auto why = validate(job, remote_job::watch_options()); !why.empty()) {
      refuse(why);
    } else if (const auto no_host = objection_to_host(job.remote_host); !no_host.empty()) {
      refuse(no_host);
    } else if (local && !job.remote_host.empty()) {
      refuse("there must be no host with --local");
    } else if (!local && !host && job.remote_host.empty()) {
      refuse("there must be a host in the fourth field, or --host or --local");
    } else if (cli::file_name(job.job_id).size() > cli::max_file_name) {
      refuse("job_id is too long");
    } else if (const auto [first, is_new] = lines.emplace(job.job_id, number); !is_new) {
      refuse("the job_id of line " + std::to_string(first->second) + " again");
    } else {
      jobs.push_back(std::move(job));
    }
  }
  if (!wrong.empty()) throw bad_list(std::move(wrong));
  return jobs;
}

}  // namespace many_jobs
