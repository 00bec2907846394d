// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_OPTIONS_OPTIONS_HPP
#define REMOTE_JOB_SSH_OPTIONS_OPTIONS_HPP

#include <remote_job/job.hpp>
#include <remote_job/ssh/options/prompt.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI {

/// A private key to log in with: exactly one of the two is given. Of a key that an agent has the public one will do,
/// here or in a file of that name and `.pub`. A plain value.
struct ssh_identity {
  /// Path of the key; a leading `~/` stands for the home directory. "none": no key, not even one of the usual ones.
  std::string file = {};
  /// The key itself, as it would stand in a file; a secret, which is the caller's to wipe.
  std::string text = {};
};

/// Time allowed to each step of connecting; each above zero.
struct ssh_timeouts {
  duration resolve = std::chrono::seconds(10);         ///< to find the host's addresses
  duration connect = std::chrono::seconds(15);         ///< to reach one of them, all tries together
  duration banner = std::chrono::seconds(10);          ///< until the server has identified itself as SSH
  duration handshake = std::chrono::seconds(20);       ///< for the key exchange
  duration authentication = std::chrono::seconds(30);  ///< for all methods together
  duration open = std::chrono::seconds(15);            ///< until the server has answered the opening of a channel
  /// Until it is known whether the server gives access to files; and until one that has come to a halt over one user's
  /// files is replaced for the others of a pool. Below a watch's command_timeout: what is not known by then is a poll
  /// that timed out.
  duration files = std::chrono::seconds(5);
};

/// Which algorithms may be used, by their SSH names, the best first; an empty list is libssh2's own. A name that
/// libssh2 does not know is `errc::invalid_argument` when connecting. A plain value.
struct ssh_algorithms {
  std::vector<std::string> key_exchange = {};  ///< how the keys of the session are agreed upon
  std::vector<std::string> host_key = {};      ///< within it the keys known for the host come first
  std::vector<std::string> cipher = {};        ///< both ways
  std::vector<std::string> mac = {};           ///< both ways
};

/// Which of a host's addresses are tried.
enum class ip_version { any, v4, v6 };

/// What to think of a host's key.
enum class host_key_policy {
  strict,  ///< it has to be in a known-hosts file
  /// A host of which no key is known is believed at first sight, and its key added to the first known-hosts file, which
  /// is created if need be. A changed or a revoked key is refused, and so is a new host whose key cannot be added.
  accept_new,
  insecure_accept_any  ///< any key will do, a changed or revoked one too: nobody knows who listens
};

/// What to ask OpenSSH's ssh for. A plain value.
struct openssh_query {
  std::string user;             ///< goes before the configuration's, as with `ssh -l`; empty: the configuration's
  std::uint16_t port = 0;       ///< goes before the configuration's, as with `ssh -p`; 0: the configuration's
  std::string config_file;      ///< as with `ssh -F`; empty: the user's and the system's
  std::string program = "ssh";  ///< looked for in PATH
  duration timeout = std::chrono::seconds(10);  ///< for all of it
};

/// How to reach one host over SSH. A plain value.
///
/// No secret need be in it: keys are read from their files when they are needed, passphrases and passwords are asked
/// for and wiped after use.
struct ssh_options {
  std::string host;                 ///< name or address, that of IPv6 with or without brackets; required
  std::uint16_t port = 22;          ///< above 0
  std::string user;                 ///< empty: the name of the user who runs this program
  ip_version ip = ip_version::any;  ///< of the addresses that the name of a host has; one that is given as such counts

  /// The authentication methods that may be used, in the order to try them. Empty: "publickey", "keyboard-interactive"
  /// and "password", which are all there are, in this order.
  std::vector<std::string> methods;
  /// Tried in this order. Empty: those of `~/.ssh/id_ed25519`, `id_ecdsa` and `id_rsa` that are there.
  std::vector<ssh_identity> identities;
  /// Path of an ssh-agent's socket; a leading `~/` stands for the home directory. Empty: that of the environment
  /// variable SSH_AUTH_SOCK, if it is set. "none": no agent. Its keys are tried before the files, first those that are
  /// identities.
  std::string agent;
  /// Of the agent's keys only those that are identities are tried.
  bool identities_only = false;
  /// Asked for the passphrase of an encrypted key, if its format tells the public key only once the server has found
  /// that good. Not set: an encrypted key is `errc::passphrase_wrong`.
  ssh_prompter passphrase;
  /// Asked for the user's password, if the server takes one. Not set: the method is not tried; so with the next one.
  ssh_prompter password;
  /// Asked what the server asks, which may be several things, several times.
  ssh_prompter keyboard_interactive;
  /// How often each of them is asked while what was given is wrong; above 0. One that knows the answer at once is asked
  /// once.
  unsigned prompts = 1;

