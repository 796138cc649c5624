/* SPDX-License-Identifier: Apache-2.0 */
/* The transport over libcurl, without an engine around it. */
#include "support.h"

#include "net/reactor.h"
#include "net/transport.h"

/* The server may close a connection that was made ready before it has come to rest. */
TEST(a_connection_that_is_gone_before_it_rests_is_no_matter)
{
    const struct capauth__net_config config = {.max_connections = 1, .ca_memory_fd = -1};
    struct capauth__reactor reactor = {0};
    struct capauth__transport *transport;

    capauth__reactor_init(&reactor);
    assert_true(capauth__reactor_open(&reactor));
    transport = capauth__transport_new(&config, &reactor);
    assert_non_null(transport);
    capauth__transport_greeted(transport, reactor.wake_fd); /* which is open, and no connection */
    capauth__transport_greeted(transport, -1);
    assert_true(capauth__transport_has_room(transport));
    capauth__transport_free(transport);
    capauth__reactor_end(&reactor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_that_is_gone_before_it_rests_is_no_matter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
