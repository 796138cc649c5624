/* Where the server listens. */
#ifndef EMULATOR_LISTEN_H
#define EMULATOR_LISTEN_H

#include <stdbool.h>
#include <stddef.h>

struct text;

struct listeners {
    int *sockets; /* not blocking */
    size_t count;
};

/* One socket for each address of the host, all with the same port. False, with the reason in `error` and
 * nothing open, if that cannot be. */
bool listeners_open(struct listeners *listeners, const char *host, const char *port, struct text *error);
void listeners_close(struct listeners *listeners);
unsigned listeners_port(const struct listeners *listeners);

#endif
