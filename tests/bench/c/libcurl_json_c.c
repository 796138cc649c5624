/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor: the same exchange by libcurl and json-c alone, verified TLS included, and nothing else that a client
 * needs. "floor COUNT" blocks; "floor COUNT CONNECTIONS [HTTP2]" has that many exchanges under way at once, by curl's
 * multi.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>
#include <json-c/json.h>

struct exchange {
    CURL *curl;
    struct curl_slist *headers;
    int step; /* of the sign-in */
    char mobile[32];
    char session_id[64];
    char reply[8192];
    size_t length;
};

static const char *const paths[] = {"/auth/v1/token/generate", "/auth/v1/otp/generate", "/auth/v1/otp/validate"};

enum { STEPS = 3, STREAMS = 100 };

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

static void prepare_step(struct exchange *it)
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

static void finish_step(struct exchange *it)
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

static void open_exchange(struct exchange *it, int http2)
{
    it->curl = curl_easy_init();
    it->headers = curl_slist_append(NULL, "Content-Type: application/json");
    it->headers = curl_slist_append(it->headers, "Accept: application/json");
    it->headers = curl_slist_append(it->headers, "Expect:");
    curl_easy_setopt(it->curl, CURLOPT_PRIVATE, it);
    curl_easy_setopt(it->curl, CURLOPT_HTTPHEADER, it->headers);
    curl_easy_setopt(it->curl, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(it->curl, CURLOPT_WRITEDATA, it);
    curl_easy_setopt(it->curl, CURLOPT_CAINFO, bench_ca_file());
    curl_easy_setopt(it->curl, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(it->curl, CURLOPT_PROXY, "");
    curl_easy_setopt(it->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(it->curl, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(it->curl, CURLOPT_USERAGENT, "floor");
    curl_easy_setopt(it->curl, CURLOPT_TIMEOUT_MS, 300000L);
    curl_easy_setopt(it->curl, CURLOPT_PIPEWAIT, (long)http2);
    curl_easy_setopt(it->curl, CURLOPT_HTTP_VERSION,
                     http2 ? (long)CURL_HTTP_VERSION_2TLS : (long)CURL_HTTP_VERSION_1_1);
}

static void close_exchange(struct exchange *it)
{
    curl_easy_cleanup(it->curl);
    curl_slist_free_all(it->headers);
}

static void begin_customer(struct exchange *it)
{
    it->step = 0;
    bench_mobile(it->mobile);
}

/* ---- Blocking ---- */

static void sign_in(struct exchange *it)
{
    begin_customer(it);
    while (it->step < STEPS) {
        prepare_step(it);
        bench_check(-(int)curl_easy_perform(it->curl), "perform");
        finish_step(it);
    }
}

static void one_by_one(int count)
{
    static struct exchange it;
    struct bench_span span;

    open_exchange(&it, 0);
    sign_in(&it); /* connects */
    span = bench_begin();
    for (int i = 0; i < count; i++)
        sign_in(&it);
    bench_end(span, count);
    close_exchange(&it);
}

/* ---- At once ---- */

static void send_step(CURLM *multi, struct exchange *it)
{
    prepare_step(it);
    curl_multi_add_handle(multi, it->curl);
}

/* The next customer goes where one has finished. How many have. */
static int collect_finished(CURLM *multi, int *to_begin)
{
    const CURLMsg *message;
    int finished = 0;
    int left;

    while ((message = curl_multi_info_read(multi, &left))) {
        struct exchange *it = NULL;

        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&it);
        bench_check(-(int)message->data.result, "transfer");
        curl_multi_remove_handle(multi, it->curl);
        finish_step(it);
        if (it->step == STEPS) {
            finished++;
            if (--*to_begin < 0)
                continue;
            begin_customer(it);
        }
        send_step(multi, it);
    }
    return finished;
}

static void at_once(int count, int connections, int http2)
{
    int width = http2 ? connections * STREAMS : connections;
    struct exchange *all;
    CURLM *multi = curl_multi_init();
    struct bench_span span = bench_begin();
    int to_begin, running;

    if (width > count)
        width = count;
    if (!(all = calloc((size_t)width, sizeof *all)))
        exit(1);
    curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)connections);
    to_begin = count - width;
    for (int i = 0; i < width; i++) {
        open_exchange(&all[i], http2);
        begin_customer(&all[i]);
        send_step(multi, &all[i]);
    }
    for (int finished = 0; finished < count;) {
        curl_multi_perform(multi, &running);
        finished += collect_finished(multi, &to_begin);
        if (finished < count)
            curl_multi_poll(multi, NULL, 0, 1000, NULL);
    }
    bench_end(span, count);
    for (int i = 0; i < width; i++)
        close_exchange(&all[i]);
    curl_multi_cleanup(multi);
    free(all);
}

int main(int count, char **arguments)
{
    int sign_ins = bench_argument(count, arguments, 1, 500);
    int connections = bench_argument(count, arguments, 2, 0);

    curl_global_init(CURL_GLOBAL_DEFAULT);
    if (connections)
        at_once(sign_ins, connections, bench_argument(count, arguments, 3, 0));
    else
        one_by_one(sign_ins);
    curl_global_cleanup();
    return 0;
}
