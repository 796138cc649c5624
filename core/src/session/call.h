/* SPDX-License-Identifier: Apache-2.0 */
/* A call: one operation from its start to its outcome, over as many attempts as it may take. */
#ifndef CAPAUTH_CALL_H
#define CAPAUTH_CALL_H

#include <stdbool.h>

#include <capauth/capauth.h>

#include "base/secret.h"
#include "net/exchange.h"
#include "net/task.h"
#include "protocol/operation.h"
#include "session/client.h"
#include "session/session.h"

/* The optional arguments, as a call copied them. */
struct capauth_options {
#define DURATION(name, least, most, none) int name;
#define FLAG(name) int name;
#define TEXT_MEMBER(name) char *name;
#include "generated/options.def"
    int64_t otp_timestamp_ms; /* goes with otp_hash */
    struct capauth__header *headers;
    struct capauth__buffer query; /* "name=value&name=value", encoded */
    char *error_message; /* of the last setter that refused */
};

struct capauth__reply;

struct capauth_call {
    struct capauth__task task; /* how the engine knows it; the first member */
    struct capauth__exchange exchange; /* the request, and its way through the engine */
    capauth_client *client;
    capauth_session *session; /* NULL for prepare */

    /* What to do. */
    enum capauth__verb verb;
    const struct capauth__operation *operation; /* NULL for gateway, ensure, prepare */
    bool internal; /* the engine's own, nobody's handle */
    bool external; /* CIAM: no token of ours */
    bool view; /* gateway: a VIEW token will do */
    int64_t id;
    int64_t started_us;
    int margin_ms; /* what the token must still live */
    bool margin_given; /* as an option */
    uint64_t epoch;
    uint64_t key_version; /* of the key that a regeneration sends */
    uint64_t generation; /* of the token that was sent, or that a regeneration replaces */
    char *new_value; /* identifier update */
    char *fallback_channel;

    /* Where it is; the engine's mutex. */
    bool connected; /* prepare: what is left is to let the connection come to rest */
    int connected_fd;
    bool token_was_fresh; /* regenerated for this call: refused again, it is not tried a third time */
    bool token_refused;
    bool may_have_left; /* some attempt's request reached the wire */
    bool not_processed; /* ... and something before the Auth Engine turned it away */
    bool not_understood; /* the Auth Engine's deserialiser has said why */
    bool maybe_done; /* an earlier attempt's answer was lost */
    bool hopeless; /* the same request will be turned away again */
    bool void_answer; /* it came for a state that the session had left */
    capauth_call *session_next; /* calls of one session; the session's mutex */
    capauth_call *refresh_next; /* waiters for one regeneration; the session's mutex */
    bool waits_for_refresh;

    /* What came of it: settled once the task is done. */
    int outcome;
    int http_status;
    int retry_after_ms;
    int maybe_sent;
    int retryable;
    int ok;
    int refusal; /* gateway: the code of a reply that is not ok */
    int next_step;
    int64_t server_code;
    char *server_message;
    char *error_message;
    char argument[32];
    char request_id[128];
    struct capauth__buffer reply_body; /* gateway */
};

capauth_call *capauth__call_new(capauth_client *client, capauth_session *session, enum capauth__verb verb,
                                const capauth_options *options);
/* false, here and next: no memory. */
bool capauth__call_copy_headers(capauth_call *call, const struct capauth__header *from);
/* Copies of what the call itself needs of its options. */
bool capauth__call_take_options(capauth_call *call, const capauth_options *options);

/* Hands a prepared call to the engine; blocks for its outcome when `out` is NULL. Takes over the caller's reference. */
int capauth__call_start(capauth_call *call, capauth_call **out);
/* A call that was refused on the spot. `message` and `argument` may be NULL. */
int capauth__call_refuse(capauth_call *call, capauth_call **out, int code, const char *argument, const char *message);
/* One that is done and that nobody has collected; NULL: there is none. */
capauth_call *capauth__call_next_done(capauth_client *client);
/* 0, or why no operation can start on this client from here. `blocking`: in a callback, too. */
int capauth__call_allowed(capauth_client *client, bool blocking);

/* In a turn of the engine, with its mutex held. */

/* Entered: sends it, or waits for what it needs first. */
void capauth__call_enter(capauth_call *call);
/* Sets when it is looked at again: its deadline, or what comes before. */
void capauth__call_schedule(capauth_call *call, int64_t due_ms);
/* Puts its request in line for a connection. */
void capauth__call_send(capauth_call *call);
/* Tries again after the back-off, if the rules, the count and the deadline let it; else false. */
bool capauth__call_retry(capauth_call *call, const struct capauth__answer *answer);
/* Settles it. `message` may be NULL: then the code's own sentence. It repeats no secret (see capauth__call_told). */
void capauth__call_finish(capauth_call *call, int outcome, const char *message);

/* What a server or libcurl said, or instead that it repeats a secret, of `received` (or NULL) too. */
const char *capauth__call_told(const capauth_call *call, const struct capauth__reply *received, const char *text);
/* Keeps what a server said, unless it repeats a secret, of `received` (or NULL) too. */
void capauth__call_keep_message(capauth_call *call, const struct capauth__reply *received, const char *message);
/* What went wrong, before any detail. */
const char *capauth__call_sentence(const capauth_call *call);
/* Tells the trace that the call starts or ends. */
void capauth__call_trace(const capauth_call *call, int event);
/* Takes over what the answer to another call said: a regeneration's refusal is its waiters' too. */
void capauth__call_take_answer(capauth_call *call, const capauth_call *other);

/* What the end of an attempt without an answer of the Auth Engine means for a call that may not be repeated. */
int capauth__call_lost(const capauth_call *call, int code);

#endif
