/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handles that Java owns. What Java passes down is a number, and numbers can be stale or made up, by reflection for
 * instance: one that is not in this register is NULL to C, which refuses it. A handle that is freed while threads are
 * inside C with it goes when the last of them has left.
 */
#ifndef CAPAUTH_JAVA_HANDLES_H
#define CAPAUTH_JAVA_HANDLES_H

#include <capauth/capauth.h>

#include <stdbool.h>

/* Named after the C types, as a macro of java.i can name them. */
enum handle_kind { KIND_capauth_client, KIND_capauth_session, KIND_capauth_call, KIND_capauth_options };

/* Takes over a handle. False, without memory: it has been freed. */
bool handles_take(enum handle_kind kind, void *handle);

/* The handle itself, which stays valid until handles_leave; NULL for what is no handle of that kind. */
void *handles_enter(enum handle_kind kind, void *maybe);

/* Ends handles_enter; NULL is fine. */
void handles_leave(void *handle);

/* Frees a handle; does nothing for what is none of that kind. */
void handles_free(enum handle_kind kind, void *maybe);

/* Frees all that nobody is using. */
void handles_free_all(void);

#endif
