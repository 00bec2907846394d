// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <map>
#include <string>
#include <vector>

/// Watches many jobs at once, in a process of its own, and prints what was measured: one "name value" per line.
/// Arguments: jobs, files|commands, poll interval in ms (0: without a pause), seconds, port, pid of the server, its
/// directory.
int watch(const std::vector<std::string>& arguments);

/// What such a process printed.
std::map<std::string, double> numbers(const std::string& printed);
