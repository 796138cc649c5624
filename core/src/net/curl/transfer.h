/* SPDX-License-Identifier: Apache-2.0 */
/* An attempt from its options to what its end means, and the transport that it is part of; for the transport alone. */
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
#include "net/transport.h"

enum {
    CAPAUTH__BODY_LIMIT = 1024 * 1024, /* after decompression */
    CAPAUTH__CURL_HEADERS_MOST = 2 * CAPAUTH__HEADERS_MOST + 16 /* the client's, the call's, and ours */
};

/* One attempt under way: a curl handle that is used again and again, and what belongs to this use of it. */
struct capauth__transfer {
    struct capauth__transfer *next; /* in the pool, or of those under way */
    struct capauth__transfer *previous; /* of those under way */
    struct capauth__transport *transport;
    CURL *easy;
    capauth_call *call;
    struct curl_slist headers[CAPAUTH__CURL_HEADERS_MOST]; /* ours, not curl's, so that they can be wiped */
    size_t header_count;
    bool stopped; /* before it was sent, or sent again */
    bool gzip; /* was asked for: only the gateway's replies are worth it */
    bool plain; /* libcurl is to leave the body as it is */
    bool fresh; /* on a new connection, whatever there is */
    bool forbidden; /* its connection, to those that come later */
    bool too_large;
    bool unsupported; /* libcurl lacks an option */
    int system_error; /* why there is no socket, or why nobody can wait on it; 0: neither */
    bool head_ended; /* what comes after it are trailers, of which nothing is believed */
    bool begun; /* curl has a connection for it */
    int64_t begun_us;
    int fd; /* of that connection; -1: not known */
    long tunnel_size; /* curl counts what it asked a proxy as part of the request */
    struct capauth__buffer body;
    int64_t date_ms;
    char retry_after[64];
    char request_id[128];
    char detail[CURL_ERROR_SIZE];
};

struct capauth__transfer_list {
    struct capauth__transfer *first;
    struct capauth__transfer *last;
};

struct capauth__transport {
    const struct capauth__net_config *config;
    struct capauth__reactor *reactor;
    CURLM *multi;
    CURLSH *share; /* of TLS sessions: else an easy handle resumes only those that itself began */
    struct capauth__transfer *pool;
    struct capauth__transfer_list active;
    int64_t due_ms;
    int shortage; /* errno, if there were no descriptors left before the last socket was closed */
    bool unwatched; /* the reactor has refused a socket: its transfer would wait for ever */
    struct capauth__sockets sockets;
    char date[32]; /* the last Date, as it was read: it changes but once a second */
    int64_t date_ms;
};

/* One of the pool, or a new one: CAPAUTH_OK, CAPAUTH_E_UNSUPPORTED or CAPAUTH_E_NO_MEMORY. */
int capauth__transfer_take(struct capauth__transport *transport, struct capauth__transfer **out);
/* Back into the pool. */
void capauth__transfer_release(struct capauth__transfer *transfer);
void capauth__transfer_free(struct capauth__transfer *transfer);

/* Ready to be sent; false: capauth__transfer_refusal says why not. */
bool capauth__transfer_set_up(struct capauth__transfer *transfer, const capauth_call *call);
int capauth__transfer_refusal(const struct capauth__transfer *transfer);
/* On a new connection, whatever there is. */
bool capauth__transfer_set_fresh(struct capauth__transfer *transfer, bool fresh);
/* Whether its connection is closed to those that come later. */
void capauth__transfer_forbid_reuse(struct capauth__transfer *transfer, bool forbidden);

/* What its end means. `detail` is the room for the answer's. */
void capauth__transfer_outcome(struct capauth__transfer *transfer, CURLcode code, struct capauth__answer *answer,
                               char *detail, size_t size);

#endif
