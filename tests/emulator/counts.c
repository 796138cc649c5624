#include "counts.h"

#include "text.h"

#include <stdint.h>
#include <stdlib.h>

/* Paths come from clients: beyond this many different ones, new ones are counted together. */
enum { MOST_PATHS = 2000 };

void counts_add(struct map *counts, const char *method, const char *path)
{
    struct text key = {0};
    text_add_format(&key, "%s %s", method, path);
    const char *name = key.data;
    uint64_t *count = map_get(counts, name);
    if (!count && counts->count >= MOST_PATHS) {
        name = "(other paths)";
        count = map_get(counts, name);
    }
    if (!count) {
        count = memory_new(sizeof *count);
        map_put(counts, name, count);
    }
    ++*count;
    text_free(&key);
}

static void write_count(const char *name, void *value, void *data)
{
    struct text *json = data;
    if (json->data[json->length - 1] != '{')
        text_add_string(json, ",");
    text_add_json(json, name);
    text_add_format(json, ":%llu", (unsigned long long)*(uint64_t *)value);
}

void counts_write(const struct map *counts, struct text *json)
{
    text_add_string(json, "{\"counts\":{");
    map_each(counts, write_count, json);
    text_add_string(json, "}}");
}
