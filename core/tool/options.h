/* SPDX-License-Identifier: Apache-2.0 */
/* The options of the command line: one table, from which they are read, explained, and set on a client. */
#ifndef CAPAUTH_TOOL_OPTIONS_H
#define CAPAUTH_TOOL_OPTIONS_H

#include "tool.h"

enum option_id {
    /* The client's, in the order in which they are set: plain HTTP is allowed before a URL needs it. */
    OPTION_ALLOW_HTTP,
    OPTION_CLUSTER,
    OPTION_BASE_URL,
    OPTION_GATEWAY_URL,
    OPTION_CA_FILE,
    OPTION_CLIENT_CERT,
    OPTION_CLIENT_KEY,
    OPTION_PINNED_KEYS,
    OPTION_TLS_MIN,
    OPTION_PROXY,
    OPTION_TIMEOUT,
    OPTION_HEADER,
    CLIENT_OPTIONS,
    /* Who signs in. */
    OPTION_BRAND = CLIENT_OPTIONS,
    OPTION_MOBILE,
    OPTION_EMAIL,
    OPTION_USERNAME,
    OPTION_EXTERNAL_ID,
    OPTION_DEVICE,
    OPTION_WEB,
    OPTION_SECOND_MOBILE,
    OPTION_SECOND_EMAIL,
    /* How. */
    OPTION_PASSWORD,
    OPTION_OTP,
    OPTION_FORGOTTEN_PASSWORD,
    OPTION_FALLBACK_CHANNEL,
    /* The rest. */
    OPTION_VALID_FOR,
    OPTION_SESSION,
    OPTION_HELP,
    OPTION_COUNT
};

/* The commands that take an option. */
enum { FOR_SIGN_IN = 1, FOR_CHECK = 2, FOR_DIAGNOSE = 4, FOR_TOKEN = 8, FOR_CALL = 16, FOR_SIGN_OUT = 32 };

enum { MOST_HEADERS = 32 };

/* What was given on the command line; NULL where nothing was. An option without a value has "". */
struct arguments {
    const char *values[OPTION_COUNT];
    const char *headers[MOST_HEADERS];
    int header_count;
    char **rest; /* what is no option, up to a NULL */
};

/* Reads them; `command` is one of the bits above. */
enum status options_read(int count, char **words, int command, struct arguments *arguments);

/* Prints those that the command takes. */
void options_print(int command);

/* Of whole seconds up to a day; -1: they are not. What options_read has taken is. */
int options_milliseconds(const char *seconds);

/* ---- A client's settings, as they are kept with a session: lines "name value" ---- */

/* The caller's, to be wiped and freed. Paths become absolute: later commands may run in another folder. */
enum status settings_of(const struct arguments *arguments, char **lines);

/* Where the lines end: at the export. NULL: they are none that this version knows. */
const char *settings_end(const char *lines);

enum status settings_apply(const char *lines, capauth_client *client);

#endif
