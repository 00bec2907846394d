// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include "attached.hpp"
#include "options.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>

namespace rjob {

/// Whether standard output is to be JSON.
bool wants_json(const arguments& given);

/// Prints a JSON object on a line of its own.
void print(const nlohmann::json& members);

/// Prints a line for people.
void print_line(const std::string& text);

/// Says that a submit found the job in place of starting it, and what of it.
void warn_attached(const arguments& given, const std::string& job_id, const attached_job& there);

template <class T>
nlohmann::json or_null(const std::optional<T>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json(nullptr);
}

}  // namespace rjob
