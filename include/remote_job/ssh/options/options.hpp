// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_OPTIONS_OPTIONS_HPP
#define REMOTE_JOB_SSH_OPTIONS_OPTIONS_HPP

#include <remote_job/command.hpp>
#include <remote_job/job.hpp>
#include <remote_job/ssh/options/prompt.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI {

/// A private key to log in with. Set exactly one of the two members. For a key held by an agent, the public key is
/// enough: here, or in the file of that name with `.pub` appended. A plain value.
struct ssh_identity {
  /// Path of the key; a leading `~/` stands for the home directory. "none": no key, not even a default one.
  std::string file = {};
  /// The key itself, in the format of a key file. It is secret; the caller has to wipe it.
  std::string text = {};
};

/// Time limits for the steps of connecting; each must be above zero.
struct ssh_timeouts {
  duration resolve = std::chrono::seconds(10);         ///< to resolve the host name
  duration connect = std::chrono::seconds(15);         ///< to connect to one of the addresses, all attempts together
  duration banner = std::chrono::seconds(10);          ///< until the server sends its SSH identification
  duration handshake = std::chrono::seconds(20);       ///< for the key exchange
  duration agent = std::chrono::seconds(5);            ///< until an ssh-agent has listed its keys; else it is left out
  duration authentication = std::chrono::seconds(30);  ///< for all methods together
  duration open = std::chrono::seconds(15);            ///< until the server answers a request to open a channel
  /// Until it is known whether the server offers file access. In a pool, also how long file access may stall on one
  /// user's files before it is replaced for the other users. Keep it below a watch's command_timeout; otherwise the
  /// poll times out first.
  duration files = std::chrono::seconds(5);
};

/// The algorithms to use, by their SSH names, best first; an empty list means libssh2's defaults. A name that libssh2
/// does not know makes connecting fail with `errc::invalid_argument`. A plain value.
struct ssh_algorithms {
  std::vector<std::string> key_exchange = {};  ///< key exchange methods
  std::vector<std::string> host_key = {};      ///< host key types; types already known for the host come first
  std::vector<std::string> cipher = {};        ///< for both directions
  std::vector<std::string> mac = {};           ///< for both directions
};

/// Which of a host's addresses to try.
enum class ip_version { any, v4, v6 };

/// How to verify a host key.
enum class host_key_policy {
  strict,  ///< the key must be in a known-hosts file
  /// Accepts the key of an unknown host and adds it to the first known-hosts file, creating the file if necessary.
  /// Refuses a changed or revoked key, and a new host whose key cannot be added, except to /dev/null.
  accept_new,
  /// As `StrictHostKeyChecking no` of OpenSSH: as accept_new, but accepts every other key, too. With a host whose key is
  /// changed or revoked neither a password nor keyboard-interactive is used.
  insecure_accept_changed,
  insecure_accept_any  ///< accepts any key, even a changed or revoked one: offers no protection against an attacker
};

/// Settings for a query of OpenSSH's ssh. A plain value.
struct openssh_query {
  std::string user;             ///< overrides the configuration, as `ssh -l`; empty: from the configuration
  std::uint16_t port = 0;       ///< overrides the configuration, as `ssh -p`; 0: from the configuration
  std::string config_file;      ///< as `ssh -F`; empty: the user's and the system's files
  std::string program = "ssh";  ///< searched for in PATH
  duration timeout = std::chrono::seconds(10);  ///< for the whole query
};

/// How to reach one host over SSH. A plain value.
///
/// It need not hold secrets: keys are read from their files when needed; passphrases and passwords are requested when
/// needed and wiped after use.
struct ssh_options {
  std::string host;                 ///< name or address; brackets around an IPv6 address are optional; required
  std::uint16_t port = 22;          ///< above 0
  std::string user;                 ///< empty: the user who runs this program
  ip_version ip = ip_version::any;  ///< applies to addresses found by name, not to an address given as host

  /// The authentication methods to use, in the order to try them. Empty: "publickey", "keyboard-interactive",
  /// "password", in this order; no other method is supported.
  std::vector<std::string> methods;
  /// Methods by which OpenSSH's ssh may log in where libssh2 cannot: "gssapi-with-mic", "hostbased", or "publickey" for
  /// keys out of libssh2's reach. If the server accepts one of them, a login that fails does so with
  /// `errc::credential_unsupported`, unless a password or passphrase was wrong. They are not used.
  std::vector<std::string> unsupported_methods;
  /// Identities, in the order to try them. Empty: those of `~/.ssh/id_ed25519`, `id_ecdsa` and `id_rsa` that exist.
  std::vector<ssh_identity> identities;
  /// Files with certificates for the identities, as `CertificateFile` of ssh_config(5). One that belongs to an identity
  /// is tried before the identity alone, as is the file of its name with `-cert.pub` appended, if it exists.
  /// Certificates for ECDSA keys work with any libssh2, others with 1.11.1 or newer.
  std::vector<std::string> certificates;
  /// Path of an ssh-agent's socket; a leading `~/` stands for the home directory. Empty: the value of the environment
  /// variable SSH_AUTH_SOCK, if set. "none": no agent. The agent's keys are tried before the files, those among the
  /// identities first.
  std::string agent;
  /// Whether to try only those of the agent's keys that are among the identities.
  bool identities_only = false;
  /// Provides the passphrase of an encrypted key. If the key's format shows the public key, it is called only after the
  /// server has accepted that. Not set: an encrypted key fails with `errc::passphrase_wrong`.
  ssh_prompter passphrase;
  /// Provides the user's password, if the server accepts passwords. Not set: the method is skipped.
  ssh_prompter password;
  /// Answers the server's questions, which may come several at a time and several times. Not set: the method is
  /// skipped.
  ssh_prompter keyboard_interactive;
  /// If a key is of a kind that libssh2 cannot use, fail with `errc::credential_unsupported` before a password or an
  /// answer is asked for. Set it if you then connect through OpenSSH's ssh.
  bool defer_to_openssh = false;
  /// How often each prompter is called while its answers are wrong; above 0. A prompter that returns its answer
  /// directly is called once.
  unsigned prompts = 3;

