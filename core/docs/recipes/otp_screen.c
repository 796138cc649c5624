#include <capauth/capauth.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { RESEND_AFTER = 30 }; /* seconds for which "send another" stays grey */

/* Sends a code, and sets the moment from which another may be sent. */
static int send_otp(capauth_session *customer, time_t *again_at)
{
    int rc = capauth_otp_generate(customer, NULL, NULL);

    if (rc == 0) {
        printf("A code was sent to %s\n", capauth_session_otp_destination(customer));
    } else if (rc == CAPAUTH_E_UNKNOWN_OUTCOME) {
        printf("A code may be on its way.\n"); /* the reply was lost: wait for it before you send another */
    } else if (rc == CAPAUTH_OTP_RATE_LIMITED || rc == CAPAUTH_OTP_LIMIT_REACHED || rc == CAPAUTH_E_RATE_LIMITED) {
        printf("No more codes for now.\n");
    } else {
        return rc;
    }
    *again_at = time(NULL) + RESEND_AFTER;
    return 0;
}

static int validate(capauth_session *customer, const char *typed, time_t *again_at)
{
    int rc = capauth_otp_validate(customer, typed, NULL, NULL);

    if (rc == CAPAUTH_INVALID_OTP) {
        printf("That was not it. Please try again.\n"); /* the step is still open */
        return 0;
    }
    if (rc == CAPAUTH_TOO_MANY_OTP_ATTEMPTS || rc == CAPAUTH_INVALID_SESSION) {
        printf("We have to begin again.\n");
        rc = capauth_token_generate(customer, NULL, NULL);
        if (!rc)
            rc = send_otp(customer, again_at);
    }
    return rc;
}

static int screen(capauth_session *customer)
{
    char typed[64];
    time_t again_at = 0;
    int rc = capauth_token_generate(customer, NULL, NULL);

    if (!rc)
        rc = send_otp(customer, &again_at);
    while (!rc && !capauth_session_signed_in(customer)) {
        printf("Code, or r for another: ");
        fflush(stdout);
        if (scanf("%63s", typed) != 1)
            return CAPAUTH_E_CANCELLED;
        if (strcmp(typed, "r") != 0) {
            rc = validate(customer, typed, &again_at);
        } else if (time(NULL) < again_at) {
            printf("Another in %d seconds.\n", (int)(again_at - time(NULL))); /* the countdown */
        } else {
            rc = send_otp(customer, &again_at);
        }
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
        rc = capauth_session_set_identifier(customer, CAPAUTH_IDENTIFIER_MOBILE, "919999990004");
    if (!rc)
        rc = capauth_session_set_device_id(customer, "device-1");
    if (!rc)
        rc = screen(customer);
    if (!rc)
        printf("signed in as %s\n", capauth_session_role(customer));
    if (rc)
        fprintf(stderr, "%s: %s\n", capauth_error_name(rc), capauth_strerror(rc));
    capauth_session_free(&customer);
    capauth_client_free(&client);
    return rc != 0;
}
