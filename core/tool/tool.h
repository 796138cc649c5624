/* SPDX-License-Identifier: Apache-2.0 */
/* The program capauth: what its parts share. It uses the public header alone. */
#ifndef CAPAUTH_TOOL_H
#define CAPAUTH_TOOL_H

#include <capauth/capauth.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit statuses, for scripts. The man page and --help tell them too. */
enum status {
    STATUS_DONE = 0,
    STATUS_REFUSED = 1, /* the service, or the gateway's reply, says no */
    STATUS_USAGE = 2, /* an argument is missing or not acceptable */
    STATUS_SIGN_IN_FIRST = 3, /* nobody is signed in, or not any more */
    STATUS_TRY_LATER = 4, /* network trouble, or a service that is busy */
    STATUS_SYSTEM = 5, /* the session file, the terminal, the operating system */
    STATUS_UNKNOWN = 6 /* it may have been done; no valid reply came */
};

/* ---- Messages ---- */

/* "capauth: " and the message, to standard error. Gives the status back. */
enum status fail(enum status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The status that a code of the library's is. */
enum status status_of(int code);

/* ---- Secrets ---- */

/* Overwrites and frees; NULL is fine. */
void wipe_and_free(char *text, size_t size);

/* Asks on the terminal, with or without showing what is typed. The answer is the caller's, to be wiped; NULL after a
 * message. A signal at the prompt puts the terminal back as it was, and then does what it does. */
char *ask(const char *question, bool shown);

/* Whether the answer begins with a y. */
bool agreed(const char *question);

/* Says so on the terminal, and waits so long, or until Return is typed. */
void wait_or_return(const char *notice, int64_t milliseconds);

/* ---- The session file ---- */

struct session_file {
    char *path;
    int lock; /* a descriptor; -1: not locked */
};

/* Where the session is, and nobody else at it. Waits for another process that is. */
enum status session_file_open(struct session_file *file, const char *path);
void session_file_close(struct session_file *file);

/* The whole text, the caller's, to be wiped. STATUS_SIGN_IN_FIRST: there is none. */
enum status session_file_read(const struct session_file *file, char **text);

/* Writes it anew: for its owner alone, and wholly or not at all. */
enum status session_file_write(const struct session_file *file, const char *text);
enum status session_file_remove(const struct session_file *file);

/* ---- Commands ---- */

struct arguments;

enum status command_sign_in(const struct arguments *arguments);
enum status command_token(const struct arguments *arguments);
enum status command_call(const struct arguments *arguments);
enum status command_sign_out(const struct arguments *arguments);
enum status command_check(const struct arguments *arguments);
enum status command_diagnose(const struct arguments *arguments);

#endif