  /// Files in the format of sshd(8), SSH_KNOWN_HOSTS FILE FORMAT. Each file named here must be readable, unless
  /// `insecure_accept_changed`; with `accept_new`, the first may be missing. Empty: those of `~/.ssh/known_hosts` and `/etc/ssh/ssh_known_hosts` that
  /// exist.
  std::vector<std::string> known_hosts;
  /// The only host keys to accept, as `ssh-keygen -l` prints them (`SHA256:...`). If set, known-hosts files and
  /// `host_keys` are ignored.
  std::vector<std::string> fingerprints;
  /// How to verify the host key if `fingerprints` is empty.
  host_key_policy host_keys = host_key_policy::strict;
  /// The name to look up in the known-hosts files, regardless of the port. Empty: host and port.
  std::string host_key_alias;

  /// The algorithms to use.
  ssh_algorithms algorithms;

  /// Jump hosts, as in ProxyJump: the first is connected to directly, and each next one, finally this host, through the
  /// one before. Each has its own options and inherits no identities, policy or time-outs. A jump host with jump hosts
  /// of its own is reached through those.
  std::vector<ssh_options> jump_hosts;

  /// Time limits for the steps of connecting.
  ssh_timeouts timeouts;
  /// Time without a byte from the server after which a keepalive is sent; above 0.
  duration keepalive = std::chrono::seconds(15);
  /// Time of silence after which the connection counts as lost; above keepalive.
  duration silence_limit = std::chrono::seconds(30);

  /// Whether commands are put to one shell that stays open on the host, on a channel of its own, where the OS policy knows
  /// how: a poll then costs one round trip and one process for all jobs. A shell that leaves a request unanswered for
  /// half of `timeouts.files` is replaced; the request is then executed as a command of its own, as all are where no
  /// shell can be kept.
  bool keep_shell = true;

  /// Texts for the transport to report among its notices when connecting: settings of a configuration that have no
  /// effect.
  std::vector<std::string> notices;

  /// Reads the options of a host, which may be an alias, from the user's OpenSSH configuration. Supported are Host,
  /// Match, Include and HostName, Port, User, AddressFamily; IdentityFile, CertificateFile, IdentityAgent,
  /// IdentitiesOnly; PreferredAuthentications, PubkeyAuthentication, KbdInteractiveAuthentication,
  /// PasswordAuthentication, BatchMode (no password is requested), NumberOfPasswordPrompts; UserKnownHostsFile,
  /// GlobalKnownHostsFile,
  /// StrictHostKeyChecking, HostKeyAlias; HostKeyAlgorithms, KexAlgorithms, Ciphers and MACs, restricted to the
  /// algorithms that libssh2 supports; ProxyJump; ConnectTimeout, ServerAliveInterval, ServerAliveCountMax.
  /// StrictHostKeyChecking `accept-new` becomes `accept_new`, `no` becomes `insecure_accept_changed`; all other values
  /// become `strict`, since there is no user to ask. Each host of ProxyJump is looked up in the same way.
  ///
  /// Fails with `errc::ssh_config_unsupported` if ignoring an unsupported setting would weaken security or take
  /// another route: ProxyCommand, RevokedHostKeys, authentication by other methods only, algorithm lists without one
  /// that libssh2 supports. Use `process_transport` over ssh for these. Other unsupported settings that affect who logs
  /// in, how, or from where (such as PKCS11Provider, BindAddress) are listed in `notices`. The remaining settings
  /// concern only ssh itself and have no effect.
  ///
  /// Runs `ssh -G` without a shell and blocks until it ends: usually some milliseconds, at most the time-out. Call it
  /// before an executor runs. Executes `Match exec` lines of the configuration. Thread-safe. Throws
  /// `std::system_error`: `errc::program_not_found`, `errc::resolve_timeout`, `errc::ssh_config_unsupported`, or
  /// `errc::invalid_argument` for an invalid name, such as one that begins with `-`, or a configuration that ssh or
  /// this library rejects. Defined in <remote_job/ssh/openssh/openssh_config.hpp>, for POSIX systems.
  static ssh_options from_openssh(std::string_view alias, const openssh_query& query = {});
};

namespace ssh {

/// Whose login shell runs the commands.
REMOTE_JOB_DECL remote_account account_of(const ssh_options& options);

}  // namespace ssh

/// Checks the options. Returns one sentence that begins with the name of the invalid field, or nothing. Thread-safe;
/// does no I/O.
REMOTE_JOB_DECL std::string validate(const ssh_options& options);

namespace ssh {

/// What to use where libssh2 does not suffice, for messages.
inline constexpr const char* over_ssh = "process_transport over ssh (rjob --transport ssh)";

}  // namespace ssh

}  // namespace remote_job::inline REMOTE_JOB_ABI

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/options/impl/options.ipp>
#endif

#endif
