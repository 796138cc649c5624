/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Words with a digit or an @ in them may be a customer's, or a secret. */
static bool is_telling(const char *word, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (isdigit((unsigned char)word[i]) || word[i] == '@' || !isprint((unsigned char)word[i]))
            return true;
    return false;
}

static void redact(const char *text, char *out, size_t size)
{
    size_t used = 0;

    while (*text && used + 8 < size) {
        size_t length = strcspn(text, " \t\r\n");

        if (is_telling(text, length) || length >= size - used - 4) {
            memcpy(out + used, "***", 3);
            used += 3;
        } else {
            memcpy(out + used, text, length);
            used += length;
        }
        text += length;
        text += strspn(text, " \t\r\n");
        if (*text)
            out[used++] = ' ';
    }
    out[used] = '\0';
}

struct seen report_seen(capauth_call *call, int code)
{
    struct seen seen = {.code = code};

    if (!call)
        return seen;
    capauth_call_wait(call, -1);
    seen.code = capauth_call_result(call);
    if (!seen.code)
        seen.code = capauth_call_refusal(call);
    seen.http_status = capauth_call_http_status(call);
    seen.server_code = capauth_call_server_code(call);
    redact(capauth_call_server_message(call), seen.message, sizeof seen.message);
    capauth_call_free(&call);
    return seen;
}

/* Whether the service was reached at all and had its say. */
static bool is_trouble(int code)
{
    return code < 0 && code != CAPAUTH_E_PROTOCOL && code != CAPAUTH_E_REFUSED && code != CAPAUTH_E_SIGN_IN_REQUIRED;
}

void report_not_seen(const struct report *report, const char *place, const char *why)
{
    printf("not seen     %s%s: %s\n", report->factor, place, why);
}

void report_difference(struct report *report, const char *place, const char *expected, const struct seen *seen)
{
    report->differences++;
    printf("differs      %s%s: expected %s, came %s (%d), HTTP status %d, status.code %lld, \"%s\"\n", report->factor,
           place, expected, capauth_error_name(seen->code), seen->code, seen->http_status, (long long)seen->server_code,
           seen->message);
}

bool report_compare(struct report *report, const char *place, int expected, const struct seen *seen)
{
    char name[80];

    if (is_trouble(seen->code)) {
        report->trouble = seen->code;
        report_not_seen(report, place, capauth_strerror(seen->code));
        return false;
    }
    report->places++;
    snprintf(name, sizeof name, "%s (%d)", capauth_error_name(expected), expected);
    if (seen->code != expected)
        report_difference(report, place, name, seen);
    else if (seen->code == CAPAUTH_OK && seen->server_code != 200)
        report_difference(report, place, "status.code 200", seen);
    else
        printf("as expected  %s%s: %s\n", report->factor, place, capauth_error_name(expected));
    return seen->code == expected;
}

void report_fact(struct report *report, const char *place, bool holds)
{
    report->places++;
    report->differences += !holds;
    printf("%s  %s%s\n", holds ? "as expected" : "differs    ", report->factor, place);
}
