#include <capauth/capauth.h>
#include <stdio.h>

static int ask_for_otp(capauth_session *customer)
{
    char otp[32];
    int rc = CAPAUTH_INVALID_OTP;

    while (rc == CAPAUTH_INVALID_OTP) { /* which leaves the step open: ask again */
        printf("OTP: ");
        fflush(stdout);
        if (scanf("%31s", otp) != 1)
            return CAPAUTH_E_CANCELLED;
        rc = capauth_otp_validate(customer, otp, NULL, NULL);
        if (rc)
            printf("%s\n", capauth_session_error_message(customer));
    }
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
        rc = capauth_session_set_identifier(customer, CAPAUTH_IDENTIFIER_MOBILE, "919999999994");
    if (!rc)
        rc = capauth_session_set_device_id(customer, "device-1");
    if (!rc)
        rc = capauth_token_generate(customer, NULL, NULL); /* begins a sign-in */
    if (!rc)
        rc = capauth_otp_generate(customer, NULL, NULL); /* sends the OTP to the customer's phone */
    if (!rc)
        rc = ask_for_otp(customer);
    if (!rc)
        printf("signed in as %s\n", capauth_session_role(customer));
    if (rc)
        fprintf(stderr, "%s: %s\n", capauth_error_name(rc), capauth_strerror(rc));
    capauth_session_free(&customer);
    capauth_client_free(&client);
    return rc != 0;
}
