/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Setters that take a text ---- */

static int allow_http(capauth_client *client, const char *value)
{
    (void)value;
    return capauth_client_set_allow_http(client, 1);
}

int options_milliseconds(const char *seconds)
{
    char *end;
    long number = strtol(seconds, &end, 10);

    return end == seconds || *end || number < 0 || number > 86400 ? -1 : (int)number * 1000;
}

static int set_timeout(capauth_client *client, const char *value)
{
    return capauth_client_set_timeout_ms(client, options_milliseconds(value));
}

/* "Name: value", as curl takes it. */
static int add_header(capauth_client *client, const char *line)
{
    const char *colon = strchr(line, ':');
    char *name = colon ? strndup(line, (size_t)(colon - line)) : NULL;
    int code =
        name ? capauth_client_add_header(client, name, colon + 1 + strspn(colon + 1, " ")) : CAPAUTH_E_INVALID_ARGUMENT;

    free(name);
    return code;
}

/* ---- The table ---- */

enum { WITH_CLIENT = FOR_SIGN_IN | FOR_CHECK | FOR_DIAGNOSE, WITH_CUSTOMER = FOR_SIGN_IN | FOR_CHECK };
enum { WITH_FILE = FOR_SIGN_IN | FOR_TOKEN | FOR_CALL | FOR_SIGN_OUT };

struct row {
    const char *name;
    const char *form; /* of its value; NULL: it has none */
    int commands;
    const char *help;
    int (*set)(capauth_client *client, const char *value);
    bool is_path;
};

static const struct row ROWS[OPTION_COUNT] = {
    [OPTION_ALLOW_HTTP] = {"allow-http", NULL, WITH_CLIENT, "plain HTTP beyond loopback, for test networks", allow_http,
                           false},
    [OPTION_CLUSTER] = {"cluster", "NAME", WITH_CLIENT, "APAC, APAC2 or EU", capauth_client_set_cluster, false},
    [OPTION_BASE_URL] = {"base-url", "URL", WITH_CLIENT, "in place of a cluster: a host of the brand's, or an emulator",
                         capauth_client_set_base_url, false},
    [OPTION_GATEWAY_URL] = {"gateway-url", "URL", WITH_CLIENT, "where the brand's endpoints are, if elsewhere",
                            capauth_client_set_gateway_url, false},
    [OPTION_CA_FILE] = {"ca-file", "FILE", WITH_CLIENT, "certificate authorities, in place of the system's",
                        capauth_client_set_ca_file, true},
    [OPTION_CLIENT_CERT] = {"client-cert", "FILE", WITH_CLIENT, "a certificate of this client's own, PEM",
                            capauth_client_set_client_cert, true},
    [OPTION_CLIENT_KEY] = {"client-key", "FILE", WITH_CLIENT, "the key of that certificate, PEM, not encrypted",
                           capauth_client_set_client_key, true},
    [OPTION_PINNED_KEYS] = {"pinned-keys", "PINS", WITH_CLIENT,
                            "keys of which the server must show one: sha256//BASE64", capauth_client_set_pinned_keys,
                            false},
    [OPTION_TLS_MIN] = {"tls-min", "VERSION", WITH_CLIENT, "the oldest TLS that will do: 1.2 or 1.3",
                        capauth_client_set_tls_min, false},
    [OPTION_PROXY] = {"proxy", "URL", WITH_CLIENT, "a proxy; env: as the environment's variables say",
                      capauth_client_set_proxy, false},
    [OPTION_TIMEOUT] = {"timeout", "SECONDS", WITH_CLIENT, "for each call, 20 by default", set_timeout, false},
    [OPTION_HEADER] = {"header", "'NAME: VALUE'", WITH_CLIENT, "a header of every request; may be given again",
                       add_header, false},

    [OPTION_BRAND] = {"brand", "NAME", WITH_CUSTOMER, "the brand", NULL, false},
    [OPTION_MOBILE] = {"mobile", "NUMBER", WITH_CUSTOMER, "who the customer is, with country code", NULL, false},
    [OPTION_EMAIL] = {"email", "ADDRESS", WITH_CUSTOMER, "the same by email", NULL, false},
    [OPTION_USERNAME] = {"username", "NAME", WITH_CUSTOMER, "the same by user name; --mobile or --email gets the OTP",
                         NULL, false},
    [OPTION_EXTERNAL_ID] = {"external-id", "ID", WITH_CUSTOMER, "the same by the brand's own id; likewise", NULL,
                            false},
    [OPTION_DEVICE] = {"device", "ID", WITH_CUSTOMER, "of this device; one is made up otherwise", NULL, false},
    [OPTION_WEB] = {"web", NULL, WITH_CUSTOMER, "as a web site does: no device and no key", NULL, false},
    [OPTION_SECOND_MOBILE] = {"second-mobile", "NUMBER", WITH_CUSTOMER, "another one for the second factor", NULL,
                              false},
    [OPTION_SECOND_EMAIL] = {"second-email", "ADDRESS", WITH_CUSTOMER, "another one for the second factor", NULL,
                             false},

    [OPTION_PASSWORD] = {"password", NULL, FOR_SIGN_IN, "by password, which is asked for, never given here", NULL,
                         false},
    [OPTION_OTP] = {"otp", NULL, FOR_SIGN_IN, "by OTP, also where there is a password", NULL, false},
    [OPTION_FORGOTTEN_PASSWORD] = {"forgotten-password", NULL, FOR_SIGN_IN, "ask for a new one, which an OTP confirms",
                                   NULL, false},
    [OPTION_FALLBACK_CHANNEL] = {"fallback-channel", "NAME", WITH_CUSTOMER, "another way for the OTP: SMS, WHATSAPP...",
                                 NULL, false},
    [OPTION_VALID_FOR] = {"valid-for", "SECONDS", FOR_TOKEN, "how long the token must be valid, 30 by default", NULL,
                          false},
    [OPTION_SESSION] = {"session", "FILE", WITH_FILE,
                        "where the session is kept; by default\n$XDG_STATE_HOME/capauth/"
                        "session, or ~/.local/state/...",
                        NULL, false},
    [OPTION_HELP] = {"help", NULL, ~0, "explains the command", NULL, false},
};

