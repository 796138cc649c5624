/* The API gateway, under /mobile/v2/api/ and /v2/api/. */
#ifndef EMULATOR_GATEWAY_H
#define EMULATOR_GATEWAY_H

#include "emulator.h"
#include "http.h"

/* Which endpoint a path is: the part behind the gateway's prefix, or all of it where some brand has set up an
 * endpoint outside. NULL if it is not the gateway's. */
const char *gateway_endpoint(const struct emulator *emulator, const char *path);
/* Whether an endpoint may be set up at this path, which begins with a slash: others have theirs already. */
bool gateway_may_serve(const char *path);
void gateway_handle(struct emulator *emulator, const struct http_request *request, const char *endpoint,
                    struct http_reply *reply);

#endif
