/* SPDX-License-Identifier: Apache-2.0 */
/* capauth_sign_in COUNT [OTHERS]: one customer after the other, blocking, beside OTHERS who have signed in before. */
#include "customer.h"

#include <stdlib.h>

static void sign_in(int count, void *client)
{
    while (count--) {
        capauth_session *customer = bench_signed_in(client);

        capauth_session_free(&customer);
    }
}

/* Signs one in, and makes the others from what it exports. */
static capauth_session **others_of(capauth_client *client, int count)
{
    capauth_session **others = calloc((size_t)count + 1, sizeof(capauth_session *));
    char *text = NULL;

    if (!others)
        exit(1);
    others[count] = bench_signed_in(client); /* connects, too */
    bench_check(capauth_session_export(others[count], &text), "export");
    for (int i = 0; i < count; i++)
        bench_check(capauth_session_restore(client, text, &others[i]), "restore");
    capauth_string_free(&text);
    return others;
}

int main(int count, char **arguments)
{
    int others_count = bench_argument(count, arguments, 2, 0);
    capauth_client *client = bench_client(1);
    capauth_session **others = others_of(client, others_count);

    bench_measure(bench_argument(count, arguments, 1, 500), sign_in, client);
    for (int i = 0; i <= others_count; i++)
        capauth_session_free(&others[i]);
    capauth_client_free(&client);
    free(others);
    return 0;
}
