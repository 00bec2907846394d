// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_CONNECT_HPP
#define REMOTE_JOB_SSH_CONNECT_HPP

#include <remote_job/detail/any_completion.hpp>
#include <remote_job/ssh/authenticate.hpp>
#include <remote_job/ssh/host_key.hpp>
#include <remote_job/ssh/options.hpp>
#include <remote_job/ssh/session.hpp>
#include <remote_job/ssh/tcp_stream.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/connect.hpp>
#include <asio/ip/address.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace remote_job::inline v0::ssh {

/// What connecting leaves behind.
struct connection {
  std::shared_ptr<ssh::session> session;  ///< ready for channels
  std::string diagnostics;                ///< when it failed: host, step and why
  std::vector<std::string> notices;       ///< what is odd in the known-hosts files, and what was added
};

/// Connects to one host: address, TCP, identification, key exchange, host key, authentication; each with its time-out.
class connector final : public operation, public std::enable_shared_from_this<connector> {
 public:
  connector(const asio::any_io_executor& executor, std::shared_ptr<const ssh_options> options,
            std::shared_ptr<connection> result)
      : executor_(executor),
        options_(std::move(options)),
        result_(std::move(result)),
        resolver_(executor),
        socket_(executor),
        timer_(executor),
        host_key_(*options_) {}

  void start(detail::any_completion completion) {
    completion_ = std::move(completion);
    if (completion_.slot().is_connected()) completion_.slot().assign(on_cancel{weak_from_this()});
    result_->session.reset();
    result_->diagnostics.clear();

    if (auto wrong = validate(*options_); !wrong.empty()) return finish(errc::invalid_argument, wrong);
    user_ = options_->user.empty() ? local_user::current().name : options_->user;
    if (user_.empty()) return finish(errc::invalid_argument, "user must be given: this program's user has no name");
    if (const auto ec = host_key_.load()) return finish(ec, host_key_.why());
    result_->notices = host_key_.notices();
    resolve();
  }

  /// Completes with `operation_aborted`, or with another error that ended it.
  void cancel() {
    cancelled_ = true;
    finish(asio::error::operation_aborted, "cancelled");
  }

  /// Completes with `operation_aborted` when nobody is calling through the cancellation slot.
  void close() { finish(asio::error::operation_aborted, "closed"); }

 private:
  enum class stage { resolve, connect, banner, handshake, authentication };

  struct on_cancel {
    void operator()(asio::cancellation_type type) const {
      if ((type & asio::cancellation_type::terminal) == asio::cancellation_type::none) return;
      if (const auto self = target.lock()) self->cancel();
    }

    std::weak_ptr<connector> target;
  };

  void resolve() {
    std::error_code not_literal;
    const auto address = asio::ip::make_address(options_->host, not_literal);
    if (!not_literal) {
      endpoints_.emplace_back(address, options_->port);
      return connect();
    }
    // A look-up in the system's resolver cannot be broken off: after a time-out it ends in the resolver's own thread, and
    // its result is dropped.
    enter(stage::resolve, options_->timeouts.resolve, errc::resolve_timeout);
    resolver_.async_resolve(options_->host, std::to_string(options_->port), asio::ip::resolver_base::numeric_service,
                            [self = shared_from_this()](std::error_code ec, const auto& found) {
                              if (!self->completion_) return;
                              if (ec) return self->not_resolved(ec);
                              for (const auto& each : found) self->endpoints_.push_back(each.endpoint());
                              self->connect();
                            });
  }

  void not_resolved(std::error_code ec) {
    const bool never = ec == asio::error::host_not_found || ec == asio::error::no_data ||
                       ec == asio::error::no_recovery || ec == asio::error::service_not_found;
    finish(never ? errc::host_not_found : errc::resolve_failed, ec.message());
  }

  void connect() {
    enter(stage::connect, options_->timeouts.connect, errc::connect_timeout);
    asio::async_connect(
        socket_, endpoints_, [self = shared_from_this()](std::error_code ec, const asio::ip::tcp::endpoint&) {
          if (!self->completion_) return;
          if (ec) return self->finish(errc::connect_failed, ec.message());
          self->greet(std::make_unique<tcp_stream>(std::move(self->socket_), self->options_->silence_limit));
        });
  }

