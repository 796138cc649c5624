/* Who may use /_emulator/: whoever could read the OTPs there could sign in as anybody, and any web page that a
 * developer looks at can send requests to this machine. */
#ifndef EMULATOR_ACCESS_H
#define EMULATOR_ACCESS_H

#include "http.h"

#include <stdbool.h>

struct options;

/* False, with the reason in `error`, for a page of another origin, or where a name leads here that is not ours, or for
 * a body from a page that is not sent as JSON: a form can be sent to anywhere. */
bool access_is_allowed(const struct options *options, const struct http_request *request, struct text *error);
/* Whether a page of this origin may read the answers. */
bool access_origin_is_ours(const struct options *options, const char *origin, const char *authority);

/* Whether a text is SCHEME://HOST or SCHEME://HOST:PORT. */
bool origin_is_valid(const char *origin);

#endif
