/* SPDX-License-Identifier: Apache-2.0 */
/* A session that outlives the program, and the client's settings that it needs. */
#ifndef CAPAUTH_TOOL_KEPT_H
#define CAPAUTH_TOOL_KEPT_H

#include "tool.h"

/* Those of a client, kept with the session as lines "name value" before the export. */
struct settings {
    const char *cluster;
    const char *base_url;
    const char *gateway_url;
    const char *ca_file;
};

struct kept {
    struct session_file file;
    struct settings settings;
    char *text; /* of the file; the settings point into it */
    size_t size; /* of the text */
    char *ca_file; /* the whole path of what was given */
    capauth_client *client;
    capauth_session *session;
};

struct settings settings_given(const struct arguments *arguments);
enum status settings_apply(const struct settings *settings, capauth_client *client);

/* A new session from the arguments, not yet in its file. Each of these is followed by kept_end, whatever it gives. */
enum status kept_begin(struct kept *kept, const struct arguments *arguments);

/* The session of the file, which stays locked. */
enum status kept_open(struct kept *kept, const struct arguments *arguments);

enum status kept_save(const struct kept *kept);
void kept_end(struct kept *kept);

#endif
