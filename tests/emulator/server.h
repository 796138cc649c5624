/* The HTTP server. */
#ifndef EMULATOR_SERVER_H
#define EMULATOR_SERVER_H

#include "emulator.h"

struct server;

struct server_options {
    int listen_socket; /* the server closes it */
    const char *certificate_pem; /* NULL: no TLS */
    const char *key_pem;
};

/* NULL if it cannot be started. */
struct server *server_start(struct emulator *emulator, const struct server_options *options);
void server_stop(struct server *server);

#endif
