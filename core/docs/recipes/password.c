#include <capauth/capauth.h>
#include <stdio.h>

static int begin(capauth_client *client, capauth_session **customer)
{
    int rc = capauth_session_new(client, CAPAUTH_FLOW_MOBILE, "DocDemoPassword", customer);

    if (!rc)
        rc = capauth_session_set_identifier(*customer, CAPAUTH_IDENTIFIER_EMAIL, "ada@c.example");
    if (!rc)
        rc = capauth_session_set_device_id(*customer, "device-1");
    return rc;
}

static int confirm_by_otp(capauth_session *customer)
{
    char otp[32];
    int rc = capauth_otp_generate(customer, NULL, NULL);

    if (rc)
        return rc;
    printf("OTP: ");
    fflush(stdout);
    return scanf("%31s", otp) == 1 ? capauth_otp_validate(customer, otp, NULL, NULL) : CAPAUTH_E_CANCELLED;
}

static int first_time(capauth_session *customer, const char *password)
{
    capauth_options *options = NULL;
    int rc = capauth_options_new(&options);

    if (!rc)
        rc = capauth_options_set_password(options, password);
    if (!rc)
        rc = capauth_token_generate(customer, options, NULL);
    capauth_options_free(&options); /* which wipes the password */
    if (!rc)
        rc = confirm_by_otp(customer);
    if (!rc)
        printf("first time: the password counts from now on\n");
    return rc;
}

/* The first time with a first password, which an OTP confirms; later with the password alone. */
static int sign_in(capauth_client *client, const char *password, capauth_session **customer)
{
    int rc = begin(client, customer);

    if (!rc)
        rc = capauth_token_generate(*customer, NULL, NULL);
    if (rc == CAPAUTH_PASSWORD_REQUIRED)
        return first_time(*customer, password); /* CAPAUTH_STEP_PASSWORD_CREATE */
    if (!rc)
        rc = capauth_password_validate(*customer, password, NULL, NULL); /* CAPAUTH_INVALID_PASSWORD: ask again */
    if (!rc)
        printf("later: signed in by password\n");
    return rc;
}

static int forgotten(capauth_client *client, const char *new_password)
{
    capauth_session *customer = NULL;
    int rc = begin(client, &customer);

    if (!rc)
        rc = capauth_token_generate(customer, NULL, NULL);
    if (!rc)
        rc = capauth_password_forget(customer, new_password, NULL, NULL);
    if (!rc)
        rc = confirm_by_otp(customer);
    if (!rc)
        printf("forgotten: the new password counts\n");
    capauth_session_free(&customer);
    return rc;
}

int main(void)
{
    capauth_client *client = NULL;
    capauth_session *first = NULL, *later = NULL, *last = NULL;
    int rc = capauth_client_new(&client);

    if (!rc)
        rc = capauth_client_set_base_url(client, "http://127.0.0.1:8080");
    if (!rc)
        rc = sign_in(client, "analytical-1", &first);
    if (!rc)
        rc = sign_in(client, "analytical-1", &later);
    if (!rc)
        rc = capauth_password_change(later, "analytical-1", "analytical-2", NULL, NULL);
    if (!rc)
        printf("changed, by who is signed in\n");
    if (!rc)
        rc = forgotten(client, "analytical-3");
    if (!rc)
        rc = sign_in(client, "analytical-3", &last);
    if (rc)
        fprintf(stderr, "%s: %s\n", capauth_error_name(rc), capauth_strerror(rc));
    capauth_session_free(&first);
    capauth_session_free(&later);
    capauth_session_free(&last);
    capauth_client_free(&client);
    return rc != 0;
}
