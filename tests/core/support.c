/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <curl/curl.h>
#include <json-c/json.h>

enum { START_SECONDS = 20 };

struct emulator *shared;

/* ---- The emulator ---- */

static _Noreturn void run_emulator(int output, const char *ca_file)
{
    const char *program = getenv("CAPAUTH_EMULATOR");

    prctl(PR_SET_PDEATHSIG, SIGTERM);
    dup2(output, STDOUT_FILENO);
    execlp(program ? program : "capauth-emulator", "capauth-emulator", "--listen", "127.0.0.1:0", "--tls", "--quiet",
           "--ca-file", ca_file, (char *)NULL);
    perror("capauth-emulator");
    _exit(127);
}

/* Fills url and ca_file from "listening on URL" and "ca file PATH". */
static bool read_announcement(struct emulator *emulator)
{
    char text[1024] = "";
    size_t used = 0;

    for (;;) {
        struct pollfd ready = {.fd = emulator->output, .events = POLLIN};
        char *line;
        ssize_t got;

        if (poll(&ready, 1, START_SECONDS * 1000) <= 0)
            return false;
        got = read(emulator->output, text + used, sizeof text - 1 - used);
        if (got <= 0)
            return false;
        used += (size_t)got;
        text[used] = '\0';
        if ((line = strstr(text, "ca file ")) && strchr(line, '\n') &&
            sscanf(line, "ca file %255[^\n]", emulator->ca_file) == 1 && (line = strstr(text, "listening on ")) &&
            sscanf(line, "listening on %63s", emulator->url) == 1)
            return true;
    }
}

struct emulator *emulator_start(void)
{
    struct emulator *emulator = calloc(1, sizeof *emulator);
    char ca_file[] = "/tmp/capauth-test-XXXXXX";
    int ends[2];

    assert_non_null(emulator);
    assert_non_null(mkdtemp(ca_file));
    snprintf(emulator->ca_file, sizeof emulator->ca_file, "%s/ca.pem", ca_file);
    assert_int_equal(pipe(ends), 0);
    emulator->process = fork();
    assert_true(emulator->process >= 0);
    if (emulator->process == 0) {
        close(ends[0]);
        run_emulator(ends[1], emulator->ca_file);
    }
    close(ends[1]);
    emulator->output = ends[0];
    if (!read_announcement(emulator))
        fail_msg("the emulator did not start; is CAPAUTH_EMULATOR set?");
    return emulator;
}

void emulator_stop(struct emulator *emulator)
{
    char folder[256];

    if (!emulator)
        return;
    kill(emulator->process, SIGTERM);
    while (waitpid(emulator->process, NULL, 0) < 0 && errno == EINTR)
        ;
    close(emulator->output);
    unlink(emulator->ca_file);
    snprintf(folder, sizeof folder, "%s", emulator->ca_file);
    *strrchr(folder, '/') = '\0';
    strcat(emulator->ca_file, ".key");
    unlink(emulator->ca_file);
    (void)rmdir(folder); /* fails when the emulator left more; it is in /tmp */
    free(emulator);
}

int start_shared(void **state)
{
    (void)state;
    shared = emulator_start();
    return 0;
}

int stop_shared(void **state)
{
    (void)state;
    emulator_stop(shared);
    shared = NULL;
    return 0;
}

/* ---- Its control calls ---- */

static char reply_text[1 << 20];

static size_t collect(char *bytes, size_t size, size_t count, void *data)
{
    size_t *used = data;

    if (*used + size * count >= sizeof reply_text)
        return 0;
    memcpy(reply_text + *used, bytes, size * count);
    *used += size * count;
    reply_text[*used] = '\0';
    return size * count;
}

const char *control(const struct emulator *emulator, const char *method, const char *what, const char *body)
{
    static CURL *kept; /* for its connection */
    CURL *curl = kept ? kept : (kept = curl_easy_init());
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    char url[512];
    size_t used = 0;
    long status = 0;

    reply_text[0] = '\0';
    curl_easy_reset(curl);
    snprintf(url, sizeof url, "%s/_emulator/%s", emulator->url, what);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_CAINFO, emulator->ca_file);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    if (body)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &used);
    assert_int_equal(curl_easy_perform(curl), CURLE_OK);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(headers);
    if (status != 200)
        fail_msg("%s %s: HTTP %ld: %s", method, what, status, reply_text);
    return reply_text;
}

