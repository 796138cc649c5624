#undef NDEBUG
#include <assert.h>
#include <capauth/capauth.h>
#include <curl/curl.h> /* which capauth needs anyway: pkg-config libcurl */
#include <stdio.h>
#include <string.h>

#define EMULATOR "http://127.0.0.1:8080"

/* One of the emulator's control calls: `GET /_emulator/` lists them. */
static void control(const char *method, const char *path, const char *json)
{
    CURL *request = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    char url[256];

    snprintf(url, sizeof url, EMULATOR "/_emulator/%s", path);
    curl_easy_setopt(request, CURLOPT_URL, url);
    curl_easy_setopt(request, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(request, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(request, CURLOPT_POSTFIELDS, json);
    curl_easy_setopt(request, CURLOPT_FAILONERROR, 1L);
    assert(curl_easy_perform(request) == CURLE_OK);
    curl_slist_free_all(headers);
    curl_easy_cleanup(request);
}

static capauth_session *started(capauth_client *client, const char *mobile)
{
    capauth_session *customer = NULL;

    assert(capauth_session_new(client, CAPAUTH_FLOW_MOBILE, "CBrand", &customer) == 0);
    assert(capauth_session_set_identifier(customer, CAPAUTH_IDENTIFIER_MOBILE, mobile) == 0);
    assert(capauth_session_set_device_id(customer, "device-1") == 0);
    assert(capauth_token_generate(customer, NULL, NULL) == 0);
    assert(capauth_otp_generate(customer, NULL, NULL) == 0);
    return customer;
}

static void test_token_is_regenerated_when_an_hour_has_passed(capauth_client *client)
{
    capauth_session *customer = started(client, "919999996004");
    capauth_call *call = NULL;
    char *before = NULL;

    assert(capauth_otp_validate(customer, "483920", NULL, NULL) == 0);
    assert(capauth_session_copy_token(customer, &before) == 0);
    control("POST", "clock", "{\"brand\":\"CBrand\",\"advanceSeconds\":3600}"); /* at once */
    assert(capauth_gateway_call(customer, "GET", "customer/get", NULL, NULL, &call) == 0);
    assert(capauth_call_wait(call, -1) == 0 && capauth_call_ok(call));
    assert(strcmp(before, capauth_session_token(customer)) != 0);
    capauth_string_free(&before);
    capauth_call_free(&call);
    capauth_session_free(&customer);
}

static void test_code_may_be_on_its_way_when_the_reply_is_lost(capauth_client *client)
{
    capauth_session *customer = started(client, "919999996014");
    capauth_call *call = NULL;

    control("POST", "faults", "{\"path\":\"/auth/v1/otp/generate\",\"brand\":\"CBrand\",\"reset\":\"after\"}");
    assert(capauth_otp_generate(customer, NULL, &call) == 0);
    assert(capauth_call_wait(call, -1) == CAPAUTH_E_UNKNOWN_OUTCOME && capauth_call_maybe_sent(call));
    assert(capauth_otp_validate(customer, "483920", NULL, NULL) == 0); /* it was */
    capauth_call_free(&call);
    capauth_session_free(&customer);
}

int main(void)
{
    capauth_client *client = NULL;

    control("PUT", "brands/CBrand", "{\"FIXED_OTP\":\"483920\"}");
    assert(capauth_client_new(&client) == 0);
    assert(capauth_client_set_base_url(client, EMULATOR) == 0);
    test_token_is_regenerated_when_an_hour_has_passed(client);
    test_code_may_be_on_its_way_when_the_reply_is_lost(client);
    capauth_client_free(&client);
    printf("all as it should be\n");
    return 0;
}
