/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the few members of a JSON text that are wanted, without building anything: the text is walked once, and wanted
 * values are found as spans of it. Strict: RFC 8259, valid UTF-8, at most CAPAUTH__JSON_DEPTH deep; but a control
 * character may stand in a text as it is, for json-c takes those too, and some servers send them. What takes more than
 * looking at it, like an escape, is given to json-c, alone.
 *
 * The byte behind a text is looked at: it is a NUL. Behind a span of a text stands what goes on there.
 */
#ifndef CAPAUTH_SKIM_H
#define CAPAUTH_SKIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/secret.h"

enum capauth__span_kind {
    CAPAUTH__SPAN_NONE, /* absent, or null */
    CAPAUTH__SPAN_TEXT,
    CAPAUTH__SPAN_NUMBER,
    CAPAUTH__SPAN_TRUE,
    CAPAUTH__SPAN_FALSE,
    CAPAUTH__SPAN_OBJECT,
    CAPAUTH__SPAN_LIST
};

/* A value as it stands in the text, with its quotes or brackets. Valid as long as the text. */
struct capauth__span {
    enum capauth__span_kind kind;
    bool plain; /* a text without escapes and control characters, a whole number of up to 17 digits */
    const char *start;
    size_t length;
};

/* Any value. false: the text is not one valid JSON value. */
bool capauth__skim_value(const char *text, size_t length, struct capauth__span *value);
/* Finds the values of an object's members of these names, in `values`; of two with one name the last. false: the text
 * is not one valid JSON object. */
bool capauth__skim_object(const char *text, size_t length, const char *const *names, struct capauth__span *values,
                          size_t count);
/* How many elements a list has, and the first. false: it is none. */
bool capauth__skim_list(const struct capauth__span *list, struct capauth__span *first, size_t *count);
/* From an element of a list to the next; from one without a `start` to the first. false: there are no more. */
bool capauth__skim_next(const struct capauth__span *list, struct capauth__span *element);

/* As the readers of json.h, of the same names. Texts are appended to `out`, with a NUL; without memory `out` has
 * failed. false: there is none. */

bool capauth__span_text(const struct capauth__span *span, struct capauth__buffer *out);
/* Into `out`, with its NUL, if it fits; else `out` stays. Sets `no_memory` where it could not look. */
void capauth__span_copy(const struct capauth__span *span, char *out, size_t size, bool *no_memory);
bool capauth__span_message(const struct capauth__span *span, struct capauth__buffer *out);
bool capauth__span_is_empty(const struct capauth__span *span);
/* These set `no_memory` where they could not look. */
bool capauth__span_integer(const struct capauth__span *span, int64_t *number, bool *no_memory);
int capauth__span_boolean(const struct capauth__span *span, int fallback, bool *no_memory);

#endif
