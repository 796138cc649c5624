/* From a request to what becomes of it: which part answers, and which fault strikes. */
#ifndef EMULATOR_ROUTER_H
#define EMULATOR_ROUTER_H

#include "emulator.h"
#include "http.h"

#include <stdbool.h>

struct outcome {
    struct http_reply reply;
    bool fault; /* one struck */
    bool resets; /* the connection, instead of a reply */
    long long delay_ms; /* before the reply */
    long long truncate_after; /* bytes of the body; -1: all of it */
    struct fault *used_up; /* a fault that the reply still borrows from; owned */
};

void route(struct emulator *emulator, const struct http_request *request, struct outcome *outcome);
void outcome_free(struct outcome *outcome);

#endif
