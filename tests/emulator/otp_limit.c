#include "otp_limit.h"

#include "text.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SWEEP = 1024 };

struct history {
    char *identity;
    int64_t *sent_ms; /* oldest first, never more than the limit */
    int64_t count;
};

static void free_history(void *value)
{
    struct history *history = value;
    free(history->identity);
    free(history->sent_ms);
    free(history);
}

/* Discards what is older than the window; without a window everything counts for ever. */
static void discard_old(struct history *history, const struct settings *settings, int64_t now_ms)
{
    int64_t old = 0;
    if (settings->otp_timeout_minutes == NO_LIMIT)
        return;
    int64_t window_ms = settings->otp_timeout_minutes * 60000;
    while (old < history->count && now_ms - history->sent_ms[old] >= window_ms)
        old++;
    history->count -= old;
    memmove(history->sent_ms, history->sent_ms + old, (size_t)history->count * sizeof *history->sent_ms);
}

bool otp_limit_allows(struct otp_limits *limits, const struct settings *settings, const char *identity, int64_t now_ms)
{
    struct history *history = map_get(&limits->by_identity, identity);
    if (settings->otp_max_count == NO_LIMIT || !history)
        return true;
    discard_old(history, settings, now_ms);
    return history->count < settings->otp_max_count;
}

struct sweep {
    const struct settings *settings;
    int64_t now_ms;
    struct history **empty;
    size_t count;
};

static void collect_empty(const char *identity, void *value, void *data)
{
    struct sweep *sweep = data;
    (void)identity;
    discard_old(value, sweep->settings, sweep->now_ms);
    if (((struct history *)value)->count == 0)
        sweep->empty[sweep->count++] = value;
}

static void sweep(struct otp_limits *limits, const struct settings *settings, int64_t now_ms)
{
    struct sweep found = {.settings = settings, .now_ms = now_ms};
    found.empty = memory_new((limits->by_identity.count + 1) * sizeof(struct history *));
    map_each(&limits->by_identity, collect_empty, &found);
    for (size_t i = 0; i < found.count; i++) {
        map_remove(&limits->by_identity, found.empty[i]->identity);
        free_history(found.empty[i]);
    }
    free(found.empty);
    limits->sweep_at = limits->by_identity.count * 2 + FIRST_SWEEP;
}

void otp_limit_note(struct otp_limits *limits, const struct settings *settings, const char *identity, int64_t now_ms)
{
    if (settings->otp_max_count == NO_LIMIT)
        return;
    if (limits->by_identity.count >= limits->sweep_at)
        sweep(limits, settings, now_ms);
    struct history *history = map_get(&limits->by_identity, identity);
    if (!history) {
        history = memory_new(sizeof *history);
        history->identity = text_copy(identity);
        map_put(&limits->by_identity, identity, history);
    }
    history->sent_ms = memory_grow(history->sent_ms, (size_t)(history->count + 1) * sizeof *history->sent_ms);
    history->sent_ms[history->count++] = now_ms;
}

void otp_limits_clear(struct otp_limits *limits)
{
    map_clear(&limits->by_identity, free_history);
    limits->sweep_at = FIRST_SWEEP;
}
