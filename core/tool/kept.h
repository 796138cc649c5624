/* SPDX-License-Identifier: Apache-2.0 */
/* A session that outlives the program, and the client's settings that it needs. */
#ifndef CAPAUTH_TOOL_KEPT_H
#define CAPAUTH_TOOL_KEPT_H

#include "options.h"

struct kept {
    struct session_file file;
    char *text; /* the settings; what was read has the export after them */
    capauth_client *client;
    capauth_session *session;
};

/* A new session from the arguments. Each of these is followed by kept_end, whatever it gives. */
enum status kept_begin(struct kept *kept, const struct arguments *arguments);

/* The same, with its file locked, in which kept_save will put it. */
enum status kept_begin_in_file(struct kept *kept, const struct arguments *arguments);

/* The session of the file, which stays locked. */
enum status kept_open(struct kept *kept, const struct arguments *arguments);

enum status kept_save(const struct kept *kept);
void kept_end(struct kept *kept);

/* Another session of the same customer, not signed in; `*session` is the caller's. */
enum status kept_another(const struct kept *kept, const struct arguments *arguments, capauth_session **session);

/* The session of the second factor, after `first`; `*second` is the caller's. */
enum status kept_second(capauth_session *first, const struct arguments *arguments, capauth_session **second);

#endif
