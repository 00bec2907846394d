#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Breaks the library's rules one at a time, and tells which test notices.

  run.py BUILD_DIR [NUMBER...]   runs the suites with one mutation after the other; fails if one goes unnoticed
  run.py --check                 fails if a mutation does not apply to the sources exactly once

BUILD_DIR is a build of the project with Ninja, not of the headers alone. What the suites need there is built; then the
library is compiled once more, with all mutations, each switched on by the environment, and linked to the same tests. So a
run costs three objects. All mutations are in .ipp files, that is, in the library. A mutation replaces statements; `suites`
are those that are to notice, in the order in which they are tried: all of a suite, or one source of it, as "ssh/rekey".
JOBS is the number of jobs of the build.
"""

import json
import os
import pathlib
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
RULES = "watch/detail/rules/impl/"
CORE = ["scenario", "unit", "simulation"]

# What is broken, the file, the statements, what takes their place, the suites.
MUTATIONS = [
    ("a connect gives the budget back", RULES + "watch_fsm.ipp",
     "  ++stats_.connects;\n", "++stats_.connects; state_.budget.restore();", CORE),
    ("the watch ends with the exit code, however much of the log is left", RULES + "watch_fsm.ipp",
     "  if (s.whole() && !s.undecided()) return end(reason_of_end(), {}, {});\n",
     "if (s.exit_code) return end(reason_of_end(), {}, {});", CORE),
    ("one byte of each chunk stays unacknowledged", RULES + "log_position.ipp",
     "  offset_ += taken.size();\n", "offset_ += taken.size() - (taken.size() > 1 ? 1 : 0);", ["unit", "scenario"]),
    ("by commands, the log is looked at before the exit code", "os_policy/detail/impl/posix_commands.ipp",
     """  append_path(script, "rj_f", job.exit_code_file);
  script.append(read_exit_piece);
""",
     """append_path(script, "rj_f", job.log_file);
  script.append(stat_piece);
  append_path(script, "rj_f", job.exit_code_file);
  script.append(read_exit_piece);""", ["unit"]),
    ("through files, the log is not looked at again after the exit code", RULES + "file_poll.ipp",
     """    if (news) {
      read_ = false;
      return ask(log_status | (log_is_file_ && !full_chunk ? log_bytes : nothing));
    }
""", "static_cast<void>(news), static_cast<void>(full_chunk);", ["unit", "simulation"]),
    ("the bytes before the offset are not compared", RULES + "log_position.ipp",
     "  if (!r.bytes.empty() && r.bytes.substr(0, overlap()) != mark_.tail) return log_reset_cause::rewritten;\n", "",
     CORE),
    ("a log under another name is not noticed by its file", RULES + "log_position.ipp",
     "  if (mark_.identity != 0 && r.log_identity != 0 && r.log_identity != mark_.identity) return log_reset_cause::replaced;\n",
     "", CORE),
    ("a missing job is lost at once", RULES + "watch_fsm.ipp",
     "    if (s.lost_job.left() <= duration::zero())\n",
     "    if (mutated || s.lost_job.left() <= duration::zero())\n", CORE),
    ("the backoff does not grow", "backoff/impl/exponential.ipp",
     "    base = base > maximum_ / 2 ? maximum_ : base * 2;\n", "break;", ["unit"]),
    ("the deadline is ignored", RULES + "watch_fsm.ipp",
     "  if (s.late() && !s.exit_code && !stopped) {\n", "  if (!mutated && s.late() && !s.exit_code && !stopped) {\n",
     CORE),
    ("the state does not advance", RULES + "watch_fsm.ipp",
     "  s.options.log_offset = static_cast<std::int64_t>(offset());\n", "", CORE),
    ("the number of a question is not compared", "os_policy/detail/impl/framing.ipp",
     "    if (cursor.skip(nonce) && cursor.skip(kind)) return output.size() - cursor.rest.size();\n",
     """if (cursor.rest.size() < nonce.size()) return output.npos;
  cursor.rest.remove_prefix(nonce.size());
  if (cursor.skip(kind)) return output.size() - cursor.rest.size();""", ["unit", "scenario", "simulation"]),
    ("a reply counts without its end", "os_policy/detail/impl/framing.ipp",
     "  if (!body.skip(frame_tag) || !body.skip(request.nonce) || !body.skip(frame_end)) return errc::reply_malformed;\n",
     "", ["unit", "scenario"]),
    ("every error is tried again", RULES + "failure_budget.ipp",
     """  if (ec != condition::transient || (ec == errc::service_refused && !served_) || (hung_up && hung_up_))
    return verdict::fatal;
