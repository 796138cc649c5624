#include <capauth/capauth.h>
#include <stdio.h>

/* What the customer reads. Key translations on capauth_error_name; show the error message to support alone. */
static const char *told(int rc)
{
    switch (rc) {
    case CAPAUTH_INVALID_OTP:
        return "That was not the code. Please try again.";
    case CAPAUTH_TOO_MANY_OTP_ATTEMPTS:
    case CAPAUTH_INVALID_SESSION:
        return "Please start again.";
    case CAPAUTH_CANNOT_REGENERATE_TOKEN:
    case CAPAUTH_INVALID_KEY:
    case CAPAUTH_E_SIGN_IN_REQUIRED:
        return "Please sign in again.";
    case CAPAUTH_OTP_RATE_LIMITED:
    case CAPAUTH_OTP_LIMIT_REACHED:
    case CAPAUTH_E_RATE_LIMITED:
        return "Too many codes. Please wait a little.";
    case CAPAUTH_E_UNKNOWN_OUTCOME:
        return "The connection broke. A code may be on its way.";
    case CAPAUTH_E_RESOLVE:
    case CAPAUTH_E_CONNECT:
    case CAPAUTH_E_NETWORK:
    case CAPAUTH_E_DEADLINE:
        return "No connection. Please try again later.";
    default:
        return capauth_error_retryable(rc) ? "Please try again later." : "That did not work.";
    }
}

static void attempt(int rc)
{
    if (rc)
        printf("%s: %s\n", capauth_error_name(rc), told(rc));
}

static int call_gateway(capauth_session *customer)
{
    capauth_call *call = NULL;
    int rc = capauth_gateway_call(customer, "GET", "customer/get", NULL, NULL, &call);

    if (!rc)
        rc = capauth_call_wait(call, -1);
    capauth_call_free(&call);
    return rc;
}

static int new_session(const char *url, const char *brand, capauth_client **client, capauth_session **customer)
{
    int rc = capauth_client_new(client);

    if (!rc)
        rc = capauth_client_set_base_url(*client, url);
    if (!rc)
        rc = capauth_client_set_max_retries(*client, 0);
    if (!rc)
        rc = capauth_session_new(*client, CAPAUTH_FLOW_MOBILE, brand, customer);
    if (!rc)
        rc = capauth_session_set_identifier(*customer, CAPAUTH_IDENTIFIER_MOBILE, "919999995004");
    if (!rc)
        rc = capauth_session_set_device_id(*customer, "device-1");
    return rc;
}

int main(void)
{
    capauth_client *client = NULL, *unknown = NULL, *nowhere = NULL;
    capauth_session *customer = NULL, *stranger = NULL, *alone = NULL;
    int rc = new_session("http://127.0.0.1:8080", "DocDemo", &client, &customer);

    if (!rc)
        rc = new_session("http://127.0.0.1:8080", "NoSuchBrand", &unknown, &stranger);
    if (!rc)
        rc = new_session("http://127.0.0.1:1", "DocDemo", &nowhere, &alone); /* nobody listens */
    if (!rc)
        rc = capauth_token_generate(customer, NULL, NULL);
    if (!rc)
        rc = capauth_otp_generate(customer, NULL, NULL);
    if (!rc) {
        attempt(capauth_otp_validate(customer, "000000", NULL, NULL));
        attempt(call_gateway(customer));
        attempt(capauth_token_generate(stranger, NULL, NULL));
        attempt(capauth_token_generate(alone, NULL, NULL));
    }
    capauth_session_free(&customer);
    capauth_session_free(&stranger);
    capauth_session_free(&alone);
    capauth_client_free(&client);
    capauth_client_free(&unknown);
    capauth_client_free(&nowhere);
    return rc != 0;
}
