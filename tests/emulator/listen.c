#include "listen.h"

#include "platform.h"
#include "text.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PORT_TRIES = 20 };

static int open_socket(const struct addrinfo *address)
{
    int yes = 1, no = 0;
    int listener = platform_socket(address->ai_family, SOCK_STREAM);
    if (listener < 0)
        return -1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (address->ai_family == AF_INET6)
        setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
    if (bind(listener, address->ai_addr, address->ai_addrlen) == 0 && listen(listener, SOMAXCONN) == 0)
        return listener;
    int problem = errno;
    close(listener);
    errno = problem;
    return -1;
}

static void set_port(struct sockaddr *address, unsigned port)
{
    if (address->sa_family == AF_INET)
        ((struct sockaddr_in *)(void *)address)->sin_port = htons((uint16_t)port);
    else if (address->sa_family == AF_INET6)
        ((struct sockaddr_in6 *)(void *)address)->sin6_port = htons((uint16_t)port);
}

/* A name may well have an address of a family that this machine lacks. */
static bool address_is_absent(int problem)
{
    return problem == EADDRNOTAVAIL || problem == EAFNOSUPPORT;
}

/* With port 0 the first socket picks the port for all. */
static bool open_all(struct listeners *listeners, struct addrinfo *addresses)
{
    int problem = EADDRNOTAVAIL;
    for (struct addrinfo *each = addresses; each; each = each->ai_next) {
        struct sockaddr_storage address = {0};
        struct addrinfo target = *each;
        memcpy(&address, each->ai_addr, each->ai_addrlen);
        target.ai_addr = (struct sockaddr *)&address;
        if (listeners->count)
            set_port(target.ai_addr, listeners_port(listeners));
        int listener = open_socket(&target);
        if (listener >= 0)
            listeners->sockets[listeners->count++] = listener;
        else if (problem = errno, !address_is_absent(problem))
            break;
    }
    errno = problem;
    return listeners->count && address_is_absent(problem);
}

static void close_all(struct listeners *listeners)
{
    int problem = errno;
    while (listeners->count)
        close(listeners->sockets[--listeners->count]);
    errno = problem;
}

/* The port that the first address picked may be taken at another: then one more is tried. */
static bool open_on_one_port(struct listeners *listeners, struct addrinfo *addresses, const char *port)
{
    int tries = strtol(port, NULL, 10) == 0 ? PORT_TRIES : 1;
    bool ok = false;
    while (!ok && tries--) {
        ok = open_all(listeners, addresses);
        if (!ok)
            close_all(listeners);
    }
    return ok;
}

static size_t count_addresses(const struct addrinfo *addresses)
{
    size_t count = 0;
    for (; addresses; addresses = addresses->ai_next)
        count++;
    return count;
}

bool listeners_open(struct listeners *listeners, const char *host, const char *port, struct text *error)
{
    struct addrinfo *addresses = NULL, hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    int problem = getaddrinfo(host, port, &hints, &addresses);
    if (problem) {
        text_add_format(error, "cannot listen on %s: %s", host,
                        problem == EAI_SYSTEM ? platform_error() : gai_strerror(problem));
        return false;
    }
    listeners->sockets = memory_new(count_addresses(addresses) * sizeof *listeners->sockets);
    bool ok = open_on_one_port(listeners, addresses, port);
    if (!ok) {
        text_add_format(error, "cannot listen on %s port %s: %s", host, port, platform_error());
        listeners_close(listeners);
    }
    freeaddrinfo(addresses);
    return ok;
}

void listeners_close(struct listeners *listeners)
{
    close_all(listeners);
    free(listeners->sockets);
    memset(listeners, 0, sizeof *listeners);
}

unsigned listeners_port(const struct listeners *listeners)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    char port[NI_MAXSERV] = "0";
    if (getsockname(listeners->sockets[0], (struct sockaddr *)&address, &size) == 0)
        getnameinfo((struct sockaddr *)&address, size, NULL, 0, port, sizeof port, NI_NUMERICSERV);
    return (unsigned)strtoul(port, NULL, 10);
}
