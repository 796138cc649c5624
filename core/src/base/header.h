/* SPDX-License-Identifier: Apache-2.0 */
/* Headers of requests, as lists of lines. They may hold a token, so they are wiped. */
#ifndef CAPAUTH_HEADER_H
#define CAPAUTH_HEADER_H

#include <stdbool.h>

struct capauth__header {
    struct capauth__header *next;
    char *line; /* "Name: value" */
};

/* One of the application's. NULL: *fault says what is wrong with it, or is NULL when there was no memory. */
struct capauth__header *capauth__header_new(const char *name, const char *value, const char **fault);
/* One of ours, in front of the others; nothing for a value that is NULL or empty. false: no memory. */
bool capauth__header_push(struct capauth__header **headers, const char *name, const char *value);
/* There may be this many of the application's in one list. */
enum { CAPAUTH__HEADERS_MOST = 32 };
bool capauth__headers_full(const struct capauth__header *headers);
void capauth__headers_free(struct capauth__header **headers);

#endif
