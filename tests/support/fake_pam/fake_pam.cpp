// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors

// A libpam that knows one password, so that a real sshd can be logged in to without an account's own. It is put before
// the real one by LD_PRELOAD, for the sshd of a test only. With REMOTE_JOB_TEST_CODE in the environment it asks for
// that too, and that may be seen. With REMOTE_JOB_TEST_SILENT it refuses keyboard-interactive without a question.

#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>

// As in security/pam_appl.h of Linux-PAM, which is not needed to run the tests.
struct pam_message {
  int msg_style;
  const char* msg;
};
struct pam_response {
  char* resp;
  int resp_retcode;
};
struct pam_conv {
  int (*conv)(int, const pam_message**, pam_response**, void*);
  void* appdata_ptr;
};
struct pam_handle {
  pam_conv conversation;
  const char* user;
  pid_t starter;
};
using pam_handle_t = pam_handle;

namespace {

constexpr int PAM_SUCCESS = 0, PAM_AUTH_ERR = 7, PAM_AUTHTOK_ERR = 20;
constexpr int PAM_PROMPT_ECHO_OFF = 1, PAM_PROMPT_ECHO_ON = 2;
constexpr int PAM_USER = 2, PAM_CONV = 5;

// Copied when this is loaded: sshd empties the environment of the process that asks, and writes over its memory.
const std::string code = [] {
  const char* value = std::getenv("REMOTE_JOB_TEST_CODE");
  return std::string(value == nullptr ? "" : value);
}();

const bool silent = std::getenv("REMOTE_JOB_TEST_SILENT") != nullptr;

bool answers(const pam_handle& handle, int style, const char* text, const char* expected) {
  const pam_message message{style, text};
  const pam_message* messages[] = {&message};
  pam_response* responses = nullptr;
  if (handle.conversation.conv(1, messages, &responses, handle.conversation.appdata_ptr) != PAM_SUCCESS ||
      responses == nullptr)
    return false;
  const bool right = responses[0].resp != nullptr && std::strcmp(responses[0].resp, expected) == 0;
  std::free(responses[0].resp);
  std::free(responses);
  return right;
}

}  // namespace

extern "C" {

int pam_start(const char*, const char* user, const pam_conv* conversation, pam_handle_t** handle) {
  *handle = new pam_handle{*conversation, user, getpid()};
  return PAM_SUCCESS;
}

int pam_end(pam_handle_t* handle, int) {
  delete handle;
  return PAM_SUCCESS;
}

int pam_authenticate(pam_handle_t* handle, int) {
  // sshd has a process of its own ask the client; it checks a password in the one that began.
  if (silent && getpid() != handle->starter) return PAM_AUTH_ERR;
  if (!answers(*handle, PAM_PROMPT_ECHO_OFF, "Password: ", "a good one")) return PAM_AUTH_ERR;
  if (!code.empty() && !answers(*handle, PAM_PROMPT_ECHO_ON, "Code: ", code.c_str())) return PAM_AUTH_ERR;
  return PAM_SUCCESS;
}

int pam_set_item(pam_handle_t* handle, int type, const void* item) {
  if (type == PAM_CONV) handle->conversation = *static_cast<const pam_conv*>(item);
  return PAM_SUCCESS;
}

int pam_get_item(const pam_handle_t* handle, int type, const void** item) {
  *item = type == PAM_USER ? handle->user : nullptr;
  return PAM_SUCCESS;
}

int pam_acct_mgmt(pam_handle_t*, int) { return PAM_SUCCESS; }
int pam_setcred(pam_handle_t*, int) { return PAM_SUCCESS; }
int pam_open_session(pam_handle_t*, int) { return PAM_SUCCESS; }
int pam_close_session(pam_handle_t*, int) { return PAM_SUCCESS; }
int pam_chauthtok(pam_handle_t*, int) { return PAM_AUTHTOK_ERR; }
int pam_putenv(pam_handle_t*, const char*) { return PAM_SUCCESS; }
char** pam_getenvlist(pam_handle_t*) { return static_cast<char**>(std::calloc(1, sizeof(char*))); }
const char* pam_strerror(pam_handle_t*, int) { return "the fake libpam says no"; }
}
