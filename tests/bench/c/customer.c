/* SPDX-License-Identifier: Apache-2.0 */
#include "customer.h"

#include <stddef.h>

capauth_client *bench_client(int max_connections)
{
    capauth_client *client = NULL;

    bench_check(capauth_client_new(&client), "capauth_client_new");
    bench_check(capauth_client_set_base_url(client, bench_url()), "base URL");
    bench_check(capauth_client_set_ca_file(client, bench_ca_file()), "CA file");
    bench_check(capauth_client_set_max_connections(client, max_connections), "connections");
    bench_check(capauth_client_set_timeout_ms(client, 300000), "timeout");
    return client;
}

capauth_session *bench_session(capauth_client *client)
{
    capauth_session *session = NULL;
    char mobile[32];

    bench_mobile(mobile);
    bench_check(capauth_session_new(client, CAPAUTH_FLOW_MOBILE, BENCH_BRAND, &session), "session");
    bench_check(capauth_session_set_identifier(session, CAPAUTH_IDENTIFIER_MOBILE, mobile), "identifier");
    bench_check(capauth_session_set_device_id(session, "device-1"), "device");
    return session;
}

capauth_session *bench_signed_in(capauth_client *client)
{
    capauth_session *session = bench_session(client);

    bench_check(capauth_token_generate(session, NULL, NULL), "token generate");
    bench_check(capauth_otp_generate(session, NULL, NULL), "OTP generate");
    bench_check(capauth_otp_validate(session, BENCH_OTP, NULL, NULL), "OTP validate");
    return session;
}

int bench_start_next(capauth_session *session, capauth_call **call)
{
    switch (capauth_session_next_step(session)) {
    case CAPAUTH_STEP_TOKEN_GENERATE:
        bench_check(capauth_token_generate(session, NULL, call), "token generate");
        return 1;
    case CAPAUTH_STEP_OTP_GENERATE:
        bench_check(capauth_otp_generate(session, NULL, call), "OTP generate");
        return 1;
    case CAPAUTH_STEP_OTP_VALIDATE:
        bench_check(capauth_otp_validate(session, BENCH_OTP, NULL, call), "OTP validate");
        return 1;
    default:
        return 0;
    }
}
