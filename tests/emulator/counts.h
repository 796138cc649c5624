/* How often each path was asked for. */
#ifndef EMULATOR_COUNTS_H
#define EMULATOR_COUNTS_H

#include "map.h"

struct text;

/* `counts` is a map from "POST /path" to a counter of its own. */
void counts_add(struct map *counts, const char *method, const char *path);
/* Adds {"counts":{...}}. */
void counts_write(const struct map *counts, struct text *json);

#endif
