/* SPDX-License-Identifier: Apache-2.0 */
/* Headers of requests, as lists of lines. They may hold a token, so they are wiped. */
#ifndef CAPAUTH_HEADER_H
#define CAPAUTH_HEADER_H

#include <stdbool.h>
#include <stddef.h>

struct capauth__header {
    struct capauth__header *next;
    char *line; /* "Name: value" */
    size_t secret; /* where a secret begins in it, which reaches to its end; 0: there is none */
};

/* NULL, or what is wrong with the name or the value: "header value is missing", for example, is *subject and this. */
const char *capauth__header_fault(const char *name, const char *value, const char **subject);
/* In front of the others. false, here and next: no memory. */
bool capauth__header_push(struct capauth__header **headers, const char *name, const char *value);
/* With a value that is a secret, perhaps behind a prefix like "Bearer ". */
bool capauth__header_push_secret(struct capauth__header **headers, const char *name, const char *prefix,
                                 const char *secret);
/* Copies of them all, in front of the others. */
bool capauth__headers_copy(struct capauth__header **headers, const struct capauth__header *from);
/* There may be this many of the application's in one list. */
enum { CAPAUTH__HEADERS_MOST = 32 };
bool capauth__headers_full(const struct capauth__header *headers);
void capauth__headers_free(struct capauth__header **headers);

#endif
