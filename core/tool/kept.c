/* SPDX-License-Identifier: Apache-2.0 */
#include "kept.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* ---- Who it is ---- */

static const struct {
    enum option_id option;
    int type;
} IDENTIFIERS[] = {
    /* With one of the first two, the others are where the OTP goes. */
    {OPTION_USERNAME, CAPAUTH_IDENTIFIER_USERNAME},
    {OPTION_EXTERNAL_ID, CAPAUTH_IDENTIFIER_EXTERNALID},
    {OPTION_MOBILE, CAPAUTH_IDENTIFIER_MOBILE},
    {OPTION_EMAIL, CAPAUTH_IDENTIFIER_EMAIL},
};
enum { IDENTIFIER_COUNT = sizeof IDENTIFIERS / sizeof *IDENTIFIERS, FIRST_CONTACT = 2 };

/* Of this machine's session alone: it is in the file from then on. */
static bool made_up_device(char *id, size_t size)
{
    unsigned char bytes[16];

    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return false;
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(id + 2 * i, size - 2 * i, "%02x", bytes[i]);
    return true;
}

static enum status set_device(capauth_session *session, const char *given)
{
    char made_up[33] = "";
    int code;

    if (!given && !made_up_device(made_up, sizeof made_up))
        return fail(STATUS_SYSTEM, "the system has no random numbers: give --device ID");
    code = capauth_session_set_device_id(session, given ? given : made_up);
    return code ? fail(status_of(code), "--device: %s", capauth_session_error_message(session)) : STATUS_DONE;
}

static enum status set_identifiers(capauth_session *session, const struct arguments *arguments)
{
    bool known = false;

    for (size_t i = 0; i < IDENTIFIER_COUNT; i++) {
        const char *value = arguments->values[IDENTIFIERS[i].option];
        int code = 0;

        if (value && known)
            code = capauth_session_set_contact(session, IDENTIFIERS[i].type, value);
        else if (value)
            code = capauth_session_set_identifier(session, IDENTIFIERS[i].type, value);
        if (code)
            return fail(status_of(code), "%s", capauth_session_error_message(session));
        known = known || value;
    }
    return STATUS_DONE;
}

enum status kept_another(const struct kept *kept, const struct arguments *arguments, capauth_session **session)
{
    bool web = arguments->values[OPTION_WEB];
    int flow = web ? CAPAUTH_FLOW_WEB : CAPAUTH_FLOW_MOBILE;
    int code = capauth_session_new(kept->client, flow, arguments->values[OPTION_BRAND], session);
    enum status status;

    if (code)
        return fail(status_of(code), "%s", capauth_client_error_message(kept->client));
    status = set_identifiers(*session, arguments);
    return status == STATUS_DONE && !web ? set_device(*session, arguments->values[OPTION_DEVICE]) : status;
}

enum status kept_second(capauth_session *first, const struct arguments *arguments, capauth_session **second)
{
    const char *mobile = arguments->values[OPTION_SECOND_MOBILE], *email = arguments->values[OPTION_SECOND_EMAIL];
    int code = capauth_session_second_factor(first, second);

    if (code)
        return fail(status_of(code), "%s", capauth_session_error_message(first));
    if (mobile)
        code = capauth_session_set_identifier(*second, CAPAUTH_IDENTIFIER_MOBILE, mobile);
    else if (email)
        code = capauth_session_set_identifier(*second, CAPAUTH_IDENTIFIER_EMAIL, email);
    if (code)
        return fail(status_of(code), "%s", capauth_session_error_message(*second));
    /* The web flow has no device, the second factor wants one. */
    return capauth_session_flow(first) == CAPAUTH_FLOW_WEB ? set_device(*second, arguments->values[OPTION_DEVICE])
                                                           : STATUS_DONE;
}

/* ---- Beginning ---- */

static int given(const struct arguments *arguments, enum option_id first, enum option_id last)
{
    int count = 0;

    for (int i = (int)first; i <= (int)last; i++)
        count += arguments->values[i] != NULL;
    return count;
}

