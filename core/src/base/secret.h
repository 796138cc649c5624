/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that may hold a password, an OTP, a token or a key: it is overwritten before it is given back. */
#ifndef CAPAUTH_SECRET_H
#define CAPAUTH_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/* Overwrites; the compiler may not leave it out. */
void capauth__wipe(void *memory, size_t length);

/* NULL when there is no memory. */
char *capauth__duplicate(const char *text);
char *capauth__duplicate_bytes(const char *bytes, size_t length);

/* Wipes, frees and sets to NULL. Takes NULL. */
void capauth__wipe_free(char **text);

/* Replaces *slot by a copy of text (NULL: by nothing). On failure *slot stays. */
bool capauth__replace(char **slot, const char *text);

/*
 * Bytes that grow. Once an append failed (no memory, or over `limit`), `failed` stays set and appends do nothing, so
 * that writers check once, at the end. `data` always ends with a NUL that `length` does not count, once it exists.
 */
struct capauth__buffer {
    char *data;
    size_t length;
    size_t capacity;
    size_t limit; /* 0: none */
    bool failed;
};

/* Makes room for that many bytes in all: until they are used up, `data` stays where it is. */
bool capauth__buffer_reserve(struct capauth__buffer *buffer, size_t capacity);
bool capauth__buffer_append(struct capauth__buffer *buffer, const void *bytes, size_t length);
bool capauth__buffer_text(struct capauth__buffer *buffer, const char *text);
bool capauth__buffer_number(struct capauth__buffer *buffer, long long number);
/* Wipes what was written and keeps the memory for the next use. */
void capauth__buffer_clear(struct capauth__buffer *buffer);
/* Wipes and frees. */
void capauth__buffer_free(struct capauth__buffer *buffer);
/* The text is the caller's now; NULL when an append failed. The buffer is empty after. */
char *capauth__buffer_take(struct capauth__buffer *buffer);

/* "9199******93" for "919999999993", "s***@brand.example" for an email: enough to recognise, not to know. Writes at
 * most `size` bytes, NUL included. The one place that masks. */
void capauth__mask(const char *identifier, char *out, size_t size);

#endif
