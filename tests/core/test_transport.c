/* SPDX-License-Identifier: Apache-2.0 */
/* The transport over libcurl, without an engine around it. */
#include "support.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/curl/sockets.h"
#include "net/curl/transfer.h"
#include "net/reactor.h"
#include "net/transport.h"

/* ---- Whether anything waits to be read ---- */

/* A connection on which a byte waits: who finds none has believed the reactor. */
struct kept {
    struct capauth__transport transport;
    struct capauth__socket socket;
    int other_end;
};

static void kept_open(struct kept *kept)
{
    int ends[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    kept->socket = (struct capauth__socket){.fd = ends[0], .resting = true, .watched = CAPAUTH__READ, .quiet_since = 1};
    kept->transport.sockets = (struct capauth__sockets){.all = &kept->socket, .count = 1, .capacity = 1, .turn = 1};
    kept->other_end = ends[1];
    assert_int_equal(write(ends[1], "x", 1), 1);
}

static void kept_close(struct kept *kept)
{
    close(kept->socket.fd);
    close(kept->other_end);
}

static bool is_believed(struct kept *kept, const struct capauth__ready *ready, int count)
{
    capauth__transport_begin_turn(&kept->transport, ready, count);
    return capauth__sockets_unread(&kept->transport.sockets, &kept->socket) == 0;
}

TEST(what_the_reactor_has_just_looked_at_is_not_looked_at_again)
{
    struct kept kept = {0};

    kept_open(&kept);
    assert_true(is_believed(&kept, NULL, 0));
    assert_true(is_believed(&kept, &(struct capauth__ready){.fd = kept.other_end, .events = CAPAUTH__READ}, 1));
    kept_close(&kept);
}

TEST(the_reactor_is_not_asked_about_what_it_cannot_know)
{
    struct capauth__ready many[CAPAUTH__READY_MOST] = {{0}};
    struct kept kept = {0};

    kept_open(&kept);
    many[0] = (struct capauth__ready){.fd = kept.socket.fd, .events = CAPAUTH__READ};
    assert_false(is_believed(&kept, NULL, CAPAUTH__NOT_ASKED));
    assert_false(is_believed(&kept, many, 1)); /* it was ready */
    many[0].fd = -1;
    assert_false(is_believed(&kept, many, CAPAUTH__READY_MOST)); /* there may be more */
    kept.socket.resting = false;
    assert_false(is_believed(&kept, NULL, 0));
    kept.socket.resting = true;
    kept.socket.watched = CAPAUTH__WRITE;
    assert_false(is_believed(&kept, NULL, 0));
    kept.socket.watched = CAPAUTH__READ;
    assert_true(is_believed(&kept, NULL, 0));
    kept.socket.quiet_since = kept.transport.sockets.turn; /* its answer has come in this turn */
    assert_int_equal(capauth__sockets_unread(&kept.transport.sockets, &kept.socket), 1);
    kept_close(&kept);
}

/* ---- How much has come ---- */

/* A socket that is none is asked in vain: the last answer stands where the system was not asked. */
TEST(the_system_is_asked_how_much_has_come_at_first_and_when_it_may_be_much_more)
{
    struct capauth__socket socket = {.fd = -1, .received = 7};

    assert_int_equal(capauth__socket_received_before(&socket), -1);
    socket = (struct capauth__socket){.fd = -1, .received = 7, .used = true, .answered = 16 * 1024};
    assert_int_equal(capauth__socket_received_before(&socket), 7);
    socket.answered++;
    assert_int_equal(capauth__socket_received_before(&socket), -1);
    assert_int_equal(socket.answered, 0);
}

/* ---- Its connections ---- */

/* The server may close a connection that was made ready before it has come to rest. */
TEST(a_connection_that_is_gone_before_it_rests_is_no_matter)
{
    char agent[] = "App/7";
    const struct capauth__net_config config = {.max_connections = 1, .ca_memory_fd = -1, .user_agent = agent};
    struct capauth__reactor reactor = {0};
    struct capauth__spare spare = {0};
    struct capauth__transport *transport;

    capauth__reactor_init(&reactor);
    assert_true(capauth__reactor_open(&reactor));
    transport = capauth__transport_new(&config, &reactor, &spare);
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
        cmocka_unit_test(what_the_reactor_has_just_looked_at_is_not_looked_at_again),
        cmocka_unit_test(the_reactor_is_not_asked_about_what_it_cannot_know),
        cmocka_unit_test(the_system_is_asked_how_much_has_come_at_first_and_when_it_may_be_much_more),
        cmocka_unit_test(a_connection_that_is_gone_before_it_rests_is_no_matter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
