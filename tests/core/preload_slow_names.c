/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LD_PRELOAD: looking up a name under .slow.test lasts, as on a network that drops DNS, until the test ends all
 * lookups. The test finds the two functions by dlsym.
 */
#include <netdb.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include <dlfcn.h>

#define EXPORT __attribute__((visibility("default")))

typedef int lookup(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found);

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended = PTHREAD_COND_INITIALIZER;
static int lookups;
static bool over;

EXPORT int slow_lookups(void);
EXPORT void end_slow_lookups(void);

/* How many have begun. */
int slow_lookups(void)
{
    int begun;

    pthread_mutex_lock(&mutex);
    begun = lookups;
    pthread_mutex_unlock(&mutex);
    return begun;
}

void end_slow_lookups(void)
{
    pthread_mutex_lock(&mutex);
    over = true;
    pthread_cond_broadcast(&ended);
    pthread_mutex_unlock(&mutex);
}

static void wait_for_the_end(void)
{
    pthread_mutex_lock(&mutex);
    lookups++;
    while (!over)
        pthread_cond_wait(&ended, &mutex);
    pthread_mutex_unlock(&mutex);
}

EXPORT int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
    lookup *next;
    void *symbol = dlsym(RTLD_NEXT, "getaddrinfo");

    if (node && strstr(node, ".slow.test")) {
        wait_for_the_end();
        return EAI_NONAME;
    }
    memcpy(&next, &symbol, sizeof next);
    return next(node, service, hints, found);
}
