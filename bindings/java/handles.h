/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handles that Java owns. What Java passes down is a number, and numbers can be stale or made up, by reflection for
 * instance: one that is no handle's, or no longer, is NULL to C, which refuses it. A handle that is freed while threads
 * are inside C with it goes when the last of them has left.
 */
#ifndef CAPAUTH_JAVA_HANDLES_H
#define CAPAUTH_JAVA_HANDLES_H

#include <capauth/capauth.h>

#include <stdbool.h>
#include <stdint.h>

/* Named after the C types, as a macro of java.i can name them. */
enum handle_kind { KIND_capauth_client, KIND_capauth_session, KIND_capauth_call, KIND_capauth_options };

/* Takes over a handle and gives its number. 0, without memory: it has been freed. */
uint64_t handles_take(enum handle_kind kind, void *handle);

/* The handle, which stays valid until handles_leave; NULL, and nothing to leave, for a number that is none of that
 * kind's. Takes no lock: each call of a native method begins so. */
void *handles_enter(enum handle_kind kind, uint64_t number);

/* Ends a handles_enter that gave a handle. */
void handles_leave(uint64_t number);

/* Frees a handle; does nothing for what is none of that kind. */
void handles_free(enum handle_kind kind, uint64_t number);

/* Frees all that nobody is using. */
void handles_free_all(void);

#endif
