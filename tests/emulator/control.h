/* The control calls under /_emulator/: what tests and developers steer the emulator with. */
#ifndef EMULATOR_CONTROL_H
#define EMULATOR_CONTROL_H

#include "emulator.h"
#include "http.h"

#define CONTROL_PREFIX "/_emulator/"

bool control_is_path(const char *path);
/* False, with a 403 as the reply, for whoever may not use these calls: see access.h. */
bool control_admits(const struct emulator *emulator, const struct http_request *request, struct http_reply *reply);
void control_handle(struct emulator *emulator, const struct http_request *request, struct http_reply *reply);

#endif
