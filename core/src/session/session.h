/* SPDX-License-Identifier: Apache-2.0 */
/* A session: who the customer is, where the sign-in stands, and the tokens. */
#ifndef CAPAUTH_SESSION_H
#define CAPAUTH_SESSION_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <capauth/capauth.h>

#include "base/reason.h"
#include "protocol/operation.h"
#include "protocol/token.h"
#include "session/event.h"

struct capauth__reply;

/* What an export carries and a sign-out forgets. */
struct capauth__state {
    char *session_id;
    char *token;
    char *key;
    char *authorized_token; /* MFA: the first factor's */
    struct capauth__claims claims;
    int app_registered;
    int registered_for_password;
    int next_step;
    int64_t otp_sent_at;
    int otp_wrong_answers;
    char *otp_channel;
    bool refresh_off; /* the token was expired on purpose: only regenerate_token brings a new one */
    bool validate_unknown; /* an answer to the OTP or password was lost */
    char *other_identifier; /* an answer to identifier update was lost: this one may hold instead of ours */
};

struct capauth_session {
    capauth_client *client;
    atomic_int references; /* the handle, calls, events */
    atomic_bool handle_alive;
    pthread_mutex_t mutex; /* everything below */
    bool closed;
    bool used;
    int flow;
    char *brand;
    int identifier_type;
    char *identifier;
    int contact_type;
    char *contact;
    char *device_id;
    char *access_token; /* external identity */
    char *id_token;
    struct capauth__state state;
    char *unknown_members; /* of a restored export, to be exported again */
    uint64_t generation; /* of the token */
    uint64_t key_version; /* counts the keys that were held */
    uint64_t epoch; /* of the sign-in: answers to calls of an earlier one change nothing */
    capauth_call *step; /* in flight */
    capauth_call *calls; /* all in flight, by call->session_next */
    capauth_call *refresh; /* the regeneration in flight */
    capauth_call *refresh_waiters;
    bool margin_warned; /* the log has it already */
    bool refresh_again; /* refused; the other identifier is to be tried */
    int64_t refresh_failed_ms; /* monotonic; 0: the last one did not fail */
    uint64_t refresh_failed_generation; /* a new sign-in does not wait for what an older one met */
    int refresh_failure;
    char *refresh_failure_message;
    int64_t refresh_paused_until_ms; /* monotonic: until then only regenerate_token brings a new token */
    struct capauth__reason *reasons;
    char otp_destination[320];
    struct capauth__listener *observer;
};

void capauth__state_init(struct capauth__state *state);
void capauth__state_free(struct capauth__state *state);

capauth_session *capauth__session_create(capauth_client *client, int flow);
void capauth__session_hold(capauth_session *session);
void capauth__session_drop(capauth_session *session);

/* A forked child takes no lock: nobody else is there. */
void capauth__session_lock(const capauth_session *session);
void capauth__session_unlock(const capauth_session *session);
/* CAPAUTH_OK: it is locked. Else it is not: NULL, closed (which its error message says), or in a forked child. */
int capauth__session_open(capauth_session *session);

/* "MOBILE" and back (0 for a text that is none). */
const char *capauth__identifier_type_name(int type);
int capauth__identifier_type_parse(const char *name);
/* Where a USERNAME or EXTERNALID gets its OTP; NULL for the others, which are addresses themselves. */
const char *capauth__session_contact(const capauth_session *session);

/* The rest with the session's mutex held. */

/* The session as a reply changes it: the table's next step, tokens, counters. CAPAUTH_OK or CAPAUTH_E_NO_MEMORY,
 * and then nothing has changed. */
int capauth__session_apply(capauth_session *session, const capauth_call *call, const struct capauth__reply *reply);
/* What is left of a reply that comes too late: a key that the Auth Engine hands out makes the one before useless, so it
 * is kept unless a newer one is held. */
int capauth__session_keep_key(capauth_session *session, const capauth_call *call, const struct capauth__reply *reply);
/* The same for an operation that did not succeed. */
void capauth__session_apply_failure(capauth_session *session, const capauth_call *call, int outcome);
/* The call's answer belongs to a state that the session has left: it changes nothing any more. */
bool capauth__session_is_past(const capauth_session *session, const capauth_call *call);
/* Forgets tokens, key and step. */
void capauth__session_forget(capauth_session *session);
bool capauth__session_signed_in(const capauth_session *session);
/* What an export says; NULL: no memory. */
char *capauth__export_text(const capauth_session *session);
void capauth__session_set_error(capauth_session *session, const char *message);

#endif
