/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl_gateway COUNT ENDPOINT: a GET and its body by libcurl alone; nobody looks into the body. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "measure.h"

enum { TOKEN_LENGTH = 420 };

struct body {
    char *bytes;
    size_t length;
    size_t capacity;
};

static size_t collect(char *bytes, size_t size, size_t count, void *data)
{
    struct body *body = data;

    if (body->length + size * count > body->capacity) {
        body->capacity = (body->length + size * count) * 2;
        if (!(body->bytes = realloc(body->bytes, body->capacity)))
            exit(1);
    }
    memcpy(body->bytes + body->length, bytes, size * count);
    body->length += size * count;
    return size * count;
}

/* Each reply is the application's to keep, so each has memory of its own. */
static void get(int count, void *curl)
{
    while (count--) {
        struct body body = {0};

        curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
        bench_check(-(int)curl_easy_perform(curl), "perform");
        bench_check(!body.length, "reply");
        free(body.bytes);
    }
}

static struct curl_slist *headers_of(void)
{
    char line[500];
    int name = snprintf(line, sizeof line, "cap_authorization: ");
    struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/json");

    memset(line + name, 'x', TOKEN_LENGTH);
    line[name + TOKEN_LENGTH] = '\0';
    headers = curl_slist_append(headers, line);
    headers = curl_slist_append(headers, "cap_brand: " BENCH_BRAND);
    return curl_slist_append(headers, "cap_device_id: device-1");
}

int main(int count, char **arguments)
{
    CURL *curl;
    struct curl_slist *headers = headers_of();
    char url[256];

    curl_global_init(CURL_GLOBAL_DEFAULT);
    curl = curl_easy_init();
    snprintf(url, sizeof url, "%s/mobile/v2/api/%s", bench_url(), bench_text_argument(count, arguments, 2, "1k"));
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(curl, CURLOPT_CAINFO, bench_ca_file());
    curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    get(1, curl);
    bench_measure(bench_argument(count, arguments, 1, 500), get, curl);
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    curl_global_cleanup();
    return 0;
}
