/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signs a customer in by OTP, then calls the brand's gateway: what an app does, against the emulator. The OTP, which a
 * customer would read from their phone, is read from the emulator's outbox.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <curl/curl.h>
#include <json-c/json.h>

#include <capauth/capauth.h>

static const char brand[] = "DocDemo";
static const char mobile[] = "919999900001";

static size_t collect(char *bytes, size_t size, size_t count, void *text)
{
    size_t used = strlen(text);

    if (used + size * count >= 4096)
        return 0;
    memcpy((char *)text + used, bytes, size * count);
    ((char *)text)[used + size * count] = '\0';
    return size * count;
}

/* What the customer's phone shows. */
static void read_otp(const char *url, const char *ca_file, char otp[16])
{
    char address[512];
    char text[4096] = "";
    CURL *curl = curl_easy_init();
    struct json_object *outbox, *messages, *code;

    snprintf(address, sizeof address, "%s/_emulator/outbox?brand=%s&identifier=%s", url, brand, mobile);
    curl_easy_setopt(curl, CURLOPT_URL, address);
    curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, text);
    curl_easy_perform(curl);
    curl_easy_cleanup(curl);
    outbox = json_tokener_parse(text);
    if (json_object_object_get_ex(outbox, "messages", &messages) && json_object_array_length(messages) &&
        json_object_object_get_ex(json_object_array_get_idx(messages, 0), "otp", &code))
        snprintf(otp, 16, "%s", json_object_get_string(code));
    json_object_put(outbox);
}

static int say(const char *step, int rc, capauth_session *customer)
{
    if (rc)
        fprintf(stderr, "  %-16s %s: %s\n", step, capauth_error_name(rc), capauth_session_error_message(customer));
    else
        printf("  %-16s done, next: %s\n", step, capauth_step_name(capauth_session_next_step(customer)));
    return rc;
}

static void describe_token(const capauth_session *customer)
{
    const char *token = capauth_session_token(customer);
    time_t expires = (time_t)(capauth_session_expires_at(customer) / 1000);
    char when[32];

    strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S UTC", gmtime(&expires));
    printf("  %-16s %.3s...(%zu characters): role %s, brand %s, customer %s, expires %s\n", "the token", token,
           strlen(token), capauth_session_role(customer), capauth_session_brand(customer),
           capauth_session_customer_id(customer), when);
}

static int call_gateway(capauth_session *customer)
{
    capauth_call *call = NULL;
    int rc = capauth_gateway_call(customer, "GET", "customer/get", NULL, NULL, &call);

    if (!rc)
        rc = capauth_call_wait(call, -1);
    if (rc)
        fprintf(stderr, "  %-16s %s\n", "customer/get", capauth_call_error_message(call));
    else
        printf("  %-16s HTTP %d, %s\n", "customer/get", capauth_call_http_status(call), capauth_call_body(call, NULL));
    if (!rc && !capauth_call_ok(call))
        rc = CAPAUTH_E_REFUSED;
    capauth_call_free(&call);
    return rc;
}

int main(void)
{
    const char *url = getenv("CAPAUTH_DEMO_URL");
    const char *ca_file = getenv("CAPAUTH_DEMO_CA_FILE");
    capauth_client *client = NULL;
    capauth_session *customer = NULL;
    char otp[16] = "";
    int rc;

    if (!url || !ca_file) {
        fputs("set CAPAUTH_DEMO_URL and CAPAUTH_DEMO_CA_FILE, or run make demo\n", stderr);
        return 2;
    }
    rc = capauth_client_new(&client);
    if (!rc)
        rc = capauth_client_set_base_url(client, url);
    if (!rc)
        rc = capauth_client_set_ca_file(client, ca_file);
    if (!rc)
        rc = capauth_session_new(client, CAPAUTH_FLOW_MOBILE, brand, &customer);
    if (!rc)
        rc = capauth_session_set_identifier(customer, CAPAUTH_IDENTIFIER_MOBILE, mobile);
    if (!rc)
        rc = capauth_session_set_device_id(customer, "device-c");
    if (rc)
        fprintf(stderr, "  set-up: %s\n", capauth_client_error_message(client));

    if (!rc)
        rc = say("token generate", capauth_token_generate(customer, NULL, NULL), customer);
    if (!rc)
        rc = say("OTP generate", capauth_otp_generate(customer, NULL, NULL), customer);
    if (!rc) {
        read_otp(url, ca_file, otp);
        rc = say("OTP validate", capauth_otp_validate(customer, otp, NULL, NULL), customer);
    }
    if (!rc)
        rc = say("token regenerate", capauth_token_regenerate(customer, NULL, NULL), customer);
    if (!rc) {
        describe_token(customer);
        rc = call_gateway(customer);
    }
    capauth_session_free(&customer);
    capauth_client_free(&client);
    return rc ? 1 : 0;
}
