/* SPDX-License-Identifier: Apache-2.0 */
/* The pinned texts of tests/exports/: each comes back as it went in, or is refused. */
#include "support.h"

#include <stdio.h>
#include <string.h>

enum { LONGEST_TEXT = 65536 };

static capauth_client *client;

static int begin(void **state)
{
    (void)state;
    assert_code(capauth_client_new(&client), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(client, "https://auth.brand.example"), CAPAUTH_OK);
    return 0;
}

static int end(void **state)
{
    (void)state;
    capauth_client_free(&client);
    return 0;
}

static FILE *open_file(const char *name)
{
    char path[512];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", CAPAUTH_EXPORTS, name);
    if (!(file = fopen(path, "rb")))
        fail_msg("%s cannot be read", path);
    return file;
}

/* The text in the file, without its line end; valid until the next one. */
static const char *read_text(const char *name)
{
    static char text[LONGEST_TEXT];
    FILE *file = open_file(name);
    size_t length = fread(text, 1, sizeof text - 1, file);

    fclose(file);
    assert_true(length && length < sizeof text - 1 && text[length - 1] == '\n');
    text[length - 1] = '\0';
    return text;
}

/* The next line's columns; false at the end. */
static bool read_row(FILE *table, char *columns[], size_t count)
{
    static char line[1024];
    char *at = line;

    if (!fgets(line, sizeof line, table))
        return false;
    line[strcspn(line, "\n")] = '\0';
    for (size_t i = 0; i < count; i++)
        assert_non_null(columns[i] = strsep(&at, "\t"));
    assert_null(at);
    return true;
}

TEST(each_state_comes_back)
{
    FILE *table = open_file("expected.tsv");
    char *columns[4];
    int rows = 0;

    for (; read_row(table, columns, 4); rows++) {
        const char *text = read_text(columns[0]);
        capauth_session *session = NULL;
        char *again = NULL;

        print_message("%s\n", columns[0]);
        assert_code(capauth_session_restore(client, text, &session), CAPAUTH_OK);
        assert_string_equal(capauth_step_name(capauth_session_next_step(session)), columns[1]);
        assert_int_equal(capauth_session_signed_in(session), columns[2][0] - '0');
        assert_string_equal(capauth_session_identifier(session), strcmp(columns[3], "-") ? columns[3] : "");
        assert_code(capauth_session_export(session, &again), CAPAUTH_OK);
        assert_string_equal(again, text);
        capauth_string_free(&again);
        assert_code(capauth_session_reload(session, text), CAPAUTH_OK);
        assert_code(capauth_session_export(session, &again), CAPAUTH_OK);
        assert_string_equal(again, text);
        capauth_string_free(&again);
        capauth_session_free(&session);
    }
    assert_int_not_equal(rows, 0);
    fclose(table);
}

TEST(what_is_no_export_is_refused)
{
    FILE *table = open_file("refused/expected.tsv");
    char *columns[2];
    int rows = 0;

    for (; read_row(table, columns, 2); rows++) {
        capauth_session *session = NULL;
        char name[256];

        print_message("%s\n", columns[0]);
        snprintf(name, sizeof name, "refused/%s", columns[0]);
        assert_code(capauth_client_set_cluster(client, "?"), CAPAUTH_E_INVALID_ARGUMENT); /* another message */
        assert_code(capauth_session_restore(client, read_text(name), &session), CAPAUTH_E_INVALID_ARGUMENT);
        assert_null(session);
        if (!strstr(capauth_client_error_message(client), columns[1]))
            fail_msg("\"%s\" does not say \"%s\"", capauth_client_error_message(client), columns[1]);
    }
    assert_int_not_equal(rows, 0);
    fclose(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_state_comes_back),
        cmocka_unit_test(what_is_no_export_is_refused),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
