#include "delay.h"

#include "clock.h"
#include "text.h"

#include <limits.h>
#include <microhttpd.h>
#include <stdlib.h>

struct delayed {
    struct delayed *next;
    struct MHD_Connection *connection;
    bool for_otp;
    int64_t due_ms; /* on the monotonic clock: the virtual one does not pass by itself */
};

static void add(struct delays *delays, struct MHD_Connection *connection, long long milliseconds, bool for_otp)
{
    struct delayed *delayed = memory_new(sizeof *delayed);
    struct delayed **slot = &delays->first;
    delayed->connection = connection;
    delayed->for_otp = for_otp;
    delayed->due_ms = clock_monotonic_ms() + milliseconds;
    MHD_suspend_connection(connection);
    while (*slot && (*slot)->due_ms <= delayed->due_ms)
        slot = &(*slot)->next;
    delayed->next = *slot;
    *slot = delayed;
}

void delays_add(struct delays *delays, struct MHD_Connection *connection, long long milliseconds)
{
    add(delays, connection, milliseconds, false);
}

void delays_add_for_otp(struct delays *delays, struct MHD_Connection *connection, long long milliseconds)
{
    add(delays, connection, milliseconds, true);
}

int delays_next_ms(const struct delays *delays)
{
    if (!delays->first)
        return -1;
    int64_t left = delays->first->due_ms - clock_monotonic_ms();
    return left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

static void resume(struct delayed **slot)
{
    struct delayed *delayed = *slot;
    *slot = delayed->next;
    MHD_resume_connection(delayed->connection);
    free(delayed);
}

void delays_resume_due(struct delays *delays)
{
    while (delays_next_ms(delays) == 0)
        resume(&delays->first);
}

/* They are not resumed here: this is called by the handler of another request, and what it resumed would wait for
 * the next event. The loop does it before it sleeps. */
void delays_end_for_otp(struct delays *delays)
{
    struct delayed *ended = NULL;
    for (struct delayed **slot = &delays->first; *slot;) {
        struct delayed *delayed = *slot;
        if (!delayed->for_otp) {
            slot = &delayed->next;
            continue;
        }
        *slot = delayed->next;
        delayed->next = ended;
        delayed->due_ms = 0;
        ended = delayed;
    }
    struct delayed **last = &ended;
    while (*last)
        last = &(*last)->next;
    *last = delays->first;
    delays->first = ended;
}

void delays_resume_all(struct delays *delays)
{
    while (delays->first)
        resume(&delays->first);
}
