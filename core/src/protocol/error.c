/* SPDX-License-Identifier: Apache-2.0 */
/* The face of the table of errors; the rows come from core/errors.json. */
#include <capauth/capauth.h>

#include <stddef.h>

struct row {
    int code;
    const char *name;
    const char *text;
    int retryable;
};

static const struct row rows[] = {
#define ERROR(code, name, text, retryable) {code, name, text, retryable},
#include "generated/errors.def"
};

static const struct row *find(int code)
{
    size_t low = 0;
    size_t high = sizeof rows / sizeof rows[0];

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (rows[middle].code == code)
            return &rows[middle];
        if (rows[middle].code < code)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const char *capauth_strerror(int code)
{
    const struct row *row = find(code);

    if (row)
        return row->text;
    if (code == CAPAUTH_OK)
        return "success";
    return code > 0 ? "the request was refused" : "unknown error";
}

const char *capauth_error_name(int code)
{
    const struct row *row = find(code);

    return row ? row->name : code == CAPAUTH_OK ? "OK" : "UNKNOWN";
}

int capauth_error_retryable(int code)
{
    const struct row *row = find(code);

    return row ? row->retryable : 0;
}
