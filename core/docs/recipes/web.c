#include <capauth/capauth.h>
#include <stdio.h>

static int sign_in(capauth_session *customer)
{
    char otp[32];
    int rc = capauth_session_set_identifier(customer, CAPAUTH_IDENTIFIER_MOBILE, "919999993004"); /* no device */

    if (!rc)
        rc = capauth_token_generate(customer, NULL, NULL);
    if (!rc)
        rc = capauth_otp_generate(customer, NULL, NULL);
    if (rc)
        return rc;
    printf("OTP: ");
    fflush(stdout);
    return scanf("%31s", otp) == 1 ? capauth_otp_validate(customer, otp, NULL, NULL) : CAPAUTH_E_CANCELLED;
}

int main(void)
{
    capauth_client *client = NULL;
    capauth_session *customer = NULL;
    int rc = capauth_client_new(&client);

    if (!rc)
        rc = capauth_client_set_base_url(client, "http://127.0.0.1:8080");
    if (!rc)
        rc = capauth_session_new(client, CAPAUTH_FLOW_WEB, "DocDemo", &customer);
    if (!rc)
        rc = sign_in(customer);
    if (!rc)
        printf("signed in as %s with a key: %s\n", capauth_session_role(customer),
               *capauth_session_key(customer) ? "true" : "false");

    /* of the token itself, even of one that has expired: web has no key */
    if (!rc)
        rc = capauth_token_regenerate(customer, NULL, NULL);
    if (!rc)
        printf("a new token, valid for %d seconds\n", capauth_session_expires_in_ms(customer) / 1000);
    if (rc)
        fprintf(stderr, "%s: %s\n", capauth_error_name(rc), capauth_strerror(rc));
    capauth_session_free(&customer);
    capauth_client_free(&client);
    return rc != 0;
}
