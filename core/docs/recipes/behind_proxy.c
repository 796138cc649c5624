#include <capauth/capauth.h>
#include <stdio.h>

static int configure(capauth_client *client)
{
    char pin[256] = ""; /* two keys, in a real app: "sha256//...;sha256//..." */
    FILE *file = fopen("pin", "r");
    int rc = file && fscanf(file, "%255s", pin) == 1 ? 0 : CAPAUTH_E_INVALID_ARGUMENT;

    if (file)
        fclose(file);
    if (!rc)
        rc = capauth_client_set_base_url(client, "https://auth.brand.example");
    if (!rc) /* which learns the host's name, and nothing else */
        rc = capauth_client_set_proxy(client, "http://user:password@127.0.0.1:3128");
    if (!rc)
        rc = capauth_client_set_ca_file(client, "ca.pem"); /* the only authority that is trusted then */
    return rc ? rc : capauth_client_set_pinned_keys(client, pin);
}

static int sign_in(capauth_session *customer)
{
    char otp[32];
    int rc = capauth_session_set_identifier(customer, CAPAUTH_IDENTIFIER_MOBILE, "919999993014");

    if (!rc)
        rc = capauth_session_set_device_id(customer, "device-1");
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
        rc = configure(client);
    if (!rc)
        rc = capauth_session_new(client, CAPAUTH_FLOW_MOBILE, "DocDemo", &customer);
    if (!rc)
        rc = sign_in(customer);
    if (!rc)
        printf("signed in as %s through the proxy\n", capauth_session_role(customer));
    if (rc)
        fprintf(stderr, "%s: %s\n", capauth_error_name(rc), capauth_session_error_message(customer));
    capauth_session_free(&customer);
    capauth_client_free(&client);
    return rc != 0;
}
