#include <capauth/capauth.h>
#include <libsecret/secret.h> /* the keyring of GNOME's and KDE's desktops: pkg-config libsecret-1 */
#include <stdio.h>

static const SecretSchema schema = {
    .name = "com.example.my_app",
    .attributes = {{"what", SECRET_SCHEMA_ATTRIBUTE_STRING}},
};

static void save(capauth_session *customer, void *data)
{
    char *text = NULL;

    (void)data;
    if (capauth_session_export(customer, &text) == 0 &&
        !secret_password_store_sync(&schema, NULL, "my app", text, NULL, NULL, "what", "session", NULL))
        fprintf(stderr, "the session was not saved\n");
    capauth_string_free(&text); /* which wipes it */
}

/* The customer who was signed in when this program last ran; NULL: nobody. */
static void restore(capauth_client *client, capauth_session **customer)
{
    gchar *text = secret_password_lookup_sync(&schema, NULL, NULL, "what", "session", NULL);

    if (text && capauth_session_restore(client, text, customer) == 0)
        capauth_session_on_change(*customer, save, NULL, NULL);
    if (!capauth_session_signed_in(*customer))
        capauth_session_free(customer);
    secret_password_free(text); /* which wipes it, too */
}

static int sign_in(capauth_client *client, capauth_session **customer)
{
    char otp[32];
    int rc = capauth_session_new(client, CAPAUTH_FLOW_MOBILE, "DocDemo", customer);

    if (!rc)
        rc = capauth_session_set_identifier(*customer, CAPAUTH_IDENTIFIER_MOBILE, "919999992014");
    if (!rc)
        rc = capauth_session_set_device_id(*customer, "device-1");
    if (!rc)
        rc = capauth_session_on_change(*customer, save, NULL, NULL); /* also in the midst of a sign-in */
    if (!rc)
        rc = capauth_token_generate(*customer, NULL, NULL);
    if (!rc)
        rc = capauth_otp_generate(*customer, NULL, NULL);
    if (rc)
        return rc;
    printf("OTP: ");
    fflush(stdout);
    return scanf("%31s", otp) == 1 ? capauth_otp_validate(*customer, otp, NULL, NULL) : CAPAUTH_E_CANCELLED;
}

int main(void)
{
    capauth_client *client = NULL;
    capauth_session *customer = NULL;
    int rc = capauth_client_new(&client);

    if (!rc)
        rc = capauth_client_set_base_url(client, "http://127.0.0.1:8080");
    if (!rc)
        restore(client, &customer);
    if (!rc && !customer)
        rc = sign_in(client, &customer);
    if (!rc)
        printf("signed in as %s\n", capauth_session_role(customer));
    if (rc)
        fprintf(stderr, "%s: %s\n", capauth_error_name(rc), capauth_strerror(rc));
    capauth_session_free(&customer);
    capauth_client_free(&client);
    return rc != 0;
}
