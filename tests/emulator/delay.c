#include "delay.h"

#include "clock.h"
#include "text.h"

#include <limits.h>
#include <microhttpd.h>
#include <stdlib.h>

struct delayed {
    struct delayed *next;
    struct MHD_Connection *connection;
    int64_t due_ms; /* on the monotonic clock: the virtual one does not pass by itself */
};

void delays_add(struct delays *delays, struct MHD_Connection *connection, long long milliseconds)
{
    struct delayed *delayed = memory_new(sizeof *delayed);
    struct delayed **slot = &delays->first;
    delayed->connection = connection;
    delayed->due_ms = clock_monotonic_ms() + milliseconds;
    MHD_suspend_connection(connection);
    while (*slot && (*slot)->due_ms <= delayed->due_ms)
        slot = &(*slot)->next;
    delayed->next = *slot;
    *slot = delayed;
}

int delays_next_ms(const struct delays *delays)
{
    if (!delays->first)
        return -1;
    int64_t left = delays->first->due_ms - clock_monotonic_ms();
    return left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

static void resume_first(struct delays *delays)
{
    struct delayed *first = delays->first;
    delays->first = first->next;
    MHD_resume_connection(first->connection);
    free(first);
}

void delays_resume_due(struct delays *delays)
{
    while (delays_next_ms(delays) == 0)
        resume_first(delays);
}

void delays_resume_all(struct delays *delays)
{
    while (delays->first)
        resume_first(delays);
}
