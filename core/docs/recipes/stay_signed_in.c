#include <capauth/capauth.h>
#include <stdio.h>
#include <string.h>

#define FILE_NAME "session.c.json" /* as secret as a password: keep it where only its owner reads */

static void save(capauth_session *customer, void *data)
{
    char *text = NULL;
    FILE *file = fopen(FILE_NAME, "w");

    (void)data;
    if (file && capauth_session_export(customer, &text) == 0)
        fputs(text, file);
    if (file)
        fclose(file);
    capauth_string_free(&text); /* which wipes it */
}

static int sign_in(capauth_client *client, capauth_session **customer)
{
    char otp[32];
    int rc = capauth_session_new(client, CAPAUTH_FLOW_MOBILE, "DocDemo", customer);

    if (!rc)
        rc = capauth_session_set_identifier(*customer, CAPAUTH_IDENTIFIER_MOBILE, "919999992004");
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

/* The customer who was signed in when this program last ran; NULL: nobody. */
static void restore(capauth_client *client, capauth_session **customer)
{
    char text[65536] = "";
    FILE *file = fopen(FILE_NAME, "r");

    if (file) {
        text[fread(text, 1, sizeof text - 1, file)] = '\0';
        fclose(file);
    }
    if (capauth_session_restore(client, text, customer) == 0)
        capauth_session_on_change(*customer, save, NULL, NULL);
    if (!capauth_session_signed_in(*customer))
        capauth_session_free(customer);
    memset(text, 0, sizeof text);
}

static int call_gateway(capauth_session *customer)
{
    capauth_call *call = NULL;
    int rc = capauth_gateway_call(customer, "GET", "customer/get", NULL, NULL, &call);

    if (!rc)
        rc = capauth_call_wait(call, -1); /* with a valid token, regenerated when needed */
    if (!rc)
        printf("signed in, and the gateway said %d\n", capauth_call_http_status(call));
    capauth_call_free(&call);
    return rc;
}

/* The key was refused, or there is none any more. */
static int only_the_customer_can_help(int rc)
{
    return rc == CAPAUTH_E_SIGN_IN_REQUIRED || rc == CAPAUTH_CANNOT_REGENERATE_TOKEN || rc == CAPAUTH_INVALID_KEY;
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
        rc = call_gateway(customer);
    if (only_the_customer_can_help(rc)) {
        printf("Please sign in again.\n");
        capauth_session_free(&customer);
        rc = sign_in(client, &customer);
        if (!rc)
            rc = call_gateway(customer);
    }
    if (rc)
        fprintf(stderr, "%s: %s\n", capauth_error_name(rc), capauth_strerror(rc));
    capauth_session_free(&customer);
    capauth_client_free(&client);
    return rc != 0;
}
