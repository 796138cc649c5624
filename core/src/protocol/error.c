/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The face of the table of errors; the rows come from core/errors.json. As cases: the loader would have to write the
 * address of each text into a table.
 */
#include <capauth/capauth.h>

const char *capauth_strerror(int code)
{
    switch (code) {
    case CAPAUTH_OK:
        return "success";
#define ERROR(code, name, text, retryable)                                                                             \
    case code:                                                                                                         \
        return text;
#include "generated/errors.def"
    default:
        return code > 0 ? "the request was refused" : "unknown error";
    }
}

const char *capauth_error_name(int code)
{
    switch (code) {
    case CAPAUTH_OK:
        return "OK";
#define ERROR(code, name, text, retryable)                                                                             \
    case code:                                                                                                         \
        return name;
#include "generated/errors.def"
    default:
        return "UNKNOWN";
    }
}

int capauth_error_retryable(int code)
{
    return 0
#define ERROR(number, name, text, retryable) || (code == (number) && (retryable))
#include "generated/errors.def"
        ;
}
