/* SPDX-License-Identifier: Apache-2.0 */
/* Operations as the program's commands use them: started with the options that were given, then waited for. */
#ifndef CAPAUTH_TOOL_CALLS_H
#define CAPAUTH_TOOL_CALLS_H

#include "options.h"

/* Each starts; NULL: `*code` says why not. `password` may be NULL. The call is the caller's. */
capauth_call *start_token(capauth_session *session, const char *password, int *code);
capauth_call *start_otp(capauth_session *session, const struct arguments *arguments, int *code);

/* Hands on what was typed at `step`. */
capauth_call *start_answer(capauth_session *session, int step, const char *text, int *code);

/* A token that is valid for so long; negative: for the client's margin. */
capauth_call *start_ensure(capauth_session *session, int margin_ms, int *code);

/* Waits, tells what went wrong, frees the call. */
int finished(capauth_call *call, int code);

#endif
