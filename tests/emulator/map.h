/* A hash table from strings to pointers. It owns its keys, never its values. */
#ifndef EMULATOR_MAP_H
#define EMULATOR_MAP_H

#include <stddef.h>
#include <stdint.h>

struct map_entry;

/* All zeroes is an empty map. */
struct map {
    struct map_entry **buckets;
    size_t bucket_count; /* a power of two, or 0 */
    size_t count;
};

void *map_get(const struct map *map, const char *key);
/* Adds or replaces. */
void map_put(struct map *map, const char *key, void *value);
/* Gives what was there, or NULL. */
void *map_remove(struct map *map, const char *key);
/* Calls for every entry, in no order. `visit` must not change the map. */
void map_each(const struct map *map, void (*visit)(const char *key, void *value, void *data), void *data);
/* The same, in the order of the keys. */
void map_each_sorted(const struct map *map, void (*visit)(const char *key, void *value, void *data), void *data);
/* Empties the map; `free_value` may be NULL. */
void map_clear(struct map *map, void (*free_value)(void *value));

/* The hash that the maps use: seeded by the process, so that a client cannot aim for collisions. */
uint64_t map_hash(const char *key);

#endif
