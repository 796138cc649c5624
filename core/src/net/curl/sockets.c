/* SPDX-License-Identifier: Apache-2.0 */
#include "net/curl/sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef __linux__
#include <linux/tcp.h> /* netinet's is older, and ends before what is wanted here */
#endif

#include "base/platform.h"
#include "net/reactor.h"

enum { ASK_AGAIN = 16 * 1024 }; /* the system, how many bytes have come, when about so many more have */

static bool is_stale(const struct capauth__socket *socket)
{
    return capauth__descriptor_identity(socket->fd) != socket->identity;
}

static void remove_at(struct capauth__sockets *sockets, size_t index)
{
    sockets->all[index] = sockets->all[--sockets->count];
}

static void remove_stale(struct capauth__sockets *sockets)
{
    for (size_t i = sockets->count; i-- > 0;) {
        if (is_stale(&sockets->all[i]))
            remove_at(sockets, i);
    }
}

bool capauth__sockets_reserve(struct capauth__sockets *sockets)
{
    size_t capacity = sockets->capacity ? sockets->capacity * 2 : 16;
    struct capauth__socket *all;

    if (sockets->count == sockets->capacity)
        remove_stale(sockets);
    if (sockets->count < sockets->capacity)
        return true;
    if (!(all = realloc(sockets->all, capacity * sizeof *all)))
        return false;
    sockets->all = all;
    sockets->capacity = capacity;
    return true;
}

void capauth__sockets_add(struct capauth__sockets *sockets, int fd)
{
    capauth__sockets_remove(sockets, fd); /* a stale one */
    sockets->all[sockets->count++] = (struct capauth__socket){.fd = fd, .identity = capauth__descriptor_identity(fd)};
}

void capauth__sockets_remove(struct capauth__sockets *sockets, int fd)
{
    for (size_t i = sockets->count; i-- > 0;) {
        if (sockets->all[i].fd == fd)
            remove_at(sockets, i);
    }
}

void capauth__sockets_abandon(struct capauth__sockets *sockets)
{
    for (size_t i = 0; i < sockets->count; i++) {
        if (!is_stale(&sockets->all[i]))
            close(sockets->all[i].fd);
    }
}

struct capauth__socket *capauth__sockets_find(struct capauth__sockets *sockets, int fd)
{
    for (size_t i = 0; i < sockets->count; i++) {
        if (sockets->all[i].fd == fd)
            return &sockets->all[i];
    }
    return NULL;
}

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static int local_port(struct capauth__socket *socket)
{
    union address address = {0};
    socklen_t size = sizeof address;

    if (!socket->local_port && !getsockname(socket->fd, &address.any, &size))
        socket->local_port = ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
    return socket->local_port;
}

/* Asked once: a connection leads to one place all its life. */
static const char *remote_ip(struct capauth__socket *socket)
{
    union address address = {0};
    socklen_t size = sizeof address;

    if (socket->remote_ip[0] || getpeername(socket->fd, &address.any, &size))
        return socket->remote_ip;
    if (address.any.sa_family == AF_INET6)
        inet_ntop(AF_INET6, &address.v6.sin6_addr, socket->remote_ip, sizeof socket->remote_ip);
    else
        inet_ntop(AF_INET, &address.v4.sin_addr, socket->remote_ip, sizeof socket->remote_ip);
    return socket->remote_ip;
}

struct capauth__socket *capauth__sockets_between(struct capauth__sockets *sockets, int port, const char *ip)
{
    for (size_t i = 0; i < sockets->count; i++) {
        struct capauth__socket *socket = &sockets->all[i];

        /* Two connections to different hosts may share a port of ours. */
        if (local_port(socket) == port && !strcmp(remote_ip(socket), ip))
            return socket;
    }
    return NULL;
}

#ifdef __linux__
int64_t capauth__socket_received(const struct capauth__socket *socket)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof info;

    if (getsockopt(socket->fd, IPPROTO_TCP, TCP_INFO, &info, &size) ||
        size < offsetof(struct tcp_info, tcpi_bytes_received) + sizeof info.tcpi_bytes_received)
        return -1;
    return (int64_t)info.tcpi_bytes_received;
}
#else
int64_t capauth__socket_received(const struct capauth__socket *socket)
{
    (void)socket;
    return -1;
}
#endif

int64_t capauth__socket_received_before(struct capauth__socket *socket)
{
    if (!socket->used || socket->answered > ASK_AGAIN) {
        socket->received = capauth__socket_received(socket);
        socket->answered = 0;
    }
    return socket->received;
}

/* It rests at the reactor since before this turn, and was not ready when the turn began, a millisecond ago at most. */
static bool is_quiet(const struct capauth__sockets *sockets, const struct capauth__socket *socket)
{
    return socket->resting && socket->watched & CAPAUTH__READ && socket->quiet_since < sockets->turn &&
           sockets->all_known;
}

static int ask_unread(const struct capauth__socket *socket)
{
    char byte;
    int unread = 0;
    ssize_t got = recv(socket->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

    if (got < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
    return got == 0 || ioctl(socket->fd, FIONREAD, &unread) ? -1 : unread;
}

int capauth__sockets_unread(const struct capauth__sockets *sockets, const struct capauth__socket *socket)
{
    return is_quiet(sockets, socket) ? 0 : ask_unread(socket);
}
