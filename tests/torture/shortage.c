/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "shortage.h"

#include <execinfo.h>
#include <link.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "../memory/arena.h"

static struct {
    uintptr_t from, to;
} core;
static struct shortage rule;
static atomic_long asked;
static bool ended;
static struct place struck;

static int find_core(struct dl_phdr_info *library, size_t size, void *data)
{
    (void)size, (void)data;
    if (!strstr(library->dlpi_name, "/libcapauth.so"))
        return 0;
    for (int i = 0; i < library->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &library->dlpi_phdr[i];

        if (part->p_type == PT_LOAD && part->p_flags & PF_X) {
            core.from = library->dlpi_addr + part->p_vaddr;
            core.to = core.from + part->p_memsz;
        }
    }
    return 1;
}

bool shortage_find_core(void)
{
    struct place warm_up;

    warm_up.depth = backtrace(warm_up.at, PLACE_DEEPEST); /* the first one allocates */
    return dl_iterate_phdr(find_core, NULL) && core.to;
}

static bool refuses(const void *caller)
{
    static _Thread_local bool inside; /* a backtrace may allocate */
    long number;

    if (inside || (rule.ours_only && ((uintptr_t)caller < core.from || (uintptr_t)caller >= core.to)))
        return false;
    number = atomic_fetch_add(&asked, 1) + 1;
    if (number < rule.nth || (number > rule.nth && !rule.lasts))
        return false;
    if (number == rule.nth) {
        inside = true;
        struck.depth = backtrace(struck.at, PLACE_DEEPEST);
        inside = false;
    }
    return true;
}

void shortage_begin(const struct shortage *shortage)
{
    rule = *shortage;
    atomic_store(&asked, 0);
    struck.depth = 0;
    ended = false;
    arena_rules.refuses = refuses;
}

void shortage_end(void)
{
    ended = true;
    arena_rules.refuses = NULL;
}

void shortage_pause(bool paused)
{
    arena_rules.refuses = paused || ended ? NULL : refuses;
}

long shortage_asked(void)
{
    return atomic_load(&asked);
}

const struct place *shortage_struck(void)
{
    return &struck;
}
