/* SPDX-License-Identifier: Apache-2.0 */
/* capauth_gateway COUNT ENDPOINT: one gateway call after the other, blocking. */
#include "customer.h"

#include <stddef.h>

static const char *endpoint;

static void get(int count, void *data)
{
    capauth_session *session = data;

    while (count--) {
        capauth_call *call = NULL;
        size_t length = 0;

        bench_check(capauth_gateway_call(session, "GET", endpoint, NULL, NULL, &call), "gateway");
        bench_check(capauth_call_wait(call, -1), "wait");
        (void)capauth_call_body(call, &length);
        bench_check(!capauth_call_ok(call) || !length, "reply");
        capauth_call_free(&call);
    }
}

int main(int count, char **arguments)
{
    capauth_client *client = bench_client(1);
    capauth_session *session = bench_signed_in(client);

    endpoint = bench_text_argument(count, arguments, 2, "1k");
    get(1, session);
    bench_measure(bench_argument(count, arguments, 1, 500), get, session);
    capauth_session_free(&session);
    capauth_client_free(&client);
    return 0;
}
