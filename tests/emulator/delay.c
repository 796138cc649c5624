#include "delay.h"

#include "text.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct delayed {
    struct delayed *next;
    struct MHD_Connection *connection;
    struct timespec due; /* on the monotonic clock: the virtual one does not pass by itself */
};

struct delays {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct delayed *first; /* soonest first */
    bool stopping;
};

static bool is_before(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

static void resume_first(struct delays *delays)
{
    struct delayed *first = delays->first;
    delays->first = first->next;
    MHD_resume_connection(first->connection);
    free(first);
}

static void *run(void *data)
{
    struct delays *delays = data;
    pthread_mutex_lock(&delays->mutex);
    while (delays->first || !delays->stopping) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (!delays->first)
            pthread_cond_wait(&delays->changed, &delays->mutex);
        else if (delays->stopping || !is_before(&now, &delays->first->due))
            resume_first(delays);
        else {
            struct timespec due = delays->first->due; /* a copy: it may be freed while we wait */
            pthread_cond_timedwait(&delays->changed, &delays->mutex, &due);
        }
    }
    pthread_mutex_unlock(&delays->mutex);
    return NULL;
}

struct delays *delays_start(void)
{
    struct delays *delays = memory_new(sizeof *delays);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&delays->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&delays->mutex, NULL);
    if (pthread_create(&delays->thread, NULL, run, delays) == 0)
        return delays;
    free(delays);
    return NULL;
}

void delays_add(struct delays *delays, struct MHD_Connection *connection, long long milliseconds)
{
    struct delayed *delayed = memory_new(sizeof *delayed);
    delayed->connection = connection;
    clock_gettime(CLOCK_MONOTONIC, &delayed->due);
    delayed->due.tv_sec += (time_t)(milliseconds / 1000);
    delayed->due.tv_nsec += (long)(milliseconds % 1000) * 1000000;
    if (delayed->due.tv_nsec >= 1000000000) {
        delayed->due.tv_sec++;
        delayed->due.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&delays->mutex);
    MHD_suspend_connection(connection); /* before the thread can see it, and resume it */
    struct delayed **slot = &delays->first;
    while (*slot && !is_before(&delayed->due, &(*slot)->due))
        slot = &(*slot)->next;
    delayed->next = *slot;
    *slot = delayed;
    pthread_cond_signal(&delays->changed);
    pthread_mutex_unlock(&delays->mutex);
}

void delays_stop(struct delays *delays)
{
    pthread_mutex_lock(&delays->mutex);
    delays->stopping = true;
    pthread_cond_signal(&delays->changed);
    pthread_mutex_unlock(&delays->mutex);
    pthread_join(delays->thread, NULL);
    pthread_cond_destroy(&delays->changed);
    pthread_mutex_destroy(&delays->mutex);
    free(delays);
}
