#include "revoked.h"

#include "text.h"

#include <stdlib.h>

enum { MOST_REVOKED = 100000 };

struct expired_list {
    int64_t now_s;
    char **ids;
    size_t count;
};

static void collect_expired(const char *id, void *value, void *data)
{
    struct expired_list *list = data;
    if (*(int64_t *)value <= list->now_s) {
        list->ids = memory_grow(list->ids, (list->count + 1) * sizeof *list->ids);
        list->ids[list->count++] = text_copy(id);
    }
}

static void sweep(struct revoked *revoked, int64_t now_s)
{
    struct expired_list list = {.now_s = now_s};
    map_each(&revoked->by_id, collect_expired, &list);
    for (size_t i = 0; i < list.count; i++) {
        free(map_remove(&revoked->by_id, list.ids[i]));
        free(list.ids[i]);
    }
    free(list.ids);
}

void revoked_add(struct revoked *revoked, const char *token_id, int64_t expires_at, int64_t now_s)
{
    if (revoked->by_id.count >= MOST_REVOKED)
        sweep(revoked, now_s);
    int64_t *value = memory_new(sizeof *value);
    *value = expires_at;
    free(map_remove(&revoked->by_id, token_id));
    map_put(&revoked->by_id, token_id, value);
}

bool revoked_has(const struct revoked *revoked, const char *token_id)
{
    return map_get(&revoked->by_id, token_id) != NULL;
}

void revoked_clear(struct revoked *revoked)
{
    map_clear(&revoked->by_id, free);
}