  /// The rest is SSH, over any stream.
  void greet(std::unique_ptr<byte_stream> stream) {
    session_ = session::create(executor_, std::move(stream),
                               {options_->timeouts.open, options_->keepalive, options_->silence_limit});
    const auto hold = session_;
    const session::turn t(*hold);
    hold->start();
    if (!hold->alive()) return finish(hold->error(), hold->why());
    prefer_host_keys();
    enter(stage::banner, options_->timeouts.banner, errc::banner_timeout);
    hold->add(shared_from_this());
    step();
  }

  void prefer_host_keys() {
    const char** names = nullptr;
    const int count = libssh2_session_supported_algs(session_->native(), LIBSSH2_METHOD_HOSTKEY, &names);
    supported_.clear();
    for (int i = 0; i < count; ++i) supported_.emplace_back(names[i]);
    if (names != nullptr) libssh2_free(session_->native(), names);
    const auto wanted = only_host_key_.empty() ? host_key_.preference(supported_) : only_host_key_;
    if (!wanted.empty()) libssh2_session_method_pref(session_->native(), LIBSSH2_METHOD_HOSTKEY, wanted.c_str());
  }

  void step() override {
    const auto hold = session_;
    if (!completion_ || !hold || !hold->alive()) return;
    if (stage_ == stage::banner || stage_ == stage::handshake) {
      const int rc = hold->handshake();
      if (stage_ == stage::banner && hold->identified())
        enter(stage::handshake, options_->timeouts.handshake, errc::handshake_timeout);
      if (rc == LIBSSH2_ERROR_EAGAIN || !hold->alive()) return;
      if (rc != 0) return handshake_failed(rc);
      if (!check_host_key()) return;
      result_->notices = host_key_.notices();
      enter(stage::authentication, options_->timeouts.authentication, errc::authentication_timeout);
      authenticator_.emplace(executor_, *options_, user_, [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (!self || !self->session_) return;
        const auto session = self->session_;
        const session::turn t(*session);
        self->step();
      });
    }
    switch (authenticator_->step(*hold)) {
      case authenticator::status::more: return;
      case authenticator::status::failed: return finish(authenticator_->error(), authenticator_->why());
      case authenticator::status::done: return finish({}, {});
    }
  }

  void on_end(std::error_code ec) override {
    const auto ended = std::exchange(session_, nullptr);
    if (completion_) finish(ec, ended->why());
  }

  void drop() noexcept override {
    session_.reset();
    [[maybe_unused]] const auto last = std::move(completion_);
  }

  void handshake_failed(int rc) {
    if (rc != LIBSSH2_ERROR_KEX_FAILURE && rc != LIBSSH2_ERROR_KEY_EXCHANGE_FAILURE && rc != LIBSSH2_ERROR_METHOD_NONE)
      return session_->fail("the key exchange failed");
    const auto offered = session_->offered();
    if (!offered.known) return session_->fail("the key exchange failed");
    const auto common = [](const std::vector<std::string>& ours, const std::string& theirs) {
      const auto names = split_names(theirs);
      return std::any_of(ours.begin(), ours.end(),
                         [&](const auto& name) { return std::find(names.begin(), names.end(), name) != names.end(); });
    };
    const struct {
      const char* what;
      int method;
      const std::string& theirs;
    } lists[] = {{"host-key algorithm", LIBSSH2_METHOD_HOSTKEY, offered.host_key},
                 {"key exchange", LIBSSH2_METHOD_KEX, offered.key_exchange},
                 {"cipher", LIBSSH2_METHOD_CRYPT_SC, offered.cipher},
                 {"MAC", LIBSSH2_METHOD_MAC_SC, offered.mac}};
    for (const auto& [what, method, theirs] : lists) {
      const char** names = nullptr;
      const int count = libssh2_session_supported_algs(session_->native(), method, &names);
      std::vector<std::string> ours(names, names + std::max(count, 0));
      if (names != nullptr) libssh2_free(session_->native(), names);
      if (common(ours, theirs)) continue;
      std::string why = std::string("no ") + what + " in common with the server, which offers " + theirs;
      if (method == LIBSSH2_METHOD_HOSTKEY && theirs.find("rsa-sha2") != std::string::npos &&
          !detail::libssh2_has_rsa_sha2())
        why += ". It has only RSA host keys, and libssh2 " + std::string(libssh2_version(0)) +
               " lacks rsa-sha2: use libssh2 1.11 or newer, or process_transport over ssh, "
               "or give the server an ed25519 host key (ssh-keygen -A)";
      return finish(errc::no_common_algorithm, why);
    }
    // Something is in common: what failed was the exchange itself.
    session_->fail("the key exchange failed");
  }