static enum status check(const struct arguments *arguments)
{
    int contacts = given(arguments, OPTION_MOBILE, OPTION_EMAIL);
    int names = given(arguments, OPTION_USERNAME, OPTION_EXTERNAL_ID);

    if (given(arguments, OPTION_CLUSTER, OPTION_BASE_URL) == 0)
        return fail(STATUS_USAGE, "--cluster NAME or --base-url URL is missing");
    if (!arguments->values[OPTION_BRAND])
        return fail(STATUS_USAGE, "--brand NAME is missing");
    if (contacts + names == 0)
        return fail(STATUS_USAGE,
                    "who signs in? Give --mobile NUMBER, --email ADDRESS, --username NAME or --external-id ID");
    if (contacts > 1 || names > 1)
        return fail(STATUS_USAGE, "give one of %s",
                    names > 1 ? "--username and --external-id" : "--mobile and --email");
    if (given(arguments, OPTION_SECOND_MOBILE, OPTION_SECOND_EMAIL) > 1)
        return fail(STATUS_USAGE, "give one of --second-mobile and --second-email");
    if (given(arguments, OPTION_PASSWORD, OPTION_FORGOTTEN_PASSWORD) > 1)
        return fail(STATUS_USAGE, "give one of --password, --otp and --forgotten-password");
    return STATUS_DONE;
}

static enum status new_client(struct kept *kept)
{
    int code = capauth_client_new(&kept->client);

    return code ? fail(STATUS_SYSTEM, "%s", capauth_strerror(code)) : settings_apply(kept->text, kept->client);
}

static const struct kept NOTHING = {.file = {.lock = -1}};

static enum status begin(struct kept *kept, const struct arguments *arguments, bool in_file)
{
    enum status status = check(arguments);

    *kept = NOTHING;
    if (status == STATUS_DONE)
        status = settings_of(arguments, &kept->text);
    if (status == STATUS_DONE && in_file)
        status = session_file_open(&kept->file, arguments->values[OPTION_SESSION]);
    if (status == STATUS_DONE)
        status = new_client(kept);
    return status == STATUS_DONE ? kept_another(kept, arguments, &kept->session) : status;
}

enum status kept_begin(struct kept *kept, const struct arguments *arguments)
{
    return begin(kept, arguments, false);
}

enum status kept_begin_in_file(struct kept *kept, const struct arguments *arguments)
{
    return begin(kept, arguments, true);
}

/* ---- The file ---- */

enum status kept_open(struct kept *kept, const struct arguments *arguments)
{
    const char *exported;
    enum status status;

    *kept = NOTHING;
    status = session_file_open(&kept->file, arguments->values[OPTION_SESSION]);
    if (status == STATUS_DONE)
        status = session_file_read(&kept->file, &kept->text);
    if (status != STATUS_DONE)
        return status;
    exported = settings_end(kept->text);
    status = exported ? new_client(kept) : STATUS_SYSTEM;
    if (!exported || (status == STATUS_DONE && capauth_session_restore(kept->client, exported, &kept->session)))
        return fail(STATUS_SYSTEM, "%s is no session that this version can read: sign in again", kept->file.path);
    return status;
}

enum status kept_save(const struct kept *kept)
{
    size_t settings = (size_t)(settings_end(kept->text) - kept->text), size;
    char *exported = NULL, *all;
    enum status status;
    int code = capauth_session_export(kept->session, &exported);

    if (code)
        return fail(status_of(code), "%s", capauth_strerror(code));
    size = settings + strlen(exported) + 1;
    all = malloc(size);
    if (all)
        snprintf(all, size, "%.*s%s", (int)settings, kept->text, exported);
    status = all ? session_file_write(&kept->file, all) : fail(STATUS_SYSTEM, "no memory");
    wipe_and_free(all, size);
    capauth_string_free(&exported);
    return status;
}

void kept_end(struct kept *kept)
{
    capauth_session_free(&kept->session);
    capauth_client_free(&kept->client);
    wipe_and_free(kept->text, kept->text ? strlen(kept->text) : 0);
    session_file_close(&kept->file);
}
