/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the cells of tests/faults, all of one fault at once; its README.md says what the words mean. */
#include "support_operations.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>

enum { MOST_CELLS = 64, MOST_FAULTS = 128 };

static struct json_object *table;
static int cells_run;

/* One operation that meets one fault, in a session and a client of its own. */
struct cell {
    struct json_object *row;
    capauth_client *client;
    capauth_session *session;
    capauth_call *call;
    int seen_before;
};

static struct json_object *member(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;

    json_object_object_get_ex(object, name, &value);
    return value;
}

static const char *text(struct json_object *object, const char *name)
{
    return json_object_get_string(member(object, name));
}

static int number(struct json_object *object, const char *name)
{
    return json_object_get_int(member(object, name));
}

/* ---- How often the servers were asked ---- */

/* The control server disturbs idle connections before it answers. To be put. */
static struct json_object *requests_by_cell(void)
{
    capauth_client *client = client_of(text(table, "control"));
    capauth_session *anybody = NULL;
    capauth_call *call = NULL;
    struct json_object *counts;

    assert_code(capauth_session_external_new(client, "Faults", "A", "I", &anybody), CAPAUTH_OK);
    assert_code(capauth_gateway_call(anybody, "GET", "/requests", NULL, NULL, &call), CAPAUTH_OK);
    assert_code(capauth_call_wait(call, PATIENCE_MS), CAPAUTH_OK);
    counts = json_tokener_parse(capauth_call_body(call, NULL));
    assert_non_null(counts);
    capauth_call_free(&call);
    capauth_session_free(&anybody);
    capauth_client_free(&client);
    return counts;
}

/* ---- Beginning ---- */

static void make_client(struct cell *cell)
{
    struct json_object *settings = member(cell->row, "client");

    cell->client = client_of(text(settings, "base_url"));
    assert_code(capauth_client_set_ca_file(cell->client, text(settings, "ca_file")), CAPAUTH_OK);
    assert_code(capauth_client_set_proxy(cell->client, text(settings, "proxy")), CAPAUTH_OK);
    assert_code(capauth_client_set_http2(cell->client, number(settings, "http2")), CAPAUTH_OK);
    assert_code(capauth_client_set_timeout_ms(cell->client, number(settings, "timeout_ms")), CAPAUTH_OK);
    assert_code(capauth_client_set_connect_timeout_ms(cell->client, number(settings, "connect_timeout_ms")),
                CAPAUTH_OK);
    assert_code(capauth_client_set_max_retries(cell->client, number(settings, "max_retries")), CAPAUTH_OK);
    assert_code(capauth_client_set_refresh_margin_ms(cell->client, number(settings, "refresh_margin_ms")), CAPAUTH_OK);
}

static void begin(struct cell *cell, struct json_object *row, bool kept)
{
    *cell = (struct cell){.row = row};
    make_client(cell);
    assert_code(capauth_session_restore(cell->client, text(row, "session"), &cell->session), CAPAUTH_OK);
    if (kept) {
        capauth_session *other = new_mobile(cell->client, "Faults", "919999999970");

        assert_code(capauth_token_generate(other, NULL, NULL), CAPAUTH_OK);
        capauth_session_free(&other);
    }
}

static void start(struct cell *cell)
{
    struct json_object *given = member(cell->row, "arguments");
    const char *method = text(cell->row, "method");
    const char *values[MOST_TEXTS] = {NULL};
    capauth_options *options = NULL;
    const struct operation *operation;

    if (!strcmp(method, "prepare")) {
        assert_code(capauth_client_start_prepare(cell->client, &cell->call), CAPAUTH_OK);
        return;
    }
    operation = operation_named(method);
    for (size_t i = 0; i < texts_of(operation); i++)
        values[i] = text(given, operation->texts[i]);
    assert_code(capauth_options_new(&options), CAPAUTH_OK);
    if (number(cell->row, "timeout_ms"))
        assert_code(capauth_options_set_timeout_ms(options, number(cell->row, "timeout_ms")), CAPAUTH_OK);
    if (!strcmp(method, "generate_token") && text(given, "password"))
        assert_code(capauth_options_set_password(options, text(given, "password")), CAPAUTH_OK);
    if (member(given, "repeatable"))
        assert_code(capauth_options_set_repeatable(options, number(given, "repeatable")), CAPAUTH_OK);
    assert_code(operation->start(cell->session, values, options, &cell->call), CAPAUTH_OK);
    capauth_options_free(&options);
}

static void drive(struct cell *cells, size_t count)
{
    static const struct timespec a_moment = {.tv_nsec = 1000000};
    int64_t end_ms = (int64_t)time(NULL) * 1000 + 2 * PATIENCE_MS;

    for (size_t done = 0; done < count;) {
        done = 0;
        for (size_t i = 0; i < count; i++) {
            assert_true(capauth_client_poll(cells[i].client, 0) >= 0);
            done += (size_t)capauth_call_done(cells[i].call);
        }
        assert_true((int64_t)time(NULL) * 1000 < end_ms);
        nanosleep(&a_moment, NULL);
    }
}

