/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON: json-c reads (this is the only room that knows it), a small writer of ours writes. json-c would leave copies of
 * what it writes in memory that nobody wipes, and costs a third of a sign-in's instructions.
 */
#ifndef CAPAUTH_JSON_H
#define CAPAUTH_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/secret.h"

typedef struct json_object capauth__json;

enum { CAPAUTH__JSON_DEPTH = 32 };

/* Strict: one value, valid UTF-8, at most CAPAUTH__JSON_DEPTH deep. text[length] is a NUL, which is read too. 0 (then
 * *root is NULL for the value null), CAPAUTH_E_NO_MEMORY or CAPAUTH_E_PROTOCOL. */
int capauth__json_parse(const char *text, size_t length, capauth__json **root);
/* The version of json-c that runs. */
const char *capauth__json_version(void);
/* Wipes every string of the tree. Takes NULL. */
void capauth__json_free(capauth__json *root);

/* All readers take NULL and values of another type, and then give nothing. */
bool capauth__json_is_object(const capauth__json *value);
const capauth__json *capauth__json_member(const capauth__json *object, const char *name);
const capauth__json *capauth__json_element(const capauth__json *array, size_t index);
/* How many elements; false when it is no array. */
bool capauth__json_length(const capauth__json *array, size_t *length);
/* NULL when it is no string, is empty, or has a control character or a NUL inside. */
const char *capauth__json_text(const capauth__json *value);
/* The same for a text that is only shown: it is tamed, and ends at a NUL. */
const char *capauth__json_message(const capauth__json *value);
/* A number, or a string that is one: finite, of 64 bits, a fraction rounded down. */
bool capauth__json_integer(const capauth__json *value, int64_t *number);
/* true, false, "true", "false", 1, 0: else `fallback`. */
int capauth__json_boolean(const capauth__json *value, int fallback);
/*
 * Splits a text that is one JSON object, as capauth__skim_value has found: members whose names are known become an
 * object again, the others `"a":1,"b":2`. All as they were written, but for white space: big numbers, escapes and NULs
 * stay what they are. false: no memory.
 */
bool capauth__json_split(const char *text, bool (*is_known)(const char *name), struct capauth__buffer *known,
                         struct capauth__buffer *others);

/* The writer puts members into the buffer; commas come by themselves. */
void capauth__json_open(struct capauth__buffer *buffer);
void capauth__json_close(struct capauth__buffer *buffer);
/* Gives how many bytes stand between the quotes. Nothing is written for a NULL text. */
size_t capauth__json_put_text(struct capauth__buffer *buffer, const char *name, const char *text);
void capauth__json_put_integer(struct capauth__buffer *buffer, const char *name, int64_t number);
/* A member that is JSON already: `members` is `"a":1,"b":2` or NULL. */
void capauth__json_put_members(struct capauth__buffer *buffer, const char *members);

#endif
