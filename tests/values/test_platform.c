/* SPDX-License-Identifier: Apache-2.0 */
/* The wall clock, as a C library whose time_t has 32 bits gives it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "base/platform.h"

static int32_t seconds; /* what such a library says, whatever the clock */

int __wrap_clock_gettime(clockid_t clock, struct timespec *now);

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
    (void)clock;
    *now = (struct timespec){.tv_sec = seconds, .tv_nsec = 5000000};
    return 0;
}

static void assert_wall_clock(int32_t said, int64_t expected_s)
{
    seconds = said;
    assert_int_equal(capauth__realtime_ms(), expected_s * 1000 + 5);
}

static void the_wall_clock_goes_on_after_2038(void **state)
{
    (void)state;
    assert_wall_clock(INT32_MAX, INT32_MAX);
    assert_wall_clock(INT32_MIN, INT64_C(2147483648));
    assert_wall_clock(-1, INT64_C(4294967295));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_wall_clock_goes_on_after_2038)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
