/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of the code under test: it runs out where a test wants it to, and it is watched. */
#ifndef VALUES_MEMORY_H
#define VALUES_MEMORY_H

#include <stddef.h>

struct memory {
    size_t asked; /* how often, since the last memory_fail_at */
    size_t fail_at; /* this time there is none; 0: there always is */
    size_t live; /* blocks that were not given back */
    size_t unwiped; /* blocks that were given back with something in them */
};

extern struct memory memory;

/* The `which`th allocation from here fails, that one alone; 0: none does. */
void memory_fail_at(size_t which);
/* Whether the code came as far as that allocation. */
int memory_ran_out(void);
/* A test that fails, too, unless all was given back, and nothing with something in it. */
#define CLEAN_TEST(test) cmocka_unit_test_teardown(test, memory_is_clean)
int memory_is_clean(void **state);

#endif
