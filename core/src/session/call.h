/* SPDX-License-Identifier: Apache-2.0 */
/* A call: one operation from its start to its outcome. Here is what it consists of; lifecycle.h moves it. */
#ifndef CAPAUTH_CALL_H
#define CAPAUTH_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include <capauth/capauth.h>

#include "base/secret.h"
#include "net/exchange.h"
#include "net/task.h"
#include "protocol/operation.h"
#include "protocol/state.h"
#include "protocol/wire.h"
#include "session/options.h"
#include "session/outcome.h"
#include "session/session.h"

/* All in a turn of the engine, whose mutex is held. */
struct capauth__call_kind {
    /* Sends it, or waits for what it needs first. */
    void (*enter)(capauth_call *call);
    /* HTTP has answered an attempt. */
    void (*answered)(capauth_call *call, const struct capauth__answer *answer);
    /* It is settled. NULL: nothing follows. */
    void (*ended)(capauth_call *call);
};

/* What is to be done: settled before the call starts. */
struct capauth__request {
    enum capauth__operation operation;
    const struct capauth__request_form *form; /* NULL: none of the Auth Engine's */
    bool internal; /* an automatic regeneration: nobody's handle */
    int64_t id;
    int64_t started_us;
    int margin_ms; /* what the token must still live */
    bool margin_given; /* as an option */
    bool external; /* gateway: with the tokens of an OpenID provider */
    bool view; /* gateway: a VIEW token will do */
    struct capauth__stamp seen; /* the session's, when the request was written */
    struct capauth__secrets secrets; /* in its body */
    char *new_value; /* identifier update */
    char *fallback_channel;
};

/* What came of it: settled once the task is done. */
struct capauth__result {
    int code;
    int cause; /* why it ended; as `code`, but for an unknown outcome */
    int http_status;
    int retry_after_ms; /* -1: not said */
    bool maybe_sent;
    bool retryable;
    int refusal; /* gateway: the code of a reply that is not ok */
    int next_step;
    int64_t server_code;
    char *server_message;
    const char *sentence; /* in place of the code's own; static, or NULL */
    char *detail; /* what the message says beyond it; NULL: nothing */
    char *error_message;
    char argument[32];
    char request_id[128];
    struct capauth__buffer body; /* gateway */
};

struct capauth_call {
    struct capauth__task task; /* first: the engine knows only this */
    struct capauth__exchange exchange;
    const struct capauth__call_kind *kind;
    capauth_client *client;
    capauth_session *session; /* NULL for prepare */
    struct capauth__request request;
    struct capauth__attempts attempts;
    struct capauth__result result;
    bool finished; /* this and the next: the engine's mutex */
    void (*wake)(capauth_call *call); /* what its due time is for, before the deadline; NULL: it is entered again */
    int connected_fd; /* prepare: of its connection */
    bool is_past; /* it was for a state that the session had left */
    bool token_is_new; /* regenerated for this call: refused again, it is not tried a third time */
    bool token_refused;
    bool waits_for_token; /* this and the links: the session's mutex */
    capauth_call *waiter_next;
    capauth_call *session_next;
};

#endif
