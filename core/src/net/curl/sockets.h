/* SPDX-License-Identifier: Apache-2.0 */
/* The sockets beneath libcurl's connections: which there are, and whether one may carry another request. */
#ifndef CAPAUTH_SOCKETS_H
#define CAPAUTH_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct capauth__socket {
    int fd;
    uint64_t identity; /* libcurl closes some that are still connecting without telling: then the number is stale */
    int local_port; /* 0: not asked for yet */
    char remote_ip[46]; /* "": not asked for yet */
    int greeting; /* unread bytes that go with the handshake, TLS 1.3's tickets; -1: some may still be on their way */
    bool used; /* a request has gone over it, or was about to */
    int watched; /* what the reactor watches it for */
    bool resting; /* nobody waits for that now */
    uint64_t quiet_since; /* the turn in which it began to rest, or was ready */
    bool http1; /* as an answer has shown */
    bool silent; /* an exchange waited in vain for a byte, and none has come since */
    int64_t heard_us; /* when it was last ready to be read */
    int64_t received; /* bytes that had come over it when the system was last asked; -1: it does not tell */
    size_t answered; /* bytes of answers since then, about */
};

struct capauth__sockets {
    struct capauth__socket *all;
    size_t count;
    size_t capacity;
    uint64_t turn; /* of the engine's */
    bool all_known; /* that were ready when it began */
};

/* Room for one more; false: no memory. */
bool capauth__sockets_reserve(struct capauth__sockets *sockets);
/* After reserve. */
void capauth__sockets_add(struct capauth__sockets *sockets, int fd);
void capauth__sockets_remove(struct capauth__sockets *sockets, int fd);
/* In a forked child: closes them all. */
void capauth__sockets_abandon(struct capauth__sockets *sockets);

/* NULL: it is not one of ours. Valid until one is added or removed. */
struct capauth__socket *capauth__sockets_find(struct capauth__sockets *sockets, int fd);
/* The one between these two ends, which is how libcurl names a connection that it is about to use. */
struct capauth__socket *capauth__sockets_between(struct capauth__sockets *sockets, int local_port, const char *ip);

/* How many bytes have come over it; -1: the system does not tell. */
int64_t capauth__socket_received(const struct capauth__socket *socket);
/* How many had come before the request that is about to be sent: some may count as coming after it, but not many. */
int64_t capauth__socket_received_before(struct capauth__socket *socket);
/* Bytes that can be read now; -1: the other side has closed, or the connection is broken. */
int capauth__sockets_unread(const struct capauth__sockets *sockets, const struct capauth__socket *socket);

#endif
