// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_DETAIL_JSON_JSON_MEMBERS_HPP
#define REMOTE_JOB_DETAIL_JSON_JSON_MEMBERS_HPP

#include <remote_job/detail/text/escaped.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

enum class json_kind { null, boolean, integer, real, string, object, array };

struct json_member {
  json_kind kind = json_kind::null;
  std::string text;    // a number or boolean as written, or the value of a string
  std::string name{};  // only of a member of a member of the root, as is the next
  std::string json{};  // the whole value as JSON text
  bool used = false;   // whether the reader requested it
};

/// The members of a JSON object by their JSON pointers (RFC 6901). Unlike a DOM, it rejects duplicate members and keeps
/// all digits of numbers. Array contents, and members nested deeper than a state needs, are kept as text only.
class json_members {
 public:
  /// Returns what is wrong with the text, or nothing.
  std::string parse(std::string_view text) {
    handler events(*this);
    if (!nlohmann::json::sax_parse(text.begin(), text.end(), &events)) return why_.empty() ? "not JSON" : why_;
    const auto* root = find("");
    return root != nullptr && root->kind == json_kind::object ? "" : "not a JSON object";
  }

  json_member* find(std::string_view path) {
    const auto found = members_.find(path);
    return found == members_.end() ? nullptr : &found->second;
  }
  const json_member* find(std::string_view path) const {
    const auto found = members_.find(path);
    return found == members_.end() ? nullptr : &found->second;
  }

  /// All members except the root.
  auto all() const {
    std::vector<std::pair<std::string, json_member>> list(members_.begin(), members_.end());
    std::erase_if(list, [](const auto& entry) { return entry.first.empty(); });
    return list;
  }

 private:
  // The SAX interface that nlohmann::json calls.
  class handler {
   public:
    explicit handler(json_members& owner) : owner_(owner) {}

    bool null() { return add(json_kind::null, {}, "null"); }
    bool boolean(bool value) { return literal(json_kind::boolean, value ? "true" : "false"); }
    bool number_integer(std::int64_t value) { return literal(json_kind::integer, std::to_string(value)); }
    bool number_unsigned(std::uint64_t value) { return literal(json_kind::integer, std::to_string(value)); }
    bool number_float(double, const std::string& text) { return literal(json_kind::real, text); }
    bool string(std::string& text) {
      const auto quoted = nlohmann::json(text).dump();
      return add(json_kind::string, std::move(text), quoted);
    }
    bool binary(nlohmann::json::binary_t&) { return false; }  // never in JSON text

    bool start_object(std::size_t) {
      if (!add(json_kind::object, {}, "{")) return false;
      if (hidden_ != 0 || path_lengths_.size() == max_depth)
        ++hidden_;
      else
        path_lengths_.push_back(path_.size());
      return true;
    }
    bool key(const std::string& name) {
      if (kept_ != nullptr && depth() > kept_depth) write(nlohmann::json(name).dump() + ':');
      if (hidden_ != 0) return true;
      if (name.size() > max_name) {
        owner_.why_ = "a member's name is too long";
        return false;
      }
      if (depth() == kept_depth) name_ = name;
      path_.resize(path_lengths_.back());
      path_ += '/';
      for (const char c : name) path_ += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
      return true;
    }
    bool end_object() {
      close("}");
      if (hidden_ != 0) return --hidden_, true;
      path_.resize(path_lengths_.back());
      path_lengths_.pop_back();
      return true;
    }

    bool start_array(std::size_t) {
      if (!add(json_kind::array, {}, "[")) return false;
      ++hidden_;
      return true;
    }
    bool end_array() {
      close("]");
      return --hidden_, true;
    }

    bool parse_error(std::size_t position, const std::string& /*token*/, const nlohmann::json::exception& /*error*/) {
      owner_.why_ = "not JSON, or cut short, at byte " + std::to_string(position);
      return false;
    }

   private:
    // All limit what hostile text can use: memory here, and the stack of whoever parses the kept text recursively.
    static constexpr std::size_t max_depth = 4;
    static constexpr std::size_t max_name = 64;
    static constexpr std::size_t max_kept_depth = 64;

    static constexpr std::size_t kept_depth = 2;  // of the objects whose members are kept as text

    // How many objects and arrays are open.
    std::size_t depth() const { return path_lengths_.size() + hidden_; }

    bool literal(json_kind kind, std::string text) {
      const auto json = text;
      return add(kind, std::move(text), json);
    }

    bool add(json_kind kind, std::string text, std::string_view json) {
      if (depth() > max_kept_depth) {
        owner_.why_ = "a member is nested too deeply";
        return false;
      }
      if (hidden_ == 0) {
        const auto [at, is_new] = owner_.members_.try_emplace(path_, json_member{kind, std::move(text)});
        if (!is_new) {
          owner_.why_ = escaped(path_.substr(1)) + " is there twice";
          return false;
        }
        if (depth() == kept_depth) {
          at->second.name = name_;
          kept_ = &at->second.json;
        } else if (depth() < kept_depth) {
          kept_ = nullptr;
        }
      }
      write(json);
      return true;
    }

    void write(std::string_view json) {
      if (kept_ == nullptr) return;
      if (!kept_->empty() && std::string_view("[{:").find(kept_->back()) == std::string_view::npos) *kept_ += ',';
      *kept_ += json;
    }

    void close(std::string_view bracket) {
      if (kept_ != nullptr && depth() > kept_depth) *kept_ += bracket;
    }

    json_members& owner_;
    std::string path_;
    std::vector<std::size_t> path_lengths_;
    std::string name_;             // of the member whose text is kept
    std::string* kept_ = nullptr;  // text of the value that is being read
    std::size_t hidden_ = 0;       // open arrays, and objects nested too deep to keep
  };

  std::map<std::string, json_member, std::less<>> members_;
  std::string why_;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
