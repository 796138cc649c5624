#include <capauth/capauth.h>
#include <stdio.h>

static int by_otp(capauth_session *customer)
{
    char otp[32];
    int rc = capauth_token_generate(customer, NULL, NULL);

    if (!rc)
        rc = capauth_otp_generate(customer, NULL, NULL);
    if (rc)
        return rc;
    printf("OTP: ");
    fflush(stdout);
    return scanf("%31s", otp) == 1 ? capauth_otp_validate(customer, otp, NULL, NULL) : CAPAUTH_E_CANCELLED;
}

/* Puts the second in the place of the first, which is not needed any more. */
static int go_on(capauth_session **customer)
{
    capauth_session *second = NULL;
    int rc = capauth_session_second_factor(*customer, &second);

    if (!rc)
        rc = by_otp(second);
    if (rc) {
        capauth_session_free(&second);
        return rc;
    }
    capauth_session_free(customer);
    *customer = second;
    return 0;
}

int main(void)
{
    capauth_client *client = NULL;
    capauth_session *customer = NULL;
    int rc = capauth_client_new(&client);

    if (!rc)
        rc = capauth_client_set_base_url(client, "http://127.0.0.1:8080");
    if (!rc)
        rc = capauth_session_new(client, CAPAUTH_FLOW_MOBILE, "TwoFactors", &customer);
    if (!rc)
        rc = capauth_session_set_identifier(customer, CAPAUTH_IDENTIFIER_MOBILE, "919999991004");
    if (!rc)
        rc = capauth_session_set_device_id(customer, "device-1");
    if (!rc)
        rc = by_otp(customer);
    if (!rc)
        printf("after the first factor: %s\n", capauth_session_role(customer));
    if (!rc && capauth_session_next_step(customer) == CAPAUTH_STEP_SECOND_FACTOR)
        rc = go_on(&customer);
    if (!rc)
        printf("signed in as %s\n", capauth_session_role(customer));
    if (rc)
        fprintf(stderr, "%s: %s\n", capauth_error_name(rc), capauth_strerror(rc));
    capauth_session_free(&customer);
    capauth_client_free(&client);
    return rc != 0;
}