  /// Files in the format of sshd(8), SSH_KNOWN_HOSTS FILE FORMAT. Each one named here has to be readable.
  /// Empty: `~/.ssh/known_hosts` and `/etc/ssh/ssh_known_hosts`, as far as they are there. With `accept_new` the first
  /// one need not be there.
  std::vector<std::string> known_hosts;
  /// The only host keys to be accepted, as `ssh-keygen -l` prints them (`SHA256:...`). Not empty: no known-hosts file
  /// is looked at, and no other policy counts.
  std::vector<std::string> fingerprints;
  /// What is asked of a host key without fingerprints.
  host_key_policy host_keys = host_key_policy::strict;
  /// The name to look up in the known-hosts files, whatever the port. Empty: host and port.
  std::string host_key_alias;

  /// Which algorithms may be used.
  ssh_algorithms algorithms;

  /// Hosts to go through, as ProxyJump: the first is connected to, and each next one, at last this host, through the
  /// one before. Each has its own options: identities, policy and time-outs are not inherited. One that has jump hosts
  /// itself is reached through these.
  std::vector<ssh_options> jump_hosts;

  /// How long each step of a connection may take.
  ssh_timeouts timeouts;
  /// After so long without a byte from the server it is asked for a sign of life; above 0.
  duration keepalive = std::chrono::seconds(15);
  /// Without an answer the connection counts as lost after so long a silence; above keepalive.
  duration silence_limit = std::chrono::seconds(30);

  /// To be told among the transport's notices when connecting: what of a configuration is not obeyed.
  std::vector<std::string> notices;

  /// What the user's OpenSSH configuration says of a host, which may be an alias. Obeyed are Host, Match, Include and
  /// HostName, Port, User, AddressFamily; IdentityFile, IdentityAgent, IdentitiesOnly; PreferredAuthentications,
  /// PubkeyAuthentication, KbdInteractiveAuthentication, PasswordAuthentication, BatchMode (nobody is asked for a
  /// password), NumberOfPasswordPrompts; UserKnownHostsFile, GlobalKnownHostsFile, StrictHostKeyChecking, HostKeyAlias;
  /// HostKeyAlgorithms, KexAlgorithms, Ciphers and MACs, as far as libssh2 knows what they name; ProxyJump;
  /// ConnectTimeout, ServerAliveInterval, ServerAliveCountMax. StrictHostKeyChecking `no` and `accept-new` are both
  /// `accept_new`, all else is `strict`: there is nobody to ask. Each host of ProxyJump is looked up in the same way.
  ///
  /// What cannot be obeyed and would let in what the configuration keeps out is refused, as is what leads another way:
  /// ProxyCommand, RevokedHostKeys, authentication by other methods only, algorithms of which libssh2 knows none;
  /// `process_transport` over ssh has all that. Of what else changes who logs in, how and from where (such as
  /// CertificateFile, PKCS11Provider, BindAddress) `notices` tells. The rest is for ssh alone and has no effect.
  ///
  /// Starts `ssh -G`, without a shell, and blocks until it has ended, usually for some milliseconds, at most for the
  /// time-out: to be called before an executor runs. `Match exec` lines of the configuration are executed. Thread-safe.
  /// Throws `std::system_error`: `errc::program_not_found`, `errc::resolve_timeout`, `errc::invalid_argument` for a
  /// name that begins with `-` or is none, for a configuration that ssh or this library refuses. Defined in
  /// <remote_job/ssh/openssh/openssh_config.hpp>, for POSIX systems.
  static ssh_options from_openssh(std::string_view alias, const openssh_query& query = {});
};

/// Says what is wrong with the options: one sentence that begins with the name of the field, or nothing.
/// Thread-safe; does no I/O.
REMOTE_JOB_DECL std::string validate(const ssh_options& options);

}  // namespace remote_job::inline REMOTE_JOB_ABI

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/options/impl/options.ipp>
#endif

#endif
