/* SPDX-License-Identifier: Apache-2.0 */
/* What the sessions and calls of one client share: its configuration, its engine, its notices, the server's clock. */
#ifndef CAPAUTH_CLIENT_H
#define CAPAUTH_CLIENT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <capauth/capauth.h>

#include "base/process.h"
#include "base/reason.h"
#include "base/secret.h"
#include "base/text.h"
#include "net/engine.h"
#include "protocol/token.h"
#include "session/config.h"
#include "session/log.h"
#include "session/notices.h"

struct capauth_client {
    atomic_int handles; /* of the client, its sessions and its calls that users hold; none left: all goes */
    atomic_bool used; /* an operation started: settings stand; set with the mutex held */
    atomic_bool closed;
    struct capauth__process process;
    struct capauth__config config;
    struct capauth__engine engine;
    struct capauth__notices notices;
    struct capauth__log log;
    atomic_llong server_clock_ms; /* server time minus boot time; LLONG_MIN: no reply yet */
    atomic_llong next_call_id;
    pthread_mutex_t mutex; /* config, until `used` */
    pthread_mutex_t reasons_mutex; /* nothing else is locked while it is held */
    struct capauth__reason *reasons;
};

/* CAPAUTH_OK, CAPAUTH_E_NO_MEMORY or CAPAUTH_E_UNSUPPORTED. With one handle. */
int capauth__client_create(capauth_client **out);
/* One more handle, and one less: with the last one the client ends. */
void capauth__client_hold(capauth_client *client);
void capauth__client_release(capauth_client *client);

/* CAPAUTH_OK, CAPAUTH_E_INVALID_ARGUMENT for NULL, CAPAUTH_E_FORKED, CAPAUTH_E_CLOSED. */
int capauth__client_check(const capauth_client *client);
/* The same, and says why on the client. */
int capauth__client_open(capauth_client *client);
bool capauth__client_forked(const capauth_client *client);
/* Keeps the message for capauth_client_error_message and gives `code`. */
int capauth__client_fail(capauth_client *client, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for the value of a setting that will not do, by capauth__url_fault or its like. */
int capauth__client_refuse(capauth_client *client, const char *name, const char *fault);
/* The same for lack of memory. Without any for the message the one before is gone, at least. */
int capauth__client_no_memory(capauth_client *client);
/* The same for a setting that the transport's library cannot do, with CAPAUTH_E_UNSUPPORTED. */
int capauth__client_unsupported(capauth_client *client, const char *name, const char *what);

/* For a look at the configuration before it stands. A forked child takes no lock: nobody else is there. */
void capauth__client_lock(const capauth_client *client);
void capauth__client_unlock(const capauth_client *client);
/* The configuration, which stands from now on: what operations read, without a lock. */
const struct capauth__config *capauth__client_freeze(capauth_client *client);
bool capauth__client_has_origin(const capauth_client *client);

/* Tells the application what is queued, unless another thread is at it. No lock may be held. */
void capauth__client_tell(capauth_client *client);
/* A listener for one of the client's callbacks. NULL where none is wanted or there is none to be had: then free_data
 * has run. CAPAUTH_OK, CAPAUTH_E_NO_MEMORY, or what capauth__client_check says. */
int capauth__client_listener(capauth_client *client, bool wanted, void *data, void (*free_data)(void *data),
                             struct capauth__listener **listener);

/* Now, on the server's clock, in Unix milliseconds. */
int64_t capauth__server_now(capauth_client *client);
/* Whether a reply has told what time it is there; until then the local clock stands in. */
bool capauth__server_clock_known(capauth_client *client);
/* The Date of a reply of the Auth Engine. */
void capauth__server_clock_set(capauth_client *client, int64_t date_ms);
/* A token that was issued just now has not expired, nor does it come from the future: else the clock is wrong, and is
 * set by the token. One odd Date would have every token regenerated before it is used. */
void capauth__server_clock_check(capauth_client *client, const struct capauth__claims *fresh);

#endif
