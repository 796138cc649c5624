/* SPDX-License-Identifier: Apache-2.0 */
/* One request and its answer. The owner fills it in and keeps it; what is said to be theirs, the engine and the
 * transport write. */
#ifndef CAPAUTH_EXCHANGE_H
#define CAPAUTH_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/header.h"
#include "base/secret.h"

/* How one sending of it ended. */
struct capauth__answer {
    int error; /* CAPAUTH_OK: HTTP answered, whole; else CAPAUTH_E_... */
    const char *detail; /* what went wrong; may be NULL */
    bool may_have_left; /* some of the request was handed to the system */
    const char *connection; /* "kept", "new" or, where none could be made, "no" */
    int fd; /* of that connection; -1: not known */
    int handshake_ms; /* how long TLS took; 0: there was none */
    bool connection_failed; /* what comes next is better sent on another */
    int http_status; /* 0: none arrived */
    int64_t date_ms; /* 0: no Date */
    int retry_after_ms; /* -1: no Retry-After */
    const char *request_id; /* "": none */
    const char *body; /* never NULL; body[length] is a NUL */
    size_t length;
    struct capauth__buffer *buffer; /* that holds the body, for who wants to keep it; NULL: it is to be copied */
};

struct capauth__exchange {
    const char *method; /* static: "POST", "GET", "DELETE", or for connect_only any */
    struct capauth__buffer url;
    struct capauth__buffer body;
    bool has_body;
    bool gzip; /* the reply may come compressed: worth it for long ones */
    bool connect_only; /* a connection for later ones is all that is wanted */
    struct capauth__header *secret_headers; /* who asks: tokens */
    struct capauth__header *headers; /* the application's */
    int64_t deadline_ms; /* its owner ends it then, by capauth__engine_withdraw */
    bool fresh_connection; /* whatever connection there is: its last one failed */
    void *owner;
    /* It has ended; in a turn of the engine, whose mutex is held. What the answer points to is gone after. */
    void (*answered)(struct capauth__exchange *exchange, const struct capauth__answer *answer);
    /* What may be shown of words from outside: the owner withholds those that repeat its secrets. */
    const char *(*quote)(const struct capauth__exchange *exchange, const char *text);

    int attempts; /* how often it was sent; the engine's */
    bool queued; /* this and the links: in the engine's line for a connection */
    struct capauth__exchange *next;
    struct capauth__exchange *previous;
    struct capauth__transfer *transfer; /* the transport's, while it is under way */
};

struct capauth__exchange_list {
    struct capauth__exchange *first;
    struct capauth__exchange *last;
};

/* Ends one that got no answer, by its `answered`. `detail` may be NULL. */
void capauth__exchange_fail(struct capauth__exchange *exchange, int error, const char *detail, bool may_have_left);
/* Wipes and frees what it holds. */
void capauth__exchange_clear(struct capauth__exchange *exchange);
/* Wipes what may be secret of the request, and keeps the rest. */
void capauth__exchange_wipe(struct capauth__exchange *exchange);

#endif
