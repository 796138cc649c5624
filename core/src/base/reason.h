/* SPDX-License-Identifier: Apache-2.0 */
/* Why functions failed on a handle, for each thread apart: between a failure and the question why, another thread may
 * fail too. Whoever owns the list holds its lock. */
#ifndef CAPAUTH_REASON_H
#define CAPAUTH_REASON_H

#include <pthread.h>

struct capauth__reason {
    struct capauth__reason *next; /* older */
    pthread_t thread;
    char text[];
};

/* In place of the calling thread's last one. NULL: none any more. */
void capauth__reason_set(struct capauth__reason **reasons, const char *text);
/* The calling thread's, else the latest, else "". */
const char *capauth__reason_get(const struct capauth__reason *reasons);
void capauth__reasons_free(struct capauth__reason **reasons);

#endif