  /// False when it is over, or begun anew.
  bool check_host_key() {
    std::size_t size = 0;
    int type = 0;
    const char* data = libssh2_session_hostkey(session_->native(), &size, &type);
    const std::string_view blob(data == nullptr ? "" : data, data == nullptr ? 0 : size);
    const char* digest = libssh2_hostkey_hash(session_->native(), LIBSSH2_HOSTKEY_HASH_SHA256);
    const auto ec = host_key_.check(blob, digest == nullptr ? std::string_view() : std::string_view(digest, 32));
    if (!ec) return true;
    if (!options_->fingerprints.empty() && try_other_host_key()) return false;
    finish(ec, host_key_.why());
    return false;
  }

  /// A fingerprint does not tell the type of its key, and a server shows only the one asked for: when it is not that of
  /// the key shown, the others are looked at, one connection each.
  bool try_other_host_key() {
    const auto offered = split_names(session_->offered().host_key);
    const char* shown = libssh2_session_methods(session_->native(), LIBSSH2_METHOD_HOSTKEY);
    if (shown != nullptr) seen_types_.emplace_back(host_key_checker::key_type(shown));
    for (const auto& algorithm : supported_) {
      const std::string type(host_key_checker::key_type(algorithm));
      if (std::find(offered.begin(), offered.end(), algorithm) == offered.end() ||
          std::find(seen_types_.begin(), seen_types_.end(), type) != seen_types_.end())
        continue;
      only_host_key_ = algorithm;
      const auto old = std::exchange(session_, nullptr);
      old->remove(*this);
      old->kill(asio::error::operation_aborted, {});
      socket_ = asio::ip::tcp::socket(executor_);
      connect();
      return true;
    }
    return false;
  }

  void enter(stage next, duration allowed, errc error) {
    stage_ = next;
    timer_.expires_after(allowed);
    timer_.async_wait([self = shared_from_this(), next, allowed, error](std::error_code ec) {
      if (ec || !self->completion_ || self->stage_ != next) return;
      const auto who = self->authenticator_ ? self->authenticator_->waits_for() : std::string();
      self->finish(error,
                   "no answer " + (who.empty() ? who : "of " + who + ' ') + "within " + milliseconds_of(allowed));
    });
  }

  void finish(std::error_code ec, std::string_view why) {
    if (!completion_) return;
    const auto hold = shared_from_this();
    if (!cancelled_) completion_.slot().clear();
    auto completion = std::move(completion_);
    timer_.cancel();
    if (authenticator_) authenticator_->close();
    if (const auto ended = std::exchange(session_, nullptr)) {
      ended->remove(*this);
      if (ec)
        ended->kill(ec, std::string(why));
      else
        ended->enter_service();
      result_->session = ec ? nullptr : ended;
    }
    if (ec) {
      resolver_.cancel();
      std::error_code ignored;
      socket_.close(ignored);
      result_->diagnostics = where() + std::string(why);
    }
    completion.post(ec);
  }

  static std::string milliseconds_of(duration d) {
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(d).count()) + " ms";
  }

  std::string where() const {
    static constexpr const char* names[] = {"resolving", "connecting", "waiting for the SSH identification",
                                            "key exchange", "authentication"};
    const bool v6 = options_->host.find(':') != std::string::npos;
    auto text = (v6 ? '[' + options_->host + ']' : options_->host) + ':' + std::to_string(options_->port) + ": ";
    if (stage_ == stage::authentication) text = user_ + '@' + text;
    if (stage_) text += std::string(names[static_cast<int>(*stage_)]) + ": ";
    return text;
  }

  asio::any_io_executor executor_;
  std::shared_ptr<const ssh_options> options_;
  std::shared_ptr<connection> result_;
  asio::ip::tcp::resolver resolver_;
  asio::ip::tcp::socket socket_;
  asio::steady_timer timer_;
  host_key_checker host_key_;
  detail::any_completion completion_;
  std::string user_;
  std::vector<asio::ip::tcp::endpoint> endpoints_;
  std::optional<stage> stage_;
  bool cancelled_ = false;
  std::shared_ptr<session> session_;
  std::optional<authenticator> authenticator_;
  std::vector<std::string> supported_;
  std::vector<std::string> seen_types_;
  std::string only_host_key_;
};

}  // namespace remote_job::inline v0::ssh

#endif
