/* SPDX-License-Identifier: Apache-2.0 */
/* What an application sets, by the public functions: pins, proxy, URLs, headers. The first byte says which setter, the
 * rest is the text. */
#include "fuzz.h"

#include <stdbool.h>
#include <string.h>

#include <capauth/capauth.h>

static int set_header(capauth_client *client, const char *text)
{
    return capauth_client_add_header(client, "X-Brand", text);
}

static int set_header_name(capauth_client *client, const char *text)
{
    return capauth_client_add_header(client, text, "value");
}

static const struct {
    int (*set)(capauth_client *client, const char *text);
    bool secret; /* a refusal must not repeat it */
} setters[] = {
    {capauth_client_set_pinned_keys, false},
    {capauth_client_set_base_url, true},
    {capauth_client_set_gateway_url, true},
    {capauth_client_set_proxy, true},
    {set_header, true},
    {set_header_name, false},
    {capauth_client_set_tls_min, false},
    {capauth_client_set_cluster, false},
    {capauth_client_set_user_agent, false},
};

enum { SETTERS = sizeof setters / sizeof setters[0] };

/* Each pin is the hash of a key, as libcurl wants it: else it takes the text for the name of a file. */
static void check_pins(const char *pins)
{
    while (*pins) {
        size_t length = strcspn(pins, ";");

        HOLDS(length >= 52 && !strncmp(pins, "sha256//", 8));
        HOLDS(!memchr(pins, '.', length) && !memchr(pins, '\n', length) && !memchr(pins, '\\', length));
        pins += length + (pins[length] == ';');
    }
}

static void check(capauth_client *client, unsigned which, const char *text)
{
    int result = setters[which].set(client, text);
    const char *why = capauth_client_error_message(client);
    const char *form = "http://user:password@host:port"; /* which a refusal shows */

    HOLDS(result == CAPAUTH_OK || result == CAPAUTH_E_INVALID_ARGUMENT || result == CAPAUTH_E_UNSUPPORTED);
    HOLDS(result == CAPAUTH_OK || *why);
    HOLDS(!setters[which].secret || strlen(text) < 12 || strstr(form, text) || !strstr(why, text));
    if (result != CAPAUTH_OK)
        return;
    HOLDS(!strpbrk(text, "\r\n"));
    HOLDS(setters[which].set(client, text) == CAPAUTH_OK); /* once more: the last one counts */
    if (setters[which].set == capauth_client_set_pinned_keys)
        check_pins(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned which = size ? data[0] % SETTERS : 0;
    char *text = text_of(data + (size > 0), size - (size > 0));
    capauth_client *client = NULL;

    /* "env" is read from the environment, not from the input. */
    if (setters[which].set != capauth_client_set_proxy || strcmp(text, "env") != 0) {
        HOLDS(capauth_client_new(&client) == CAPAUTH_OK);
        check(client, which, text);
        capauth_client_free(&client);
    }
    free(text);
    return 0;
}
