/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LD_PRELOAD: faults of the machine itself, each met only by those who ask for it.
 *   missing.faults.test    is a name that nobody knows; looking up slow.faults.test lasts longer than any test
 *   IPv6                   there are no descriptors left for its sockets
 *   no-memory.faults.test  is this machine; from then on there is no memory for blocks of exactly 512 KiB, which is
 * what the core takes for a reply of 256 to 512 KiB
 */
#include <errno.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <dlfcn.h>

#define EXPORT __attribute__((visibility("default")))

enum { UNBEARABLE = 512 * 1024, LONG_S = 60 };

static atomic_bool memory_is_out;

typedef int lookup(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found);
typedef int opener(int family, int type, int protocol);
typedef void *allocator(size_t size);

EXPORT int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
    lookup *next;
    void *symbol = dlsym(RTLD_NEXT, "getaddrinfo");

    memcpy(&next, &symbol, sizeof next);
    if (node && !strcmp(node, "no-memory.faults.test")) {
        atomic_store(&memory_is_out, true);
        return next("127.0.0.1", service, hints, found);
    }
    if (node && !strcmp(node, "slow.faults.test"))
        sleep(LONG_S);
    if (node && strstr(node, ".faults.test"))
        return EAI_NONAME;
    return next(node, service, hints, found);
}

EXPORT int socket(int family, int type, int protocol)
{
    opener *next;
    void *symbol = dlsym(RTLD_NEXT, "socket");

    if (family == AF_INET6 && (type & SOCK_STREAM)) {
        errno = EMFILE;
        return -1;
    }
    memcpy(&next, &symbol, sizeof next);
    return next(family, type, protocol);
}

EXPORT void *malloc(size_t size)
{
    static allocator *next;

    if (size == UNBEARABLE && atomic_load(&memory_is_out)) {
        errno = ENOMEM;
        return NULL;
    }
    if (!next) {
        void *symbol = dlsym(RTLD_NEXT, "malloc");

        memcpy(&next, &symbol, sizeof next);
    }
    return next(size);
}
