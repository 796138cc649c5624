/* SPDX-License-Identifier: Apache-2.0 */
/* sign_in COUNT: one customer after the other, blocking. */
#include "bench.h"

static void sign_in(capauth_client *client)
{
    capauth_session *customer = bench_session(client);

    bench_check(capauth_token_generate(customer, NULL, NULL), "token generate");
    bench_check(capauth_otp_generate(customer, NULL, NULL), "OTP generate");
    bench_check(capauth_otp_validate(customer, BENCH_OTP, NULL, NULL), "OTP validate");
    capauth_session_free(&customer);
}

int main(int count, char **arguments)
{
    int sign_ins = bench_argument(count, arguments, 1, 500);
    capauth_client *client = bench_client(1);
    struct bench_span span;

    sign_in(client); /* connects */
    span = bench_begin();
    for (int i = 0; i < sign_ins; i++)
        sign_in(client);
    bench_end(span, sign_ins);
    capauth_client_free(&client);
    return 0;
}
