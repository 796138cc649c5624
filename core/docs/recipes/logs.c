#include <capauth/capauth.h>
#include <stdio.h>

static void on_log(int level, const char *message, void *data)
{
    (void)level;
    (void)data;
    fprintf(stderr, "%s\n", message); /* never a secret */
}

static void on_trace(int event, int64_t call_id, const char *operation, int result, int http_status, int attempts,
                     int duration_ms, void *data)
{
    (void)call_id;
    (void)duration_ms;
    if (event != CAPAUTH_TRACE_END)
        return;
    ++*(int *)data;
    printf("%s: %s, HTTP %d, %d request(s)\n", operation, capauth_error_name(result), http_status, attempts);
}

static int sign_in(capauth_session *customer)
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

int main(void)
{
    capauth_client *client = NULL;
    capauth_session *customer = NULL;
    char *text = NULL;
    int timed = 0, rc = capauth_client_new(&client);

    if (!rc)
        rc = capauth_client_set_base_url(client, "http://127.0.0.1:8080");
    if (!rc)
        rc = capauth_client_set_log(client, on_log, NULL, NULL);
    if (!rc)
        rc = capauth_client_set_log_level(client, CAPAUTH_LOG_INFO); /* what is below is not even written */
    if (!rc)
        rc = capauth_client_set_trace(client, on_trace, &timed, NULL);
    if (!rc)
        rc = capauth_diagnose(client, &text);
    if (!rc)
        printf("%s\n", text); /* what a support request needs: versions, TLS, CA store */
    if (!rc)
        rc = capauth_session_new(client, CAPAUTH_FLOW_MOBILE, "DocDemo", &customer);
    if (!rc)
        rc = capauth_session_set_identifier(customer, CAPAUTH_IDENTIFIER_MOBILE, "919999997004");
    if (!rc)
        rc = capauth_session_set_device_id(customer, "device-1");
    if (!rc)
        rc = sign_in(customer);
    if (!rc)
        printf("operations timed: %d\n", timed);
    if (rc)
        fprintf(stderr, "%s: %s\n", capauth_error_name(rc), capauth_strerror(rc));
    capauth_string_free(&text);
    capauth_session_free(&customer);
    capauth_client_free(&client);
    return rc != 0;
}
