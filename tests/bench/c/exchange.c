/* SPDX-License-Identifier: Apache-2.0 */
#include "exchange.h"

#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "measure.h"

static const char *const paths[] = {"/auth/v1/token/generate", "/auth/v1/otp/generate", "/auth/v1/otp/validate"};

static size_t collect(char *bytes, size_t size, size_t count, void *data)
{
    struct exchange *it = data;

    if (it->length + size * count >= sizeof it->reply)
        return 0;
    memcpy(it->reply + it->length, bytes, size * count);
    it->length += size * count;
    return size * count;
}

static void add(struct json_object *object, const char *name, const char *value)
{
    json_object_object_add(object, name, json_object_new_string(value));
}

void exchange_prepare_step(struct exchange *it)
{
    struct json_object *request = json_object_new_object();
    char url[256];

    add(request, "identifierType", "MOBILE");
    add(request, "identifierValue", it->mobile);
    add(request, "brand", BENCH_BRAND);
    add(request, "deviceId", "device-1");
    if (it->step > 0)
        add(request, "sessionId", it->session_id);
    if (it->step > 1)
        add(request, "otp", BENCH_OTP);
    snprintf(url, sizeof url, "%s%s", bench_url(), paths[it->step]);
    it->length = 0;
    curl_easy_setopt(it->curl, CURLOPT_URL, url);
    curl_easy_setopt(it->curl, CURLOPT_COPYPOSTFIELDS, json_object_to_json_string(request));
    json_object_put(request);
}

static const char *member(struct json_object *object, const char *outer, const char *inner)
{
    struct json_object *part = NULL, *value = NULL;

    if (!json_object_object_get_ex(object, outer, &part) || !json_object_object_get_ex(part, inner, &value))
        return "";
    return json_object_get_string(value);
}

void exchange_finish_step(struct exchange *it)
{
    struct json_object *reply;

    it->reply[it->length] = '\0';
    reply = json_tokener_parse(it->reply);
    bench_check(strcmp(member(reply, "status", "success"), "true"), it->reply);
    if (it->step == 0)
        snprintf(it->session_id, sizeof it->session_id, "%s", member(reply, "user", "sessionId"));
    if (it->step == 2)
        bench_check(!*member(reply, "auth", "token"), "no token");
    json_object_put(reply);
    it->step++;
}

void exchange_open(struct exchange *it, int like_ours, int http2)
{
    it->curl = curl_easy_init();
    it->headers = curl_slist_append(NULL, "Content-Type: application/json");
    if (like_ours) {
        it->headers = curl_slist_append(it->headers, "Accept: application/json");
        it->headers = curl_slist_append(it->headers, "Accept-Encoding: identity");
        it->headers = curl_slist_append(it->headers, "Expect:");
        curl_easy_setopt(it->curl, CURLOPT_USERAGENT, "by hand, in C");
    }
    curl_easy_setopt(it->curl, CURLOPT_PRIVATE, it);
    curl_easy_setopt(it->curl, CURLOPT_HTTPHEADER, it->headers);
    curl_easy_setopt(it->curl, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(it->curl, CURLOPT_WRITEDATA, it);
    curl_easy_setopt(it->curl, CURLOPT_CAINFO, bench_ca_file());
    curl_easy_setopt(it->curl, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(it->curl, CURLOPT_PROXY, "");
    curl_easy_setopt(it->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(it->curl, CURLOPT_TIMEOUT_MS, 300000L);
    curl_easy_setopt(it->curl, CURLOPT_PIPEWAIT, (long)http2);
    curl_easy_setopt(it->curl, CURLOPT_HTTP_VERSION,
                     http2 ? (long)CURL_HTTP_VERSION_2TLS : (long)CURL_HTTP_VERSION_1_1);
}

void exchange_close(struct exchange *it)
{
    curl_easy_cleanup(it->curl);
    curl_slist_free_all(it->headers);
}

void exchange_begin(struct exchange *it)
{
    it->step = 0;
    bench_mobile(it->mobile);
}
