/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of a long buffer, kept for the next. */
#include "support.h"

#include <string.h>

#include "base/spare.h"

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
    assert_int_equal(buffer.capacity, CAPAUTH__SPARE_LEAST);
    assert_int_equal(buffer.length, 0);
    assert_string_equal(buffer.data, "");
    for (size_t i = sizeof(size_t); i < sizeof "a reply that is nobody else's"; i++)
        assert_int_equal(memory[i], 0);
    capauth__buffer_free(&buffer);
    capauth__spare_free(&spare);
}

TEST(it_is_there_once)
{
    struct capauth__buffer buffer = buffer_of(CAPAUTH__SPARE_MOST);
    struct capauth__buffer another = {0};
    struct capauth__spare spare = {0};

    capauth__spare_keep(&spare, &buffer);
    assert_true(capauth__spare_reserve(&spare, &buffer, CAPAUTH__SPARE_LEAST));
    assert_true(capauth__spare_reserve(&spare, &another, CAPAUTH__SPARE_LEAST));
    assert_ptr_not_equal(another.data, buffer.data);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_buffers_memory_is_the_next_ones_wiped),
        cmocka_unit_test(it_is_there_once),
        cmocka_unit_test(what_is_too_short_makes_room_for_what_is_not),
        cmocka_unit_test(short_buffers_and_those_in_use_get_none_and_short_and_very_long_ones_leave_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
