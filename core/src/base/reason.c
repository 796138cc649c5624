/* SPDX-License-Identifier: Apache-2.0 */
#include "base/reason.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Threads come and go, and their texts stay until so many others have failed on the same handle. */
enum { REASONS_MOST = 16 };

static bool is_mine(const struct capauth__reason *reason)
{
    return pthread_equal(reason->thread, pthread_self());
}

static void discard(struct capauth__reason **link)
{
    struct capauth__reason *reason = *link;

    *link = reason->next;
    free(reason);
}

static void make_room(struct capauth__reason **reasons)
{
    int kept = 0;

    for (struct capauth__reason **link = reasons; *link;) {
        if (is_mine(*link) || ++kept == REASONS_MOST)
            discard(link);
        else
            link = &(*link)->next;
    }
}

void capauth__reason_set(struct capauth__reason **reasons, const char *text)
{
    size_t size = text ? strlen(text) + 1 : 0;
    struct capauth__reason *reason;

    make_room(reasons);
    if (!text || !(reason = malloc(sizeof *reason + size)))
        return;
    reason->thread = pthread_self();
    reason->next = *reasons;
    memcpy(reason->text, text, size);
    *reasons = reason;
}

const char *capauth__reason_get(const struct capauth__reason *reasons)
{
    const struct capauth__reason *mine = reasons;

    while (mine && !is_mine(mine))
        mine = mine->next;
    return mine ? mine->text : reasons ? reasons->text : "";
}

void capauth__reasons_free(struct capauth__reason **reasons)
{
    while (*reasons)
        discard(reasons);
}