const char *otp_of(const struct emulator *emulator, const char *brand, const char *identifier)
{
    static char otp[32];
    char what[256];
    struct json_object *outbox, *messages = NULL, *code = NULL;

    snprintf(what, sizeof what, "outbox?brand=%s&identifier=%s", brand, identifier);
    outbox = json_tokener_parse(control(emulator, "GET", what, NULL));
    if (!json_object_object_get_ex(outbox, "messages", &messages) || !json_object_array_length(messages) ||
        !json_object_object_get_ex(json_object_array_get_idx(messages, 0), "otp", &code))
        fail_msg("no OTP was sent to %s", identifier);
    snprintf(otp, sizeof otp, "%s", json_object_get_string(code));
    json_object_put(outbox);
    return otp;
}

int requests_of(const struct emulator *emulator, const char *brand, const char *request)
{
    char what[256];
    struct json_object *all, *counts = NULL, *count = NULL;
    int number = 0;

    snprintf(what, sizeof what, "requests%s%s", brand ? "?brand=" : "", brand ? brand : "");
    all = json_tokener_parse(control(emulator, "GET", what, NULL));
    if (json_object_object_get_ex(all, "counts", &counts) && json_object_object_get_ex(counts, request, &count))
        number = json_object_get_int(count);
    json_object_put(all);
    return number;
}

void make_brand(const struct emulator *emulator, const char *brand, const char *settings)
{
    char what[256];

    snprintf(what, sizeof what, "brands/%s", brand);
    control(emulator, "PUT", what, settings);
}

void make_fault(const struct emulator *emulator, const char *brand, const char *path, int count, const char *fault)
{
    char body[2048];

    snprintf(body, sizeof body, "{\"path\":\"%s\",\"brand\":\"%s\",\"count\":%d,%s}", path, brand, count, fault);
    control(emulator, "POST", "faults", body);
}

/* ---- Clients and customers ---- */

capauth_client *client_of(const char *url)
{
    capauth_client *client = NULL;

    assert_code(capauth_client_new(&client), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(client, url), CAPAUTH_OK);
    return client;
}

capauth_client *new_client(const struct emulator *emulator)
{
    capauth_client *client = client_of(emulator->url);

    assert_code(capauth_client_set_ca_file(client, emulator->ca_file), CAPAUTH_OK);
    return client;
}

static capauth_session *new_session(capauth_client *client, int flow, const char *brand, const char *mobile)
{
    capauth_session *customer = NULL;

    assert_code(capauth_session_new(client, flow, brand, &customer), CAPAUTH_OK);
    assert_code(capauth_session_set_identifier(customer, CAPAUTH_IDENTIFIER_MOBILE, mobile), CAPAUTH_OK);
    return customer;
}

capauth_session *new_mobile(capauth_client *client, const char *brand, const char *mobile)
{
    capauth_session *customer = new_session(client, CAPAUTH_FLOW_MOBILE, brand, mobile);

    assert_code(capauth_session_set_device_id(customer, "device-1"), CAPAUTH_OK);
    return customer;
}

capauth_session *new_web(capauth_client *client, const char *brand, const char *mobile)
{
    return new_session(client, CAPAUTH_FLOW_WEB, brand, mobile);
}

capauth_call *start_token(capauth_session *customer, int timeout_ms)
{
    capauth_options *options = NULL;
    capauth_call *call = NULL;

    assert_code(capauth_options_new(&options), CAPAUTH_OK);
    assert_code(capauth_options_set_timeout_ms(options, timeout_ms), CAPAUTH_OK);
    assert_code(capauth_token_generate(customer, options, &call), CAPAUTH_OK);
    assert_non_null(call);
    capauth_options_free(&options);
    return call;
}

void sign_in(const struct emulator *emulator, capauth_session *customer)
{
    assert_code(capauth_token_generate(customer, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_otp_generate(customer, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_otp_validate(
                    customer, otp_of(emulator, capauth_session_brand(customer), capauth_session_identifier(customer)),
                    NULL, NULL),
                CAPAUTH_OK);
}

char *text_of_file(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = NULL;
    size_t size = 0;

    if (!file || getdelim(&text, &size, '\0', file) < 0)
        fail_msg("%s cannot be read", path);
    fclose(file);
    return text;
}
