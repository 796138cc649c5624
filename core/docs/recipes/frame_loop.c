#define _POSIX_C_SOURCE 200809L
#include <capauth/capauth.h>
#include <poll.h>
#include <stdio.h>

/* The call for the next step; nothing moves until somebody polls. */
static int start_next_step(capauth_session *customer, capauth_call **call)
{
    char otp[32];

    switch (capauth_session_next_step(customer)) {
    case CAPAUTH_STEP_TOKEN_GENERATE:
        return capauth_token_generate(customer, NULL, call);
    case CAPAUTH_STEP_OTP_GENERATE:
        return capauth_otp_generate(customer, NULL, call);
    case CAPAUTH_STEP_OTP_VALIDATE:
        printf("OTP: "); /* a game draws a field for it */
        fflush(stdout);
        return scanf("%31s", otp) == 1 ? capauth_otp_validate(customer, otp, NULL, call) : CAPAUTH_E_CANCELLED;
    default:
        return CAPAUTH_E_UNSUPPORTED; /* a password brand: see the recipe for those */
    }
}

static int run(capauth_client *client, capauth_session *customer)
{
    capauth_call *call = NULL;
    struct pollfd watched = {.fd = capauth_client_fd(client), .events = POLLIN};
    int rc = start_next_step(customer, &call);

    while (!rc && !capauth_session_signed_in(customer)) {
        poll(&watched, 1, 16); /* a frame, or sooner when there is something to do; a game draws here */
        capauth_client_poll(client, 0); /* does what can be done now, and returns */
        if (!capauth_call_done(call))
            continue;
        rc = capauth_call_result(call);
        capauth_call_free(&call);
        if (!rc && !capauth_session_signed_in(customer))
            rc = start_next_step(customer, &call);
    }
    capauth_call_free(&call);
    return rc;
}

int main(void)
{
    capauth_client *client = NULL;
    capauth_session *customer = NULL;
    int rc = capauth_client_new(&client);

    if (!rc)
        rc = capauth_client_set_base_url(client, "http://127.0.0.1:8080");
    if (!rc)
        rc = capauth_session_new(client, CAPAUTH_FLOW_MOBILE, "DocDemo", &customer);
    if (!rc)
        rc = capauth_session_set_identifier(customer, CAPAUTH_IDENTIFIER_MOBILE, "919999994004");
    if (!rc)
        rc = capauth_session_set_device_id(customer, "device-1");
    if (!rc)
        rc = run(client, customer);
    if (!rc)
        printf("signed in as %s\n", capauth_session_role(customer));
    if (rc)
        fprintf(stderr, "%s: %s\n", capauth_error_name(rc), capauth_strerror(rc));
    capauth_session_free(&customer);
    capauth_client_free(&client);
    return rc != 0;
}
