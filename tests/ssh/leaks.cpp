// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors

// For the sanitizers only. libssh2 1.10 leaks two numbers whenever it loads an ECDSA key in OpenSSH's format, and the
// list of methods, some 60 bytes, when it asks for it again, as after each factor of several. They are recognised by
// the function they come from, and for that the stacks have to be walked through libraries that keep no frame pointer.
#if defined(__SANITIZE_ADDRESS__)
#define REMOTE_JOB_TESTS_WITH_ASAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define REMOTE_JOB_TESTS_WITH_ASAN
#endif
#endif

#ifdef REMOTE_JOB_TESTS_WITH_ASAN
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() { return "fast_unwind_on_malloc=0"; }
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libssh2_userauth_publickey_frommemory\nleak:libssh2_userauth_list\n";
}
#endif
