/* SPDX-License-Identifier: Apache-2.0 */
/* A sign-in by libcurl and json-c, as an application would write it by itself. */
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include <stddef.h>

#include <curl/curl.h>

enum { STEPS = 3 };

struct exchange {
    CURL *curl;
    struct curl_slist *headers;
    int step; /* of the sign-in */
    char mobile[32];
    char session_id[64];
    char reply[8192];
    size_t length;
};

/* `like_ours`: with the request headers that capauth sends. */
void exchange_open(struct exchange *it, int like_ours, int http2);
void exchange_close(struct exchange *it);
/* The next customer. */
void exchange_begin(struct exchange *it);
void exchange_prepare_step(struct exchange *it);
/* Of the reply that has come. */
void exchange_finish_step(struct exchange *it);

#endif
