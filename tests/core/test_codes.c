/* SPDX-License-Identifier: Apache-2.0 */
/* Every refusal that core/errors.json names arrives with its number, its name and its sentence. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

static const char brand[] = "CodesC";
static capauth_client *client;
static capauth_session *customer;

static struct json_object *member(struct json_object *row, const char *name)
{
    struct json_object *value = NULL;

    json_object_object_get_ex(row, name, &value);
    return value;
}

static const char *text(struct json_object *row, const char *name)
{
    return json_object_get_string(member(row, name));
}

static int code_of(struct json_object *row)
{
    return json_object_get_int(member(row, "code"));
}

static void refusal_arrives(void **state)
{
    struct json_object *row = *state;
    capauth_call *call = NULL;
    char fault[256], message[64];

    snprintf(message, sizeof message, "the server's %s", text(row, "name"));
    snprintf(fault, sizeof fault,
             "\"status\":200,\"body\":{\"status\":{\"success\":false,\"code\":%d,\"message\":\"%s\"}}", code_of(row),
             message);
    make_fault(shared, brand, "/auth/v1/token/generate", 1, fault);
    (void)capauth_token_generate(customer, NULL, &call);
    assert_code(capauth_call_wait(call, -1), code_of(row));
    assert_string_equal(capauth_error_name(code_of(row)), text(row, "name"));
    assert_int_equal(capauth_error_retryable(code_of(row)), json_object_get_boolean(member(row, "retryable")));
    assert_int_equal(capauth_call_server_code(call), code_of(row));
    assert_string_equal(capauth_call_server_message(call), message);
    assert_non_null(strstr(capauth_call_error_message(call), text(row, "text")));
    capauth_call_free(&call);
}

static int begin(void **state)
{
    start_shared(state);
    make_brand(shared, brand, "{}");
    client = new_client(shared);
    customer = new_mobile(client, brand, "919999999901");
    return 0;
}

static int end(void **state)
{
    capauth_session_free(&customer);
    capauth_client_free(&client);
    return stop_shared(state);
}

int main(void)
{
    struct json_object *table = json_object_from_file(CAPAUTH_ERRORS);
    struct json_object *rows = member(table, "codes");
    size_t count = 0;
    struct CMUnitTest *tests = calloc(rows ? json_object_array_length(rows) : 1, sizeof *tests);
    int failed = 1;

    for (size_t i = 0; rows && tests && i < json_object_array_length(rows); i++) {
        struct json_object *row = json_object_array_get_idx(rows, i);

        if (code_of(row) > 0) /* the others are our own, which no server sends */
            tests[count++] = (struct CMUnitTest){text(row, "name"), refusal_arrives, NULL, NULL, row};
    }
    if (count)
        failed = _cmocka_run_group_tests("codes", tests, count, begin, end);
    else
        fputs(CAPAUTH_ERRORS " cannot be read\n", stderr);
    free(tests);
    json_object_put(table);
    return failed;
}
