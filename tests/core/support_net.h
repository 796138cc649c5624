/* SPDX-License-Identifier: Apache-2.0 */
/* Servers that see what an HTTP reply does not tell: how many connections there are, and what comes when. */
#ifndef SUPPORT_NET_H
#define SUPPORT_NET_H

#include "support.h"

/*
 * Plain HTTP on loopback, many connections at once: answers every request with `reply` after `delay_ms`; negative:
 * never.
 */
struct slow_server;
struct slow_server *slow_server_start(const char *reply, int delay_ms);
const char *slow_server_url(const struct slow_server *server);
/* How many requests and connections came so far, and the most connections that were open at once. */
int slow_server_requests(struct slow_server *server);
int slow_server_connections(struct slow_server *server);
int slow_server_peak(struct slow_server *server);
void slow_server_stop(struct slow_server *server);

/* A slow server of token_reply(), with a client and a few customers of it. */
enum { FEW = 3 };
struct served {
    struct slow_server *server;
    capauth_client *client;
    capauth_session *customers[FEW];
};
struct served served_begin(int delay_ms);
void served_end(struct served *it);

/* Passes everything on to another server on loopback, TLS and all, and counts the same. */
struct relay;
struct relay *relay_start(const char *url);
/* The same, listening on another loopback address. */
struct relay *relay_start_on(const char *host, const char *url);
const char *relay_url(const struct relay *relay);
int relay_connections(struct relay *relay);
int relay_peak(struct relay *relay);
void relay_stop(struct relay *relay);

/* A success that carries a sessionId, so that OTP generate may follow. */
const char *token_reply(void);

/* Milliseconds on a clock that never goes back. */
int64_t now_ms(void);

#endif
