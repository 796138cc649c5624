/* SPDX-License-Identifier: Apache-2.0 */
/* A client: configuration, and the engine that all its sessions and calls share. */
#ifndef CAPAUTH_CLIENT_H
#define CAPAUTH_CLIENT_H

#include <stdatomic.h>
#include <sys/types.h>

#include <capauth/capauth.h>

#include "base/reason.h"
#include "base/secret.h"
#include "base/text.h"
#include "net/config.h"
#include "net/engine.h"
#include "protocol/token.h"
#include "session/event.h"

struct capauth__config {
#include "generated/session_config.h"
    struct capauth__net_config net;
    char *cluster_gateway; /* where gateway calls go, unless gateway_url says otherwise */
    int64_t clock_offset_ms;
};

struct capauth_client {
    atomic_int handles; /* of the client, its sessions and its calls that users hold; none left: all goes */
    atomic_bool used; /* an operation started: settings stand; set with the mutex held */
    atomic_bool closed;
    pid_t process;
    const volatile unsigned char *fork_mark; /* NULL: only `process` tells */
    struct capauth__config config;
    struct capauth__engine engine;
    struct capauth__events events;
    atomic_llong server_clock_ms; /* server time minus boot time; LLONG_MIN: no reply yet */
    atomic_llong next_call_id;
    pthread_mutex_t mutex; /* config, until `used` */
    pthread_mutex_t reasons_mutex; /* nothing else is locked while it is held */
    struct capauth__reason *reasons;
};

/* CAPAUTH_OK, CAPAUTH_E_INVALID_ARGUMENT for NULL, CAPAUTH_E_FORKED, CAPAUTH_E_CLOSED. */
int capauth__client_check(const capauth_client *client);
bool capauth__client_forked(const capauth_client *client);

/* One more handle, and one less: with the last one the client ends. */
void capauth__client_hold(capauth_client *client);
void capauth__client_release(capauth_client *client);

/* For a look at the settings before they stand. A forked child takes no lock: nobody else is there. */
void capauth__client_lock(const capauth_client *client);
void capauth__client_unlock(const capauth_client *client);
/* The settings, which stand from now on: what operations read, without a lock. */
const struct capauth__config *capauth__client_freeze(capauth_client *client);
bool capauth__client_has_origin(const capauth_client *client);

/* The same, and says why on the client. */
int capauth__client_open(capauth_client *client);

/* Keeps the message for capauth_client_error_message and gives `code`. */
int capauth__client_fail(capauth_client *client, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

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