/* ---- The command line ---- */

/* The value is "" where the option has none. */
static enum status take(struct arguments *arguments, int option, const char *value, int command)
{
    if (!(ROWS[option].commands & command))
        return fail(STATUS_USAGE, "--%s is no option of this command", ROWS[option].name);
    if ((option == OPTION_TIMEOUT || option == OPTION_VALID_FOR) && options_milliseconds(value) < 0)
        return fail(STATUS_USAGE, "--%s: give whole seconds, at most 86400", ROWS[option].name);
    if (option == OPTION_HEADER && arguments->header_count == MOST_HEADERS)
        return fail(STATUS_USAGE, "--header: at most %d", MOST_HEADERS);
    if (option < CLIENT_OPTIONS && strpbrk(value, "\r\n"))
        return fail(STATUS_USAGE, "--%s has a line end inside", ROWS[option].name);
    if (option == OPTION_HEADER && !strchr(value, ':'))
        return fail(STATUS_USAGE, "--header: give it as 'NAME: VALUE'");
    if (option == OPTION_HEADER)
        arguments->headers[arguments->header_count++] = value;
    arguments->values[option] = value;
    return STATUS_DONE;
}

enum status options_read(int count, char **words, int command, struct arguments *arguments)
{
    struct option names[OPTION_COUNT + 1] = {{0}};
    enum status status = STATUS_DONE;
    int option;

    for (int i = 0; i < OPTION_COUNT; i++)
        names[i] = (struct option){ROWS[i].name, ROWS[i].form ? required_argument : no_argument, NULL, 256 + i};
    while (status == STATUS_DONE && (option = getopt_long(count, words, "h", names, NULL)) != -1) {
        if (option == '?')
            return STATUS_USAGE; /* getopt_long has said what is wrong */
        status = take(arguments, option == 'h' ? OPTION_HELP : option - 256, optarg ? optarg : "", command);
    }
    arguments->rest = words + optind;
    return status;
}

enum { HELP_COLUMN = 27 };

void options_print(int command)
{
    char left[64];

    for (int i = 0; i < OPTION_COUNT; i++) {
        const char *help = ROWS[i].help;
        const char *more = strchr(help, '\n');

        if (!(ROWS[i].commands & command))
            continue;
        snprintf(left, sizeof left, "  --%s%s%s", ROWS[i].name, ROWS[i].form ? " " : "",
                 ROWS[i].form ? ROWS[i].form : "");
        printf("%-*s%s%.*s\n", HELP_COLUMN, left, strlen(left) < HELP_COLUMN ? "" : " ",
               more ? (int)(more - help) : (int)strlen(help), help);
        if (more)
            printf("%*s%s\n", HELP_COLUMN, "", more + 1);
    }
}

/* ---- Settings ---- */

static enum status put(FILE *lines, const struct row *row, const char *value)
{
    char *path = row->is_path ? realpath(value, NULL) : NULL;

    if (row->is_path && !path)
        return fail(STATUS_USAGE, "--%s: %s: %s", row->name, value, strerror(errno));
    fprintf(lines, "%s %s\n", row->name, path ? path : value);
    free(path);
    return STATUS_DONE;
}

enum status settings_of(const struct arguments *arguments, char **lines)
{
    size_t size = 0;
    FILE *stream = open_memstream(lines, &size);
    enum status status = STATUS_DONE;

    if (!stream)
        return fail(STATUS_SYSTEM, "no memory");
    for (int i = 0; i < CLIENT_OPTIONS && status == STATUS_DONE; i++)
        if (arguments->values[i] && i != OPTION_HEADER)
            status = put(stream, &ROWS[i], arguments->values[i]);
    for (int i = 0; i < arguments->header_count && status == STATUS_DONE; i++)
        status = put(stream, &ROWS[OPTION_HEADER], arguments->headers[i]);
    return fclose(stream) && status == STATUS_DONE ? fail(STATUS_SYSTEM, "no memory") : status;
}

/* The row that a line begins with, and what comes after the name. */
static const struct row *row_of(const char *line, const char **value)
{
    for (int i = 0; i < CLIENT_OPTIONS; i++) {
        size_t length = strlen(ROWS[i].name);

        *value = line + length + 1;
        if (!strncmp(line, ROWS[i].name, length) && line[length] == ' ')
            return &ROWS[i];
    }
    return NULL;
}

static const char *next_line(const char *line)
{
    const char *end = strchr(line, '\n');

    return end ? end + 1 : NULL;
}

const char *settings_end(const char *lines)
{
    const char *value;

    while (lines && *lines && *lines != '{')
        lines = row_of(lines, &value) ? next_line(lines) : NULL;
    return lines;
}

enum status settings_apply(const char *lines, capauth_client *client)
{
    const struct row *row;
    const char *value;

    while (lines && (row = row_of(lines, &value))) {
        size_t length = strcspn(value, "\n");
        char *text = strndup(value, length);
        int code = text ? row->set(client, text) : CAPAUTH_E_NO_MEMORY;

        wipe_and_free(text, length);
        if (code)
            return fail(status_of(code), "--%s: %s", row->name, capauth_client_error_message(client));
        lines = next_line(lines);
    }
    return STATUS_DONE;
}
