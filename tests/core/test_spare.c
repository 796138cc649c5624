/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of a long buffer, kept for the next. */
#include "support.h"

#include <stdlib.h>
#include <string.h>

#include "base/spare.h"

/* The C library gives what was freed to who asks next: so an address alone does not tell whether it was kept. */
static int taken; /* from the C library, ever */
static int held; /* of that, not given back */

void *__real_malloc(size_t size); /* NOLINT(bugprone-reserved-identifier): the linker's name */
void *__wrap_malloc(size_t size); /* NOLINT(bugprone-reserved-identifier) */
void __real_free(void *block); /* NOLINT(bugprone-reserved-identifier) */
void __wrap_free(void *block); /* NOLINT(bugprone-reserved-identifier) */

void *__wrap_malloc(size_t size) /* NOLINT(bugprone-reserved-identifier) */
{
    void *block = __real_malloc(size);

    taken += block != NULL;
    held += block != NULL;
    return block;
}

void __wrap_free(void *block) /* NOLINT(bugprone-reserved-identifier) */
{
    held -= block != NULL;
    __real_free(block);
}

static int begin(void **state)
{
    (void)state;
    taken = held = 0;
    return 0;
}

static int all_is_given_back(void **state)
{
    (void)state;
    return held;
}

static struct capauth__buffer buffer_of(size_t capacity)
{
    struct capauth__buffer buffer = {.limit = 1 << 20};

    assert_true(capauth__buffer_reserve(&buffer, capacity));
    assert_true(capauth__buffer_text(&buffer, "a reply that is nobody else's"));
    return buffer;
}

TEST(a_long_buffers_memory_is_the_next_ones_wiped)
{
    struct capauth__buffer buffer = buffer_of(CAPAUTH__SPARE_LEAST);
    struct capauth__spare spare = {0};
    const char *memory = buffer.data;

    capauth__spare_keep(&spare, &buffer);
    assert_null(buffer.data);
    assert_int_equal(buffer.limit, 1 << 20);
    assert_true(capauth__spare_reserve(&spare, &buffer, CAPAUTH__SPARE_LEAST));
    assert_ptr_equal(buffer.data, memory);
    assert_int_equal(taken, 1);
    assert_int_equal(buffer.capacity, CAPAUTH__SPARE_LEAST);
    assert_int_equal(buffer.length, 0);
    assert_string_equal(buffer.data, "");
    for (size_t i = sizeof(size_t); i < sizeof "a reply that is nobody else's"; i++)
        assert_int_equal(memory[i], 0);
    capauth__buffer_free(&buffer);
    capauth__spare_free(&spare);
}

TEST(it_is_an_empty_text_whatever_its_size)
{
    struct capauth__buffer buffer = {.data = malloc(CAPAUTH__SPARE_LEAST + 1), .capacity = CAPAUTH__SPARE_LEAST + 1};
    struct capauth__spare spare = {0};

    assert_non_null(buffer.data);
    capauth__spare_keep(&spare, &buffer);
    assert_true(capauth__spare_reserve(&spare, &buffer, CAPAUTH__SPARE_LEAST));
    assert_int_equal(buffer.capacity, CAPAUTH__SPARE_LEAST + 1);
    assert_string_equal(buffer.data, "");
    capauth__buffer_free(&buffer);
}

TEST(it_is_there_once)
{
    struct capauth__buffer buffer = buffer_of(CAPAUTH__SPARE_MOST);
    struct capauth__buffer another = {0};
    struct capauth__spare spare = {0};

    capauth__spare_keep(&spare, &buffer);
    assert_true(capauth__spare_reserve(&spare, &buffer, CAPAUTH__SPARE_LEAST));
    assert_int_equal(taken, 1);
    assert_true(capauth__spare_reserve(&spare, &another, CAPAUTH__SPARE_LEAST));
    assert_int_equal(taken, 2);
    capauth__spare_keep(&spare, &buffer);
    capauth__spare_keep(&spare, &another); /* in place of the other */
    capauth__spare_free(&spare);
    assert_null(spare.memory);
}

TEST(what_is_too_short_makes_room_for_what_is_not)
{
    struct capauth__buffer buffer = buffer_of(CAPAUTH__SPARE_LEAST);
    struct capauth__spare spare = {0};

    capauth__spare_keep(&spare, &buffer);
    assert_true(capauth__spare_reserve(&spare, &buffer, CAPAUTH__SPARE_LEAST + 1));
    assert_true(buffer.capacity > CAPAUTH__SPARE_LEAST);
    assert_null(spare.memory);
    capauth__buffer_free(&buffer);
}

TEST(short_buffers_and_those_in_use_get_none_and_short_and_very_long_ones_leave_none)
{
    struct capauth__buffer buffer = buffer_of(CAPAUTH__SPARE_LEAST);
    struct capauth__buffer small = buffer_of(256);
    struct capauth__buffer huge = buffer_of(2 * CAPAUTH__SPARE_MOST);
    struct capauth__spare spare = {0};

    capauth__spare_keep(&spare, &small);
    assert_null(spare.memory);
    capauth__spare_keep(&spare, &huge);
    assert_null(spare.memory);
    capauth__spare_keep(&spare, &buffer);
    assert_true(capauth__spare_reserve(&spare, &small, CAPAUTH__SPARE_LEAST - 1));
    assert_non_null(spare.memory);
    assert_true(capauth__spare_reserve(&spare, &small, CAPAUTH__SPARE_LEAST)); /* it has memory of its own */
    assert_non_null(spare.memory);
    capauth__buffer_free(&small);
    capauth__spare_free(&spare);
}

#define counted(test) cmocka_unit_test_setup_teardown(test, begin, all_is_given_back)

int main(void)
{
    const struct CMUnitTest tests[] = {
        counted(a_long_buffers_memory_is_the_next_ones_wiped),
        counted(it_is_an_empty_text_whatever_its_size),
        counted(it_is_there_once),
        counted(what_is_too_short_makes_room_for_what_is_not),
        counted(short_buffers_and_those_in_use_get_none_and_short_and_very_long_ones_leave_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