""", "", CORE),
    ("the budget is without end", RULES + "failure_budget.ipp",
     "  return ++failures_ > max_ ? verdict::exhausted : verdict::retry;\n", "++failures_; return verdict::retry;",
     ["unit", "scenario"]),
    ("an exit-code file has no grace", RULES + "watch_fsm.ipp",
     "    if (s.exit_fault.left() <= duration::zero())\n",
     "    if (mutated || s.exit_fault.left() <= duration::zero())\n", CORE),
    ("a log that is gone counts as delivered", RULES + "watch_fsm.ipp",
     "      if (missing && s.exit_code && offset() >= s.seen) return end(reason::completed, {}, {});\n",
     "if (missing && s.exit_code) return end(reason::completed, {}, {});", ["scenario/incomplete_log"]),
    ("a reply need not fit its question", RULES + "log_position.ipp",
     "  return fresh <= max_bytes && fresh <= r.log_size - offset_ && (fresh > 0 || r.log_size == offset_);\n",
     "static_cast<void>(fresh), static_cast<void>(max_bytes); return true;", ["unit/log_position"]),
    ("a chunk that comes too late is asked for again as large", RULES + "chunk_size.ipp",
     "  size_ = std::max(size_ >> halvings, std::min(size_, least));\n",
     "static_cast<void>(halvings), static_cast<void>(least);", ["scenario", "unit"]),
    ("a pause does not grow", RULES + "poll_pause.ipp",
     "  pause_ = pause < interval_ / 3 * 2 ? pause + std::max(pause / 2, duration(1)) : interval_;\n", "",
     ["scenario", "unit"]),
    ("a process whose file cannot be read counts as gone", RULES + "file_poll.ipp",
     "  if (says_unreadable(ec)) evidence_unreadable_ = true;\n", "", ["unit", "simulation"]),
    ("a session takes no input but what an operation reads", "ssh/session/impl/session.ipp",
     "  if (!wire_.input().empty()) drain();\n", "", ["ssh/rekey"]),
    ("what told nothing of a job is not asked again", RULES + "lost_job_rule.ipp",
     "  const bool again = !asked_ || *asked_ >= look_again_after() - pause;\n",
     "  const bool again = !(mutated && nothing_told_) && (!asked_ || *asked_ >= look_again_after() - pause);\n", CORE),
    ("a host that refuses a stop is asked again and again", RULES + "watch_fsm.ipp",
     "    if (++state_.stops_refused < enough_refusals) ", "    if (mutated || ++state_.stops_refused < enough_refusals) ",
     CORE),
    ("one read beyond the size proves that sizes are wrong", RULES + "file_poll.ipp",
     "    if (!std::exchange(size_contradicted_, true)) {\n",
     "    if (!mutated && !std::exchange(size_contradicted_, true)) {\n", ["unit", "simulation"]),
    ("a log whose status cannot be read has no size", RULES + "file_poll.ipp",
     "    if (log_is_file_ && says_missing(bytes_error_)) return present(reply, size());\n",
     "    if ((mutated || log_is_file_) && says_missing(bytes_error_)) return present(reply, size());\n",
     ["unit", "simulation"]),
]

# The time of the processor that a suite may take, and the part of it that is to notice, where all of it would take long.
SECONDS = 30
PARTS = {"unit": ["~every sequence*"], "simulation": ["no story breaks a rule of the watch"]}
SWITCH = """
#ifndef REMOTE_JOB_MUTATION
#define REMOTE_JOB_MUTATION
#include <cstdlib>
inline int mutation() {
  static const char* chosen = std::getenv("REMOTE_JOB_MUTATION");
  return chosen == nullptr ? 0 : std::atoi(chosen);
}
#endif
"""


def mutate(number, text, original, mutant):
    """The text with this mutation, that is, both ways."""
    on = f"(mutation() == {number})"
    if "mutated" in mutant:
        return text.replace(original, mutant.replace("mutated", on))
    if re.match(r"\s*return\b", original):
        return text.replace(original, f"  if {on} {{ {mutant} }}\n{original}")
    return text.replace(original, f"  if {on} {{ {mutant} }} else {{\n{original}  }}\n")


def apply(include):
    """Writes all mutations into the headers of this directory; with None only looks whether each applies once."""
    texts, wrong = {}, []
    for number, (name, file, original, mutant, _) in enumerate(MUTATIONS, 1):
        text = (SOURCE / "include/remote_job" / file).read_text(encoding="utf-8")
        if text.count(original) != 1:
            wrong.append(f"mutation {number} ({name}) does not apply to {file}: it must have this once:\n{original}")
            continue
        texts[file] = mutate(number, texts.get(file, text), original, mutant)
    if wrong:
        sys.exit("\n".join(wrong))
    for file, text in texts.items() if include else []:
        # Behind the last include.
        at = text.rindex("\n#include") + 1
        at = text.index("\n", at) + 1
        (include / "remote_job" / file).write_text(text[:at] + SWITCH + text[at:], encoding="utf-8")


def build(directory, suites):
    """Links the tests in the build directory with the mutated library."""
    ninja = lambda *words: subprocess.run(["ninja", "-C", str(directory), *words], check=True, stdout=subprocess.PIPE).stdout.decode()
    run = lambda command: subprocess.run(command, check=True, shell=True, cwd=directory)
    links, needed = {}, set()
    for suite in suites:
        folder, _, source = suite.partition("/")
        # The linker's command stands between others.
        link = shlex.split(re.sub(r"^: && | && .*$", "", ninja("-t", "commands", f"{folder}_tests").splitlines()[-1]))
        tests = f"tests/CMakeFiles/{folder}_tests.dir/{folder}/"
        links[suite] = [w for w in link if not w.startswith(tests) or not source or w == f"{tests}{source}.cpp.o"]
        needed.update(w for w in links[suite] if w.startswith("tests/CMakeFiles/") or w.endswith("catch_main.a"))
    subprocess.run(["ninja", "-C", str(directory), "-j", os.environ.get("JOBS", str(os.cpu_count())), *sorted(needed)],
                   check=True, stdout=sys.stderr)
    place = directory / "mutation"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(SOURCE / "include", place / "include")
    apply(place / "include")
    used = {word for link in links.values() for word in link}
    for entry in json.loads(ninja("-t", "compdb")):
        output = entry["output"]
        library = re.fullmatch(r"CMakeFiles/(remote_job_\w*compiled)\.dir/.*", output)
        archive = f"lib{library[1]}.a" if library else None
        if not output.endswith("compiled.cpp.o") or used.isdisjoint((output, archive)):
            continue
        mutated = "mutation/" + output.replace("/", "_")
        run(entry["command"].replace(output, mutated).replace(str(SOURCE / "include"), str(place / "include")))
        if archive:
            run(f"ar rcs mutation/{archive} {mutated}")
        with_mutations = {output: mutated, archive: f"mutation/{archive}"}
        links = {suite: [with_mutations.get(word, word) for word in link] for suite, link in links.items()}
    for suite, link in links.items():
        link[link.index("-o") + 1] = executable(suite)
        run(shlex.join(link))


def executable(suite):
    return f"mutation/{suite.replace('/', '_')}_tests"


def killer(directory, number, suites):
    """The suite and the test that fail with this mutation; nothing if none does."""
    environment = dict(os.environ, REMOTE_JOB_MUTATION=str(number))
    environment.setdefault("SIMULATION_COUNT", "20000")
    for suite in suites:
        command = [str(directory / executable(suite)), "--abort", *PARTS.get(suite, [])]
        # No suite needs a third of that without a mutation, also where the processor is shared.
        in_bounds = lambda: resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        try:
            done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  timeout=600, preexec_fn=in_bounds)
        except subprocess.TimeoutExpired:
            return f"{suite}: does not end"
        if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
            return f"{suite}: does not end"
        if done.returncode != 0:
            text = done.stdout.decode(errors="replace")
            # The name of the test stands between two lines of dashes, before its sections.
            found = re.findall(r"^-{70,}\n(.+)\n(?:.+\n)*?-{70,}\n", text, re.MULTILINE)
            return f"{suite}: {found[-1].strip() if found else 'crashed'}"
    return None


def main(arguments):
    if arguments == ["--check"]:
        return apply(None)
    if not arguments:
        sys.exit(__doc__)
    directory = pathlib.Path(arguments[0]).resolve()
    numbers = [int(each) for each in arguments[1:]] or list(range(1, len(MUTATIONS) + 1))
    suites = sorted({suite for number in numbers for suite in MUTATIONS[number - 1][4]})
    build(directory, suites)
    if none := killer(directory, 0, suites):
        sys.exit(f"without any mutation a test fails: {none}")
    survivors = 0
    for number in numbers:
        begin = time.monotonic()
        found = killer(directory, number, MUTATIONS[number - 1][4])
        survivors += found is None
        print(f"{number:2} {MUTATIONS[number - 1][0]}: {found or 'SURVIVES'} ({time.monotonic() - begin:.0f} s)", flush=True)
    print(f"{len(numbers) - survivors} of {len(numbers)} are noticed")
    return survivors


sys.exit(main(sys.argv[1:]))
