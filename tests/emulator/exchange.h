/* One request from its first line to the end of its reply, as libmicrohttpd reports it. */
#ifndef EMULATOR_EXCHANGE_H
#define EMULATOR_EXCHANGE_H

#include "delay.h"
#include "emulator.h"
#include "stream.h"

#include <microhttpd.h>

struct exchanges {
    struct emulator *emulator;
    struct delays delays;
    struct streams streams;
    bool stopping; /* nobody is kept waiting any more */
};

/* An MHD_AccessHandlerCallback and an MHD_RequestCompletedCallback; `data` is a struct exchanges. */
enum MHD_Result exchange_handle(void *data, struct MHD_Connection *connection, const char *path, const char *method,
                                const char *version, const char *upload, size_t *upload_length, void **state);
void exchange_complete(void *data, struct MHD_Connection *connection, void **state,
                       enum MHD_RequestTerminationCode code);

#endif
