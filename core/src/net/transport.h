/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP and TLS: what every transport implements. net/curl, the only folder that knows libcurl, is one of them. From
 * capauth__transport_new on, everything wants the engine's mutex.
 */
#ifndef CAPAUTH_TRANSPORT_H
#define CAPAUTH_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <capauth/capauth.h>

#include "base/secret.h"
#include "base/spare.h"
#include "net/config.h"
#include "net/exchange.h"
#include "net/reactor.h"

struct capauth__transport;

/* CAPAUTH_OK, CAPAUTH_E_NO_MEMORY or CAPAUTH_E_UNSUPPORTED: libcurl is too old or not thread-safe. Counted; undone by
 * the other. */
int capauth__transport_library_init(void);
void capauth__transport_library_cleanup(void);
bool capauth__transport_has_https_proxies(void);
bool capauth__transport_has_http2(void);
/* Whether it takes these: CAPAUTH_OK, CAPAUTH_E_UNSUPPORTED or CAPAUTH_E_NO_MEMORY. */
int capauth__transport_try_pins(const char *pins);
int capauth__transport_try_ca_pem(const char *pem);

/* Versions in one line, for capauth_diagnose. */
void capauth__transport_versions(struct capauth__buffer *text);

/* They stay the caller's, and must outlive it; the spare memory is for bodies of answers. NULL: no memory. */
struct capauth__transport *capauth__transport_new(const struct capauth__net_config *config,
                                                  struct capauth__reactor *reactor, struct capauth__spare *spare);
void capauth__transport_free(struct capauth__transport *transport);
/* In a forked child: closes the descriptors, leaves the rest. */
void capauth__transport_abandon(struct capauth__transport *transport);

/* How many may be under way at once is the transport's to know. */
bool capauth__transport_has_room(const struct capauth__transport *transport);
/* It ends by its `answered`: later when this gives true; false: already, and nothing was sent. */
bool capauth__transport_start(struct capauth__transport *transport, struct capauth__exchange *exchange);
/* Ends one that is under way, without an answer. */
void capauth__transport_cancel(struct capauth__transport *transport, struct capauth__exchange *exchange);
/* Whether the server may have seen the request that is under way; false: none is. */
bool capauth__exchange_may_have_left(const struct capauth__exchange *exchange);
/* What goes with the handshake of this connection, which no exchange has used yet, has come. */
void capauth__transport_greeted(struct capauth__transport *transport, int fd);
/* A turn of the engine begins, with these descriptors ready, as capauth__reactor_wait told. */
void capauth__transport_begin_turn(struct capauth__transport *transport, const struct capauth__ready *ready, int count);
/* A descriptor that it watches is ready. */
void capauth__transport_ready(struct capauth__transport *transport, int fd, int events);
/* When capauth__transport_timer wants to be called next, in monotonic milliseconds; INT64_MAX: never. */
int64_t capauth__transport_due(const struct capauth__transport *transport);
void capauth__transport_timer(struct capauth__transport *transport, int64_t now_ms);
/* Hands out the answers that are there. At least one; true when `end_us` was reached before the last. */
bool capauth__transport_collect(struct capauth__transport *transport, int64_t end_us);

#endif
