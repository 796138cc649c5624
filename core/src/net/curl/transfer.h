/* SPDX-License-Identifier: Apache-2.0 */
/* An exchange under way, from libcurl's options to what its end means, and the transport that it is part of; for the
 * transport alone. */
#ifndef CAPAUTH_TRANSFER_H
#define CAPAUTH_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>

#include <capauth/capauth.h>

#include "base/header.h"
#include "base/secret.h"
#include "net/curl/sockets.h"
#include "net/exchange.h"
#include "net/transport.h"

enum { CAPAUTH__BODY_LIMIT = 1024 * 1024 }; /* after decompression */

/* What the server has said so far. */
struct capauth__reply_text {
    bool head_ended; /* what comes after it are trailers, of which nothing is believed */
    bool too_large;
    int64_t date_ms;
    char retry_after[64];
    char request_id[128];
    struct capauth__buffer body;
};

/* One exchange under way: a curl handle that is used again and again, and what belongs to this use of it. */
struct capauth__transfer {
    struct capauth__transfer *next; /* in the pool, or of those under way */
    struct capauth__transfer *previous; /* of those under way */
    struct capauth__transport *transport;
    CURL *easy;
    struct { /* how the handle is set, from one use to the next */
        struct capauth__buffer origin; /* its URL, or all of that which a proxy is told */
        bool gzip; /* asked for */
        bool plain; /* libcurl is to leave the body as it is */
        bool fresh; /* on a new connection, whatever there is */
        bool forbidden; /* its connection, to those that come later */
        bool unsupported; /* libcurl lacks an option */
    } set;
    struct capauth__exchange *exchange;
    struct curl_slist *headers; /* ours, not curl's, so that they can be wiped */
    size_t header_count;
    size_t header_capacity;
    bool stopped; /* before it was sent, or sent again */
    int system_error; /* why there is no socket, or why nobody can wait on it; 0: neither */
    bool begun; /* curl has a connection for it */
    int64_t begun_us;
    int fd; /* of that connection; -1: not known */
    int64_t received_before; /* bytes that had come over it; -1: not known */
    int64_t received; /* bytes that came since, once it was closed; INT64_MAX: not known */
    long tunnel_size; /* curl counts what it asked a proxy as part of the request */
    struct capauth__reply_text reply;
    char detail[CURL_ERROR_SIZE];
};

struct capauth__transfer_list {
    struct capauth__transfer *first;
    struct capauth__transfer *last;
};

struct capauth__transport {
    const struct capauth__net_config *config;
    struct capauth__reactor *reactor;
    struct capauth__spare *spare;
    CURLM *multi;
    struct capauth__header *agent; /* what requests call themselves, where no proxy is to be told, too */
    CURLSH *share; /* of TLS sessions: else an easy handle resumes only those that itself began */
    struct capauth__transfer *pool;
    struct capauth__transfer_list active;
    int active_count;
    int64_t due_ms;
    int shortage; /* errno, if there were no descriptors left before the last socket was closed */
    bool no_memory; /* libcurl may have lost sight of one of them for lack of it */
    bool spoilt; /* by that, or perhaps its authorities: the next exchange wants another multi handle */
    bool unwatched; /* the reactor has refused a socket: its transfer would wait for ever */
    struct capauth__sockets sockets;
    char date[32]; /* the last Date, as it was read: it changes but once a second */
    int64_t date_ms;
};

/* For each option in the same way: one that libcurl refuses is noted as unsupported. */
#define SET(easy, option, value) capauth__transfer_accepted(easy, curl_easy_setopt(easy, option, value))
bool capauth__transfer_accepted(CURL *easy, CURLcode code);

/* One of the pool, or a new one: CAPAUTH_OK, CAPAUTH_E_UNSUPPORTED or CAPAUTH_E_NO_MEMORY. */
int capauth__transfer_take(struct capauth__transport *transport, struct capauth__transfer **out);
/* Back into the pool. */
void capauth__transfer_release(struct capauth__transfer *transfer);
void capauth__transfer_free(struct capauth__transfer *transfer);

/* Ready to be sent; false: capauth__transfer_refusal says why not. */
bool capauth__transfer_set_up(struct capauth__transfer *transfer, struct capauth__exchange *exchange);
int capauth__transfer_refusal(const struct capauth__transfer *transfer);
/* On a new connection, whatever there is. */
bool capauth__transfer_set_fresh(struct capauth__transfer *transfer, bool fresh);
/* Whether its connection is closed to those that come later. */
void capauth__transfer_forbid_reuse(struct capauth__transfer *transfer, bool forbidden);

/* Whether the server may have seen the request. */
bool capauth__transfer_may_have_left(const struct capauth__transfer *transfer);

/* What the settings ask of every handle (options.c). */
bool capauth__transfer_set_connection(CURL *easy, const struct capauth__net_config *config);

/* curl's callbacks for what comes back; `data` is the transfer (reply.c). */
size_t capauth__transfer_on_header(char *line, size_t size, size_t count, void *data);
size_t capauth__transfer_on_body(char *bytes, size_t size, size_t count, void *data);

/* A date of HTTP, in Unix milliseconds; 0: it is none. */
int64_t capauth__http_date_ms(const char *text);

/* What its end means (failure.c). `detail` is the room for the answer's. */
void capauth__transfer_answer(struct capauth__transfer *transfer, CURLcode code, struct capauth__answer *answer,
                              char *detail, size_t size);

#endif
