/* SPDX-License-Identifier: Apache-2.0 */
/* The log without a client around it. */
#include "support.h"

#include "base/process.h"
#include "session/log.h"

/* Another thread takes the callback away between the look whether there is one and the lock. */
TEST(what_nobody_listens_to_any_more_is_thrown_away)
{
    static const struct capauth__trace trace = {.operation = "token_generate"};
    struct capauth__process process;
    struct capauth__notices notices = {0};
    struct capauth__log log = {0};

    capauth__process_init(&process);
    capauth__notices_init(&notices, &process);
    capauth__log_init(&log, &notices);
    log.has_log = log.has_trace = true;
    capauth__log(&log, CAPAUTH_LOG_ERROR, "nobody %s", "hears");
    capauth__trace(&log, &trace);
    assert_false(capauth__notices_are_queued(&notices));
    capauth__log_end(&log);
    capauth__notices_end(&notices);
    capauth__process_end(&process);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_nobody_listens_to_any_more_is_thrown_away),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
