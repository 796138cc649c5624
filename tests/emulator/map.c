#include "map.h"

#include "platform.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

struct map_entry {
    struct map_entry *next;
    uint64_t hash;
    void *value;
    char key[];
};

/* FNV-1a, begun where nobody outside knows. */
uint64_t map_hash(const char *key)
{
    uint64_t hash = 14695981039346656037u ^ platform_random();
    for (; *key; key++)
        hash = (hash ^ (unsigned char)*key) * 1099511628211u;
    return hash ^ hash >> 32;
}

static struct map_entry **map_slot(const struct map *map, const char *key, uint64_t hash)
{
    struct map_entry **slot = &map->buckets[hash & (map->bucket_count - 1)];
    while (*slot && ((*slot)->hash != hash || strcmp((*slot)->key, key) != 0))
        slot = &(*slot)->next;
    return slot;
}

static void map_resize(struct map *map, size_t bucket_count)
{
    struct map_entry **buckets = memory_new(bucket_count * sizeof(struct map_entry *));
    for (size_t i = 0; i < map->bucket_count; i++) {
        while (map->buckets[i]) {
            struct map_entry *entry = map->buckets[i];
            struct map_entry **slot = &buckets[entry->hash & (bucket_count - 1)];
            map->buckets[i] = entry->next;
            entry->next = *slot;
            *slot = entry;
        }
    }
    free(map->buckets);
    map->buckets = buckets;
    map->bucket_count = bucket_count;
}

void *map_get(const struct map *map, const char *key)
{
    if (!map->count)
        return NULL;
    struct map_entry *entry = *map_slot(map, key, map_hash(key));
    return entry ? entry->value : NULL;
}

void map_put(struct map *map, const char *key, void *value)
{
    if (map->count >= map->bucket_count)
        map_resize(map, map->bucket_count ? map->bucket_count * 2 : 16);
    uint64_t hash = map_hash(key);
    struct map_entry **slot = map_slot(map, key, hash);
    if (!*slot) {
        size_t size = strlen(key) + 1;
        struct map_entry *entry = memory_new(sizeof *entry + size);
        entry->hash = hash;
        memcpy(entry->key, key, size);
        *slot = entry;
        map->count++;
    }
    (*slot)->value = value;
}

void *map_remove(struct map *map, const char *key)
{
    if (!map->count)
        return NULL;
    struct map_entry **slot = map_slot(map, key, map_hash(key));
    struct map_entry *entry = *slot;
    if (!entry)
        return NULL;
    void *value = entry->value;
    *slot = entry->next;
    free(entry);
    map->count--;
    return value;
}

void map_each(const struct map *map, void (*visit)(const char *key, void *value, void *data), void *data)
{
    for (size_t i = 0; i < map->bucket_count; i++)
        for (struct map_entry *entry = map->buckets[i]; entry; entry = entry->next)
            visit(entry->key, entry->value, data);
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp((*(struct map_entry *const *)a)->key, (*(struct map_entry *const *)b)->key);
}

void map_each_sorted(const struct map *map, void (*visit)(const char *key, void *value, void *data), void *data)
{
    struct map_entry **sorted = memory_new((map->count + 1) * sizeof(struct map_entry *));
    size_t count = 0;
    for (size_t i = 0; i < map->bucket_count; i++)
        for (struct map_entry *entry = map->buckets[i]; entry; entry = entry->next)
            sorted[count++] = entry;
    qsort(sorted, count, sizeof(struct map_entry *), compare_keys);
    for (size_t i = 0; i < count; i++)
        visit(sorted[i]->key, sorted[i]->value, data);
    free(sorted);
}

void map_clear(struct map *map, void (*free_value)(void *value))
{
    for (size_t i = 0; i < map->bucket_count; i++) {
        for (struct map_entry *entry = map->buckets[i], *next; entry; entry = next) {
            next = entry->next;
            if (free_value)
                free_value(entry->value);
            free(entry);
        }
    }
    free(map->buckets);
    memset(map, 0, sizeof *map);
}
