/* The API gateway, under /mobile/v2/api/ and /v2/api/. */
#ifndef EMULATOR_GATEWAY_H
#define EMULATOR_GATEWAY_H

#include "emulator.h"
#include "http.h"

/* The part of a path behind the gateway's prefix, or NULL if it is not the gateway's. */
const char *gateway_endpoint(const char *path);
void gateway_handle(struct emulator *emulator, const struct http_request *request, const char *endpoint,
                    struct http_reply *reply);

#endif
