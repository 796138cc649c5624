/* The HTTP server: one thread, which also waits for the signals. */
#ifndef EMULATOR_SERVER_H
#define EMULATOR_SERVER_H

#include "emulator.h"

#include <stddef.h>

struct server;

struct server_options {
    const int *listeners; /* not blocking; the server closes them */
    size_t listener_count;
    const char *certificate_pem; /* NULL: no TLS */
    const char *key_pem;
};

/* NULL, with the listeners still open, if it cannot be started. */
struct server *server_start(struct emulator *emulator, const struct server_options *options);
/* Serves until `wake` can be read. */
void server_run(struct server *server, int wake);
void server_stop(struct server *server);

#endif
