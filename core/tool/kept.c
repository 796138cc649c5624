/* SPDX-License-Identifier: Apache-2.0 */
#include "kept.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* ---- Settings ---- */

struct settings settings_given(const struct arguments *arguments)
{
    struct settings settings = {arguments->cluster, arguments->base_url, arguments->gateway_url, arguments->ca_file};

    return settings;
}

enum status settings_apply(const struct settings *settings, capauth_client *client)
{
    int code = 0;

    if (settings->cluster)
        code = capauth_client_set_cluster(client, settings->cluster);
    if (!code && settings->base_url)
        code = capauth_client_set_base_url(client, settings->base_url);
    if (!code && settings->gateway_url)
        code = capauth_client_set_gateway_url(client, settings->gateway_url);
    if (!code && settings->ca_file)
        code = capauth_client_set_ca_file(client, settings->ca_file);
    return code ? fail(status_of(code), "%s", capauth_client_error_message(client)) : STATUS_DONE;
}

/* The line begins with the name: what comes after it. */
static const char *after(const char *line, const char *name)
{
    size_t length = strlen(name);

    return !strncmp(line, name, length) && line[length] == ' ' ? line + length + 1 : NULL;
}

/* Takes the lines before the export; gives the export. */
static const char *read_settings(struct settings *settings, char *text)
{
    while (text && *text != '{') {
        char *end = strchr(text, '\n');
        const char *value;

        if (!end)
            return NULL;
        *end = '\0';
        if ((value = after(text, "cluster")))
            settings->cluster = value;
        else if ((value = after(text, "base_url")))
            settings->base_url = value;
        else if ((value = after(text, "gateway_url")))
            settings->gateway_url = value;
        else if ((value = after(text, "ca_file")))
            settings->ca_file = value;
        else
            return NULL;
        text = end + 1;
    }
    return text;
}

static size_t put(char *to, size_t room, size_t length, const char *name, const char *value)
{
    int more = value ? snprintf(to + length, room - length, "%s %s\n", name, value) : 0;

    return length + (size_t)more;
}

/* ---- The session ---- */

static enum status new_client(struct kept *kept)
{
    int code = capauth_client_new(&kept->client);

    return code ? fail(STATUS_SYSTEM, "%s", capauth_strerror(code)) : settings_apply(&kept->settings, kept->client);
}

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

static enum status describe(struct kept *kept, const struct arguments *arguments)
{
    char device[33] = "";
    int type = arguments->mobile ? CAPAUTH_IDENTIFIER_MOBILE : CAPAUTH_IDENTIFIER_EMAIL;
    int code = capauth_session_new(kept->client, CAPAUTH_FLOW_MOBILE, arguments->brand, &kept->session);

    if (code)
        return fail(status_of(code), "%s", capauth_client_error_message(kept->client));
    if (!arguments->device && !made_up_device(device, sizeof device))
        return fail(STATUS_SYSTEM, "the system has no random numbers: give --device ID");
    code =
        capauth_session_set_identifier(kept->session, type, arguments->mobile ? arguments->mobile : arguments->email);
    if (!code)
        code = capauth_session_set_device_id(kept->session, arguments->device ? arguments->device : device);
    return code ? fail(status_of(code), "%s", capauth_session_error_message(kept->session)) : STATUS_DONE;
}

static enum status check(const struct arguments *arguments)
{
    const char *all[] = {arguments->cluster, arguments->base_url, arguments->gateway_url, arguments->ca_file};

    if (!arguments->cluster && !arguments->base_url)
        return fail(STATUS_USAGE, "--cluster NAME or --base-url URL is missing");
    if (!arguments->brand)
        return fail(STATUS_USAGE, "--brand NAME is missing");
    if (!arguments->mobile == !arguments->email)
        return fail(STATUS_USAGE, "give one of --mobile NUMBER and --email ADDRESS");
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i] && strpbrk(all[i], "\r\n"))
            return fail(STATUS_USAGE, "an option has a line end inside");
    return STATUS_DONE;
}

enum status kept_begin(struct kept *kept, const struct arguments *arguments)
{
    enum status status = check(arguments);

    memset(kept, 0, sizeof *kept);
    kept->file.lock = -1;
    kept->settings = settings_given(arguments);
    if (status == STATUS_DONE && arguments->ca_file) { /* later commands may run in another folder */
        kept->settings.ca_file = kept->ca_file = realpath(arguments->ca_file, NULL);
        if (!kept->ca_file)
            status = fail(STATUS_USAGE, "%s: %s", arguments->ca_file, strerror(errno));
    }
    if (status == STATUS_DONE)
        status = session_file_open(&kept->file, arguments->session_file);
    if (status == STATUS_DONE)
        status = new_client(kept);
    return status == STATUS_DONE ? describe(kept, arguments) : status;
}

enum status kept_open(struct kept *kept, const struct arguments *arguments)
{
    const char *exported;
    enum status status;

    memset(kept, 0, sizeof *kept);
    status = session_file_open(&kept->file, arguments->session_file);
    if (status == STATUS_DONE)
        status = session_file_read(&kept->file, &kept->text);
    if (status != STATUS_DONE)
        return status;
    kept->size = strlen(kept->text);
    exported = read_settings(&kept->settings, kept->text);
    status = exported ? new_client(kept) : STATUS_SYSTEM;
    if (!exported || (status == STATUS_DONE && capauth_session_restore(kept->client, exported, &kept->session)))
        return fail(STATUS_SYSTEM, "%s is no session that this version can read: sign in again", kept->file.path);
    return status;
}

enum status kept_save(const struct kept *kept)
{
    const struct settings *settings = &kept->settings;
    const char *values[] = {settings->cluster, settings->base_url, settings->gateway_url, settings->ca_file};
    static const char *const names[] = {"cluster", "base_url", "gateway_url", "ca_file"};
    char *exported = NULL, *all;
    size_t room, length = 0;
    enum status status;
    int code = capauth_session_export(kept->session, &exported);

    if (code)
        return fail(status_of(code), "%s", capauth_strerror(code));
    room = strlen(exported) + 1;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        room += values[i] ? strlen(names[i]) + strlen(values[i]) + 2 : 0;
    all = malloc(room);
    for (size_t i = 0; all && i < sizeof values / sizeof *values; i++)
        length = put(all, room, length, names[i], values[i]);
    if (all)
        memcpy(all + length, exported, room - length);
    status = all ? session_file_write(&kept->file, all) : fail(STATUS_SYSTEM, "no memory");
    wipe_and_free(all, room);
    capauth_string_free(&exported);
    return status;
}

void kept_end(struct kept *kept)
{
    capauth_session_free(&kept->session);
    capauth_client_free(&kept->client);
    wipe_and_free(kept->text, kept->size);
    free(kept->ca_file);
    session_file_close(&kept->file);
}