/* ---- Comparing ---- */

static int differences;

static void differ(const struct cell *cell, const char *what, const char *actual, const char *expected)
{
    if (!strcmp(actual, expected))
        return;
    differences++;
    print_error("%s: %s is \"%s\", not \"%s\" (%s)\n", text(cell->row, "name"), what, actual, expected,
                capauth_call_error_message(cell->call));
}

static void compare_text(const struct cell *cell, const char *what, const char *actual)
{
    const char *expected = text(member(cell->row, "expected"), what);

    differ(cell, what, actual, expected);
}

/* Numbers and flags; one that the row does not have is not looked at. */
static void compare_number(const struct cell *cell, const char *what, int actual)
{
    struct json_object *expected = member(member(cell->row, "expected"), what);
    char texts[2][24];

    if (!expected)
        return;
    snprintf(texts[0], sizeof texts[0], "%d", actual);
    snprintf(texts[1], sizeof texts[1], "%d", json_object_get_int(expected));
    differ(cell, what, texts[0], texts[1]);
}

static const char *name_of(int code)
{
    return code ? capauth_error_name(code) : "OK";
}

static void compare_outcome(const struct cell *cell)
{
    const capauth_call *call = cell->call;
    int retry_after_ms = capauth_call_retry_after_ms(call);

    compare_text(cell, "code", name_of(capauth_call_result(call)));
    compare_number(cell, "maybe_sent", capauth_call_maybe_sent(call));
    compare_number(cell, "retryable", capauth_call_retryable(call));
    compare_number(cell, "http_status", capauth_call_http_status(call));
    compare_number(cell, "retry_after", retry_after_ms < 0 ? 0 : retry_after_ms / 1000);
    if (member(member(cell->row, "expected"), "refusal")) {
        compare_text(cell, "refusal", name_of(capauth_call_refusal(call)));
        compare_number(cell, "ok", capauth_call_ok(call));
    }
}

static void compare_session(const struct cell *cell)
{
    compare_text(cell, "next_step", capauth_step_name(capauth_session_next_step(cell->session)));
    compare_number(cell, "signed_in", capauth_session_signed_in(cell->session));
    compare_text(cell, "token", capauth_session_token(cell->session));
    compare_text(cell, "key", capauth_session_key(cell->session));
    compare_text(cell, "identifier", capauth_session_identifier(cell->session));
}

static void compare(struct cell *cell, struct json_object *seen)
{
    compare_outcome(cell);
    compare_session(cell);
    compare_number(cell, "requests", number(seen, text(cell->row, "name")) - cell->seen_before);
    capauth_call_free(&cell->call);
    capauth_session_free(&cell->session);
    capauth_client_free(&cell->client);
    cells_run++;
}

/* ---- One fault, and all of them ---- */

static void meets_every_operation(void **state)
{
    struct json_object *fault = *state;
    struct json_object *rows = member(fault, "cells");
    size_t count = json_object_array_length(rows);
    struct json_object *before, *after;
    struct cell cells[MOST_CELLS];

    assert_true(count <= MOST_CELLS);
    differences = 0;
    for (size_t i = 0; i < count; i++)
        begin(&cells[i], json_object_array_get_idx(rows, i), json_object_get_boolean(member(fault, "kept")));
    before = requests_by_cell();
    for (size_t i = 0; i < count; i++) {
        cells[i].seen_before = number(before, text(cells[i].row, "name"));
        start(&cells[i]);
    }
    drive(cells, count);
    after = requests_by_cell();
    for (size_t i = 0; i < count; i++)
        compare(&cells[i], after);
    json_object_put(before);
    json_object_put(after);
    assert_int_equal(differences, 0);
}

static int tell_how_many(void **state)
{
    const char *path = getenv("CAPAUTH_FAULTS_RUN");
    FILE *file = path ? fopen(path, "w") : NULL;

    (void)state;
    return file && fprintf(file, "%d\n", cells_run) > 0 && !fclose(file) ? 0 : -1;
}

int main(void)
{
    static struct CMUnitTest tests[MOST_FAULTS];
    const char *path = getenv("CAPAUTH_FAULTS");
    struct json_object *faults;
    size_t count;
    int failed;

    table = path ? json_object_from_file(path) : NULL;
    faults = member(table, "faults");
    count = faults ? json_object_array_length(faults) : 0;
    if (!count || count > MOST_FAULTS) {
        print_error("there are no cells; run it by tests/with_faults\n");
        return 1;
    }
    for (size_t i = 0; i < count; i++) {
        struct json_object *fault = json_object_array_get_idx(faults, i);

        tests[i] = (struct CMUnitTest){text(fault, "name"), meets_every_operation, NULL, NULL, fault};
    }
    failed = _cmocka_run_group_tests("faults", tests, count, NULL, tell_how_many);
    json_object_put(table);
    return failed;
}
