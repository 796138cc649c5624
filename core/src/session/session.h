/* SPDX-License-Identifier: Apache-2.0 */
/* A session: one customer's sign-in, what is in flight for it, and who is told when it changes. */
#ifndef CAPAUTH_SESSION_H
#define CAPAUTH_SESSION_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <capauth/capauth.h>

#include "base/reason.h"
#include "protocol/change.h"
#include "session/client.h"

struct capauth__observer;

/* What is known of a regeneration that failed, for those who ask soon after. */
struct capauth__failure {
    int code;
    bool pointless; /* the same request will always be turned away so */
    int http_status;
    int retry_after_ms;
    char *detail;
};

/* The token's automatic regeneration: regeneration.c. */
struct capauth__regeneration {
    capauth_call *call; /* in flight */
    capauth_call *waiters; /* for its end */
    bool again; /* refused; the other identifier is to be tried */
    int64_t failed_ms; /* monotonic; 0: the last one did not fail */
    uint64_t failed_token; /* by its stamp: a new sign-in does not wait for what an older one met */
    struct capauth__failure failure;
    int64_t paused_until_ms; /* monotonic: until then only regenerate_token brings a new token */
    bool margin_warned; /* the log has it already */
};

struct capauth_session {
    capauth_client *client;
    atomic_int references; /* the handle, calls, notices */
    atomic_bool handle_alive;
    pthread_mutex_t mutex; /* everything below */
    bool closed;
    bool used; /* an operation started: who it is stands */
    struct capauth__state state;
    struct capauth__regeneration regeneration;
    capauth_call *calls; /* in flight, by call->session_next */
    capauth_call *exclusive; /* the one of them that may change the sign-in */
    struct capauth__reason *reasons;
    struct capauth__observer *observer;
};

/* Takes the texts of `state` over; NULL: no memory, and they are wiped. */
capauth_session *capauth__session_create(capauth_client *client, struct capauth__state *state);
void capauth__session_hold(capauth_session *session);
void capauth__session_release(capauth_session *session);

/* A forked child takes no lock: nobody else is there. */
void capauth__session_lock(const capauth_session *session);
void capauth__session_unlock(const capauth_session *session);
/* CAPAUTH_OK: it is locked. Else it is not: NULL, closed (which its error message says), or in a forked child. */
int capauth__session_open(capauth_session *session);

/* The rest with the session's mutex held. */

/* Why a function failed, for this thread to ask. NULL: nothing any more. */
void capauth__session_set_error(capauth_session *session, const char *message);
/* The same for lack of memory, whose code it gives. Without any for the message the one before is gone, at least. */
int capauth__session_no_memory(capauth_session *session);
/* What an export says; NULL: no memory. */
char *capauth__session_export(const capauth_session *session);
/* `next` is its state from now on; who observes it is told, if an export would show the difference. */
void capauth__session_change(capauth_session *session, struct capauth__state *next);
/* The state as an operation's end leaves it. CAPAUTH_OK or CAPAUTH_E_NO_MEMORY, and then nothing has changed. */
int capauth__session_end_operation(capauth_session *session, struct capauth__ending *ending);

/* In place of the callback before. NULL: none. false: no memory. */
bool capauth__session_observe(capauth_session *session, struct capauth__listener *listener);

#endif
