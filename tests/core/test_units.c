/* SPDX-License-Identifier: Apache-2.0 */
/* The rooms that need no client: JSON, tokens, wiped memory, the table of errors. */
#include "support.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/reason.h"
#include "base/secret.h"
#include "base/text.h"
#include "protocol/token.h"

/* ---- JSON: reading ---- */

static capauth__json *parse(const char *text)
{
    capauth__json *root = NULL;

    assert_code(capauth__json_parse(text, strlen(text), &root), CAPAUTH_OK);
    return root;
}

static const char *const good_texts[] = {
    "{}",
    " {} ",
    "\r\n\t{\"a\":1}\r\n\t ",
    "[]",
    "1",
    "-0",
    "\"x\"",
    "true",
    "{\"a\":{\"b\":[1,2,{}]}}",
    "{\"a\":\"\\u00e9\\ud83d\\ude00\"}",
    "[1.5e3,-1e-5]",
    "null",
    "\"NaN, Infinity, 'x'\"",
    "{\"'a'\":\"\\u0000\"}",
    "{\"\\\\u0000\":1}",
    "[\"\\\"\\\\\",\"\\u0000\" ]",
};

static const char *const bad_texts[] = {
    "",
    " ",
    "{",
    "}",
    "{}x",
    "{} {}",
    "{}{}",
    "{\"a\":1,}",
    "[1,]",
    "{a:1}",
    "{'a':1}",
    "'a'",
    "NaN",
    "[-Infinity]",
    "{\"a\":Infinity}",

    "\"a",

    "{\"a\" 1}",
    "{\"a\":1 \"b\":2}",
    "tru",
    "truex",
    "01",
    "+1",

    ".5",
    "0x1",

    "/* c */{}",
    "{} // c",
    "\"\\x41\"",
    "\"\\u12\"",
    "\xef\xbb\xbf{}",
    /* bad UTF-8: a byte alone, cut off, too long, a surrogate, beyond the last character */
    "\"\xff\"",
    "\"\xc3\"",
    "\"\xc3(\"",
    "\"\xe2\x82\"",
    "\"\xf0\x9f\x98\"",
    "\"\x80\"",
    "\"\xc0\xaf\"",
    "\"\xed\xa0\x80\"",
    "\"\xf4\x90\x80\x80\"",
    /* no JSON, though json-c takes them */
    "NaN",
    "[-Infinity]",
    "{\"x\":NaN}",
    "{\"x\":[1,Infinity]}",
};

TEST(json_takes_one_value_and_white_space)
{
    for (size_t i = 0; i < sizeof good_texts / sizeof good_texts[0]; i++) {
        capauth__json *root = NULL;

        print_message("%s\n", good_texts[i]);
        assert_code(capauth__json_parse(good_texts[i], strlen(good_texts[i]), &root), CAPAUTH_OK);
        capauth__json_free(root);
    }
}

TEST(json_refuses_everything_else)
{
    for (size_t i = 0; i < sizeof bad_texts / sizeof bad_texts[0]; i++) {
        capauth__json *root = (capauth__json *)&root;

        print_message("%s\n", bad_texts[i]);
        assert_code(capauth__json_parse(bad_texts[i], strlen(bad_texts[i]), &root), CAPAUTH_E_PROTOCOL);
        assert_null(root);
    }
}

TEST(json_refuses_a_nul_in_the_text)
{
    static const char in_string[] = "{\"a\":\"b\0c\"}";
    static const char after[] = "{}\0{}";
    static const char at_end[] = "{}\0";
    capauth__json *root = NULL;

    assert_code(capauth__json_parse(in_string, sizeof in_string - 1, &root), CAPAUTH_E_PROTOCOL);
    assert_code(capauth__json_parse(after, sizeof after - 1, &root), CAPAUTH_E_PROTOCOL);
    assert_code(capauth__json_parse(at_end, sizeof at_end - 1, &root), CAPAUTH_E_PROTOCOL);
    assert_null(root);
}

static int parse_nested(int depth)
{
    char text[256];
    capauth__json *root = NULL;
    int result;

    memset(text, '[', (size_t)depth);
    memset(text + depth, ']', (size_t)depth);
    text[2 * depth] = '\0';
    result = capauth__json_parse(text, strlen(text), &root);
    capauth__json_free(root);
    return result;
}

TEST(json_nests_32_deep_and_no_deeper)
{
    assert_code(parse_nested(31), CAPAUTH_OK);
    assert_code(parse_nested(32), CAPAUTH_OK);
    assert_code(parse_nested(33), CAPAUTH_E_PROTOCOL);
    assert_code(parse_nested(100), CAPAUTH_E_PROTOCOL);
}

TEST(texts_are_strings_without_control_characters)
{
    capauth__json *root = parse("{\"good\":\"\\u00e9 x\",\"empty\":\"\",\"nul\":\"a\\u0000b\",\"control\":\"a\\nb\","
                                "\"delete\":\"\\u007f\",\"number\":1,\"null\":null,\"list\":[\"x\"],\"true\":true}");

    assert_string_equal(capauth__json_text(capauth__json_member(root, "good")), "\xc3\xa9 x");
    assert_string_equal(capauth__json_message(capauth__json_member(root, "control")), "a b");
    assert_string_equal(capauth__json_message(capauth__json_member(root, "nul")), "a");
    static const char *const none[] = {"empty", "nul", "delete", "number", "null", "list", "true", "absent"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_null(capauth__json_text(capauth__json_member(root, none[i])));
    assert_null(capauth__json_message(capauth__json_member(root, "empty")));
    assert_null(capauth__json_message(capauth__json_member(root, "number")));
    assert_string_equal(capauth__json_text(capauth__json_element(capauth__json_member(root, "list"), 0)), "x");
    assert_null(capauth__json_element(capauth__json_member(root, "list"), 1));
    assert_null(capauth__json_element(root, 0));
    assert_null(capauth__json_member(capauth__json_member(root, "list"), "x"));
    assert_null(capauth__json_member(NULL, "x"));
    capauth__json_free(root);
    capauth__json_free(NULL);
}

TEST(integers_may_be_strings)
{
    static const struct {
        const char *text;
        bool there;
        int64_t number;
    } cases[] = {
        {"1506", true, 1506},
        {"-5", true, -5},
        {"0", true, 0},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", true, INT64_MAX},
        {"1000000000000000000000000", true, INT64_MAX},
        {"\"1506\"", true, 1506},
        {"\"-5\"", true, -5},
        {"\"9223372036854775808\"", false, 0},
        {"\"99999999999999999999999\"", false, 0},
        {"\"15x\"", false, 0},
        {"\"1.5\"", true, 1},
        {"\"1506.0\"", true, 1506},
        {"\"1.76E9\"", true, 1760000000},
        {"\"1e300\"", false, 0},
        {"\"1.5x\"", false, 0},
        {"\"1.00000000000000000000000000000000000000\"", true, 1}, /* 40 characters */
        {"\"1.000000000000000000000000000000000000000\"", false, 0},
        {"\"NaN\"", false, 0},
        {"\"\"", false, 0},
        {"\"x\"", false, 0},
        {"1.5", true, 1},
        {"-1.5", true, -2},
        {"-0.0", true, 0},
        {"1e3", true, 1000},
        {"1760013480.25", true, 1760013480},
        {"9223372036854774784.0", true, INT64_C(9223372036854774784)},
        {"-9223372036854775808.0", true, INT64_MIN},
        {"9223372036854775808.0", false, 0},
        {"1e999", false, 0},
        {"true", false, 0},
        {"{}", false, 0},
        {"[1]", false, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        capauth__json *root = parse(cases[i].text);
        int64_t number = 0;

        print_message("%s\n", cases[i].text);
        assert_int_equal(capauth__json_integer(root, &number), cases[i].there);
        assert_int_equal(number, cases[i].number);
        capauth__json_free(root);
    }
}

TEST(booleans_may_be_strings_and_numbers)
{
    static const struct {
        const char *text;
        int expected;
    } cases[] = {{"true", 1},     {"false", 0}, {"\"true\"", 1}, {"\"false\"", 0}, {"1", 1},
                 {"0", 0},        {"\"1\"", 1}, {"\"0\"", 0},    {"2", -1},        {"-1", -1},
                 {"\"yes\"", -1}, {"{}", -1},   {"\"\"", -1},    {"1.0", 1},       {"\"True\"", -1}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        capauth__json *root = parse(cases[i].text);

        print_message("%s\n", cases[i].text);
        assert_int_equal(capauth__json_boolean(root, -1), cases[i].expected);
        capauth__json_free(root);
    }
}

/* ---- JSON: writing ---- */

TEST(the_writer_escapes_what_it_must)
{
    struct capauth__buffer out = {0};
    char all[32] = "";

    for (int i = 1; i < 32; i++)
        all[i - 1] = (char)i;
    all[31] = '\0';
    capauth__json_open(&out);
    capauth__json_put_text(&out, "a\"", "\"\\/\xc3\xa9\x7f");
    capauth__json_put_text(&out, "none", NULL);
    capauth__json_put_text(&out, "empty", "");
    capauth__json_put_integer(&out, "least", INT64_MIN);
    capauth__json_put_members(&out, NULL);
    capauth__json_put_members(&out, "\"more\":[]");
    capauth__json_put_text(&out, "all", all);
    capauth__json_close(&out);
    assert_string_equal(out.data, "{\"a\\\"\":\"\\\"\\\\/\xc3\xa9\x7f\",\"empty\":\"\",\"least\":-9223372036854775808,"
                                  "\"more\":[],\"all\":\"\\u0001\\u0002\\u0003\\u0004\\u0005\\u0006\\u0007\\u0008"
                                  "\\u0009\\u000a\\u000b\\u000c\\u000d\\u000e\\u000f\\u0010\\u0011\\u0012\\u0013\\u0014"
                                  "\\u0015\\u0016\\u0017\\u0018\\u0019\\u001a\\u001b\\u001c\\u001d\\u001e\\u001f\"}");
    capauth__json_free(parse(out.data));
    capauth__buffer_free(&out);
}

static bool is_a_or_b(const char *name)
{
    return !strcmp(name, "a") || !strcmp(name, "b");
}

TEST(objects_are_split_as_they_were_written)
{
    static const struct {
        const char *text, *known, *others;
    } rows[] = {
        {"{}", "{}", ""},
        {" { \t} ", "{}", ""},
        {"{\"a\":1,\"c\":2,\"b\":3,\"d\":4}", "{\"a\":1,\"b\":3}", "\"c\":2,\"d\":4"},
        {"{ \"c\" : [ 1 , { \"a\" : \"x , } y\" } ] , \"a\" : { } }", "{\"a\":{}}", "\"c\":[1,{\"a\":\"x , } y\"}]"},
        {"{\"\\u0061\":1}", "{\"\\u0061\":1}", ""},
        {"{\"a\\u0000\":1,\"\":2}", "{}", "\"a\\u0000\":1,\"\":2"},
        {"{\"c\":1180591620717411303424,\"d\":-0.10e+5}", "{}", "\"c\":1180591620717411303424,\"d\":-0.10e+5"},
        {"{\"c\":\"\\\"\\\\\",\"\\\"\":\"\\u000a\\/\"}", "{}", "\"c\":\"\\\"\\\\\",\"\\\"\":\"\\u000a\\/\""},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct capauth__buffer known = {0}, others = {0};

        print_message("%s\n", rows[i].text);
        capauth__json_free(parse(rows[i].text));
        assert_true(capauth__json_split(rows[i].text, is_a_or_b, &known, &others));
        assert_string_equal(known.data, rows[i].known);
        assert_string_equal(others.data, rows[i].others);
        capauth__buffer_free(&known);
        capauth__buffer_free(&others);
    }
}

/* ---- Tokens ---- */

/* HEADER.CLAIMS.signature of two texts, in base64url. */
static const char *make_token(const char *header, const char *claims)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    static char token[4096];
    size_t used = 0;

    for (int part = 0; part < 2; part++) {
        const char *text = part ? claims : header;
        size_t length = strlen(text);

        for (size_t i = 0; i < length; i += 3) {
            unsigned bits = 0;

            for (size_t j = 0; j < 3; j++)
                bits = bits << 8 | (i + j < length ? (unsigned char)text[i + j] : 0);
            for (size_t j = 0; j < 4 && i + j <= length; j++)
                token[used++] = digits[bits >> (18 - 6 * j) & 63];
        }
        token[used++] = '.';
    }
    strcpy(token + used, "signature");
    return token;
}

static int64_t expiry_of(const char *claims)
{
    struct capauth__claims read;

    capauth__token_read(make_token("{}", claims), &read);
    return read.expires_at_ms;
}

TEST(token_says_who_until_when_and_what)
{
    const char *token = make_token("{\"idv\":[\"MOBILE|919999922332\"],\"dev\":\"d\",\"org\":\"B\",\"alg\":\"HS256\"}",
                                   "{\"uid\":\"4048647\",\"isc\":\"false\",\"exp\":1760013480,\"rol\":\"USER\"}");
    struct capauth__claims claims;
    char identity[CAPAUTH__ISSUED_SIZE];

    capauth__token_read(token, &claims);
    capauth__token_identity(token, identity);
    assert_string_equal(claims.role, "USER");
    assert_string_equal(claims.customer_id, "4048647");
    assert_string_equal(identity, "MOBILE|919999922332");
    assert_int_equal(claims.expires_at_ms, INT64_C(1760013480000));
}

TEST(exp_is_seconds_in_reason_or_nothing)
{
    assert_int_equal(expiry_of("{\"exp\":1}"), 1000);
    assert_int_equal(expiry_of("{\"exp\":\"1760013480\"}"), INT64_C(1760013480000));
    assert_int_equal(expiry_of("{\"exp\":253402300799}"), INT64_C(253402300799000));
    assert_int_equal(expiry_of("{\"exp\":1760013480.25}"), INT64_C(1760013480000));
    assert_int_equal(expiry_of("{\"exp\":1.76E9}"), INT64_C(1760000000000));
    assert_int_equal(expiry_of("{\"exp\":\"1.76E9\"}"), INT64_C(1760000000000));
    static const char *const none[] = {"{}",
                                       "{\"exp\":null}",
                                       "{\"exp\":0}",
                                       "{\"exp\":-1}",
                                       "{\"exp\":-9223372036854775808}",
                                       "{\"exp\":253402300800}",
                                       "{\"exp\":9223372036854775807}",
                                       "{\"exp\":99999999999999999999999999}",
                                       "{\"exp\":\"soon\"}",
                                       "{\"exp\":\"\"}",
                                       "{\"exp\":1e999}",
                                       "{\"exp\":0.5}",
                                       "{\"exp\":true}",
                                       "{\"exp\":[1]}",
                                       "{\"exp\":{}}",
                                       "[]",
                                       "null",
                                       "7"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        print_message("%s\n", none[i]);
        assert_int_equal(expiry_of(none[i]), 0);
    }
}

TEST(only_one_identity_counts)
{
    static const struct {
        const char *header;
        const char *identity;
    } cases[] = {
        {"{\"idv\":[\"EMAIL|t@e.com\"]}", "EMAIL|t@e.com"},
        {"{\"idv\":[\"EMAIL|t@e.com\",\"MOBILE|91\"]}", ""},
        {"{\"idv\":[]}", ""},
        {"{\"idv\":null}", ""},
        {"{\"idv\":\"MOBILE|91\"}", ""},
        {"{\"idv\":[5]}", "5"},
        {"{\"idv\":[null]}", ""},
        {"{\"idv\":[\"a\\nb\"]}", ""},
        {"{\"idv\":[{}]}", ""},
        {"{}", ""},
        {"[]", ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct capauth__claims claims;
        char identity[CAPAUTH__ISSUED_SIZE];
        const char *token;

        print_message("%s\n", cases[i].header);
        token = make_token(cases[i].header, "{\"rol\":\"USER\"}");
        capauth__token_read(token, &claims);
        capauth__token_identity(token, identity);
        assert_string_equal(identity, cases[i].identity);
        assert_string_equal(claims.role, "USER");
    }
}

TEST(claims_of_other_types_are_none)
{
    struct capauth__claims claims;
    char long_role[512];

    capauth__token_read(make_token("{}", "{\"uid\":4048647,\"rol\":[\"USER\"]}"), &claims);
    assert_string_equal(claims.customer_id, "4048647");
    assert_string_equal(claims.role, "");
    snprintf(long_role, sizeof long_role, "{\"rol\":\"%064d\",\"uid\":\"1\"}", 0);
    capauth__token_read(make_token("{}", long_role), &claims);
    assert_string_equal(claims.role, "");
    assert_string_equal(claims.customer_id, "1");
}

TEST(what_is_no_token_says_nothing)
{
    static const char *const texts[] = {
        "",
        ".",
        "..",
        "...",
        "a",
        "a.",
        ".a",
        "a.b",
        "a.b.c",
        "A.A.A",
        "=.=.=",
        "==.==.",
        "AA.AA.AA",
        "!!.!!.!!",
        "e30.e30",
        "e30.e30.",
        "e30.bm8.x",
        "e30.eyJyb2wiOiJVU0VS.x",
        "opaque-token",
        "e30.e3 0.x",
        "\xff\xff.\xff.x",
    };
    struct capauth__claims claims;
    char identity[CAPAUTH__ISSUED_SIZE];

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        print_message("%s\n", texts[i]);
        memset(&claims, 'x', sizeof claims);
        memset(identity, 'x', sizeof identity);
        capauth__token_read(texts[i], &claims);
        capauth__token_identity(texts[i], identity);
        assert_string_equal(claims.role, "");
        assert_string_equal(claims.customer_id, "");
        assert_string_equal(identity, "");
        assert_int_equal(claims.expires_at_ms, 0);
    }
    capauth__token_read(NULL, &claims);
    assert_string_equal(claims.role, "");
}

TEST(two_dots_padding_and_plain_base64_are_read)
{
    /* {"rol":"USER"} in several coats; {"r":"?\?>"} needs the last two digits of the alphabet */
    static const char *const texts[] = {"e30.eyJyb2wiOiJVU0VSIn0.", "e30.eyJyb2wiOiJVU0VSIn0.x.y",
                                        "e30=.eyJyb2wiOiJVU0VSIn0=.x", "x.eyJyb2wiOiJVU0VSIn0.x"};
    struct capauth__claims claims;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        print_message("%s\n", texts[i]);
        capauth__token_read(texts[i], &claims);
        assert_string_equal(claims.role, "USER");
    }
    capauth__token_read("e30.eyJyb2wiOiI_Pz4ifQ.x", &claims);
    assert_string_equal(claims.role, "?\?>");
    capauth__token_read("e30.eyJyb2wiOiI/Pz4ifQ.x", &claims);
    assert_string_equal(claims.role, "?\?>");
}

/* ---- Wiped memory ---- */

TEST(wiping_overwrites)
{
    char text[] = "secret";

    capauth__wipe(text, 3);
    assert_memory_equal(text, "\0\0\0ret", 6);
    capauth__wipe(text, 0);
    capauth__wipe(NULL, 5);
    assert_memory_equal(text, "\0\0\0ret", 6);
}

TEST(texts_are_replaced_and_forgotten)
{
    char *slot = NULL;

    capauth__wipe_free(&slot);
    assert_true(capauth__replace(&slot, "one"));
    assert_true(capauth__replace(&slot, slot)); /* by itself */
    assert_string_equal(slot, "one");
    assert_true(capauth__replace(&slot, NULL));
    assert_null(slot);
}

TEST(buffers_stop_at_their_limit)
{
    struct capauth__buffer buffer = {.limit = 1000};
    char text[1001];

    memset(text, 'x', sizeof text);
    assert_true(capauth__buffer_append(&buffer, text, 999));
    assert_true(capauth__buffer_append(&buffer, text, 1));
    assert_true(capauth__buffer_append(&buffer, text, 0));
    assert_int_equal(strlen(buffer.data), 1000);
    assert_false(capauth__buffer_append(&buffer, text, 1));
    assert_true(buffer.failed);
    assert_false(capauth__buffer_append(&buffer, text, 0)); /* it stays so */
    assert_null(capauth__buffer_take(&buffer));
    assert_true(capauth__buffer_append(&buffer, "again", 5));
    assert_false(capauth__buffer_append(&buffer, text, 1000));
    capauth__buffer_clear(&buffer);
    assert_int_equal(buffer.length, 0);
    assert_true(capauth__buffer_append(&buffer, text, 1000));
    capauth__buffer_free(&buffer);
    assert_int_equal(buffer.limit, 1000);
    assert_null(buffer.data);
}

TEST(buffers_are_taken_as_texts)
{
    struct capauth__buffer buffer = {0};
    char *text = capauth__buffer_take(&buffer);

    assert_string_equal(text, "");
    free(text);
    for (int i = 0; i < 1000; i++)
        assert_true(capauth__buffer_number(&buffer, -i));
    assert_true(capauth__buffer_text(&buffer, "!"));
    text = capauth__buffer_take(&buffer);
    assert_null(buffer.data);
    assert_int_equal(strlen(text), 1 + 2 * 9 + 3 * 90 + 4 * 900 + 1);
    free(text);
}

/* ---- Texts ---- */

/* The first and the last character of each length, and what stands before and behind them. */
TEST(utf8_is_what_the_standard_says)
{
    static const struct {
        const char *text;
        size_t length;
    } cases[] = {
        {"\x7f", 1},
        {"\x80", 0},
        {"\xc1\xbf", 0},
        {"\xc2\x80", 2},
        {"\xc2\x7f", 0},
        {"\xc2\xc0", 0},
        {"\xdf\xbf", 2},
        {"\xe0\x9f\xbf", 0},
        {"\xe0\xa0\x80", 3},
        {"\xed\x9f\xbf", 3},
        {"\xed\xa0\x80", 0},
        {"\xee\x80\x80", 3},
        {"\xef\xbf\xbf", 3},
        {"\xf0\x8f\xbf\xbf", 0},
        {"\xf0\x90\x80\x80", 4},
        {"\xf4\x8f\xbf\xbf", 4},
        {"\xf4\x90\x80\x80", 0},
        {"\xf5\x80\x80\x80", 0},
        {"\xe0\xa0", 0},
        {"\xf0\x90\x80", 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        print_message("%zu\n", i);
        assert_int_equal(capauth__utf8_length(cases[i].text), cases[i].length);
    }
}

static void *fail_elsewhere(void *reasons)
{
    capauth__reason_set(reasons, "of another thread");
    return NULL;
}

TEST(a_thread_is_told_its_own_reason_also_when_another_failed_since)
{
    struct capauth__reason *reasons = NULL;
    pthread_t thread;

    capauth__reason_set(&reasons, "of this thread");
    assert_int_equal(pthread_create(&thread, NULL, fail_elsewhere, &reasons), 0);
    pthread_join(thread, NULL);
    assert_string_equal(capauth__reason_get(reasons), "of this thread");
    capauth__reason_set(&reasons, NULL);
    assert_string_equal(capauth__reason_get(reasons), "of another thread");
    capauth__reasons_free(&reasons);
}

TEST(masks_show_little_of_any_length)
{
    static const struct {
        const char *text;
        const char *mask;
    } cases[] = {
        {"", ""},
        {"1", "*"},
        {"12345", "*****"},
        {"123456", "12**56"},
        {"123456789", "12*****89"},
        {"1234567890", "1234****90"},
        {"919999999993", "9199******93"},
        {"someone@brand.example", "s***@brand.example"},
        {"a@b", "a***@b"},
        {"@brand.example", "@bra********le"},
        {"\xc3\xa9t\xc3\xa9@e.com", "***@e.com"},
        /* never half a character */
        {"123\xc3\xa9"
         "4567890",
         "123*******90"},
        {"12345678\xe2\x82\xac", "1234*******"},
        {"\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80********"},
    };
    char out[320];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        print_message("%s\n", cases[i].text);
        capauth__mask(cases[i].text, out, sizeof out);
        assert_string_equal(out, cases[i].mask);
    }
}

TEST(masks_hide_half_at_least_and_fit)
{
    char text[257], out[320];

    for (size_t length = 0; length <= 256; length++) {
        size_t hidden = 0;

        memset(text, '7', length);
        text[length] = '\0';
        capauth__mask(text, out, sizeof out);
        assert_int_equal(strlen(out), length);
        for (size_t i = 0; i < length; i++)
            hidden += out[i] == '*';
        assert_true(hidden * 3 >= length);
        for (size_t size = 1; size <= length; size += 13) {
            memset(out, 'x', sizeof out);
            capauth__mask(text, out, size);
            assert_int_equal(strlen(out), size - 1);
            assert_int_equal(out[size], 'x');
            assert_null(strchr(out, '7')); /* too short to show the ends: nothing */
        }
    }
}

/* ---- The table of errors ---- */

struct code {
    int code;
    const char *name;
};

static const struct code protocol_codes[] = {
    {CAPAUTH_OTP_RATE_LIMITED, "429"},
    {CAPAUTH_CANNOT_VALIDATE_OTP, "1502"},
    {CAPAUTH_CANNOT_GENERATE_OTP, "1503"},
    {CAPAUTH_CANNOT_GENERATE_TOKEN, "1504"},
    {CAPAUTH_INVALID_SESSION, "1505"},
    {CAPAUTH_INVALID_OTP, "1506"},
    {CAPAUTH_MOBILE_MISMATCH, "1507"},
    {CAPAUTH_DEVICE_MISMATCH, "1508"},
    {CAPAUTH_BRAND_MISMATCH, "1509"},
    {CAPAUTH_UNKNOWN_CUSTOMER, "1515"},
    {CAPAUTH_TOO_MANY_OTP_ATTEMPTS, "1518"},
    {CAPAUTH_INVALID_DETAILS, "1519"},
    {CAPAUTH_PASSWORD_REQUIRED, "1520"},
    {CAPAUTH_PASSWORD_CONFIRMATION_DIFFERS, "1521"},
    {CAPAUTH_CANNOT_CHANGE_PASSWORD, "1523"},
    {CAPAUTH_PASSWORD_NOT_ENABLED, "1524"},
    {CAPAUTH_CANNOT_REGENERATE_TOKEN, "1525"},
    {CAPAUTH_CANNOT_VALIDATE_PASSWORD, "1526"},
    {CAPAUTH_PASSWORD_UNCHANGED, "1527"},
    {CAPAUTH_INVALID_PASSWORD, "1528"},
    {CAPAUTH_TOKEN_EXPIRED, "1529"},
    {CAPAUTH_TOO_MANY_PASSWORD_ATTEMPTS, "1530"},
    {CAPAUTH_CANNOT_EXPIRE_TOKEN, "1531"},
    {CAPAUTH_CANNOT_RESET_PASSWORD, "1532"},
    {CAPAUTH_OTP_LIMIT_REACHED, "1534"},
    {CAPAUTH_OTP_LIMIT_ZERO, "1535"},
    {CAPAUTH_OTP_NOT_GENERATED, "1537"},
    {CAPAUTH_CONTACT_REQUIRED, "1540"},
    {CAPAUTH_IDENTIFIER_MISMATCH, "1541"},
    {CAPAUTH_PASSWORD_RULES, "1542"},
    {CAPAUTH_USERNAME_TAKEN, "1543"},
    {CAPAUTH_INVALID_IDENTIFIER_TYPE, "1546"},
    {CAPAUTH_INVALID_KEY, "1597"},
    {CAPAUTH_CHANNEL_NEEDS_MOBILE, "1601"},
    {CAPAUTH_CHANNEL_NEEDS_EMAIL, "1602"},
    {CAPAUTH_CHANNEL_NOT_CONFIGURED, "1603"},
    {CAPAUTH_EXTERNAL_ID_NOT_ENABLED, "3005"},
    {CAPAUTH_HASH_OUT_OF_WINDOW, "5004"},
};

enum { PROTOCOL_CODES = sizeof protocol_codes / sizeof protocol_codes[0] };

TEST(every_code_of_the_protocol_has_a_constant_and_a_name)
{
    for (size_t i = 0; i < PROTOCOL_CODES; i++) {
        assert_int_equal(protocol_codes[i].code, atoi(protocol_codes[i].name));
        assert_string_not_equal(capauth_error_name(protocol_codes[i].code), "UNKNOWN");
        assert_string_not_equal(capauth_strerror(protocol_codes[i].code), "the request was refused");
    }
}

TEST(names_and_sentences_are_there_once)
{
    const char *names[200];
    size_t count = 0;

    for (int code = -100; code < 6000; code++) {
        const char *name = capauth_error_name(code);

        assert_true(*capauth_strerror(code));
        assert_null(strchr(capauth_strerror(code), '\n'));
        if (!strcmp(name, "UNKNOWN"))
            continue;
        for (size_t i = 0; i < count; i++)
            assert_string_not_equal(names[i], name);
        assert_true(count < 200);
        names[count++] = name;
    }
    assert_int_equal(count, PROTOCOL_CODES + 24 + 1); /* ours, and OK */
}

TEST(codes_that_nobody_knows_have_a_sentence_too)
{
    static const int codes[] = {INT_MIN, INT_MAX, -1000, -10, 1, 200, 1500, 999999};

    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        assert_string_equal(capauth_error_name(codes[i]), "UNKNOWN");
        assert_string_equal(capauth_strerror(codes[i]), codes[i] > 0 ? "the request was refused" : "unknown error");
        assert_int_equal(capauth_error_retryable(codes[i]), 0);
    }
    assert_string_equal(capauth_error_name(CAPAUTH_OK), "OK");
    assert_string_equal(capauth_strerror(CAPAUTH_OK), "success");
    assert_int_equal(capauth_error_retryable(CAPAUTH_OK), 0);
    assert_string_equal(capauth_error_name(CAPAUTH_INVALID_OTP), "INVALID_OTP");
    assert_string_equal(capauth_error_name(CAPAUTH_E_UNKNOWN_OUTCOME), "UNKNOWN_OUTCOME");
    assert_int_equal(capauth_error_retryable(CAPAUTH_E_NETWORK), 1);
    assert_int_equal(capauth_error_retryable(CAPAUTH_E_UNKNOWN_OUTCOME), 0);
}

TEST(steps_have_names)
{
    assert_string_equal(capauth_step_name(CAPAUTH_STEP_TOKEN_GENERATE), "token_generate");
    assert_string_equal(capauth_step_name(CAPAUTH_STEP_PASSWORD_CREATE), "password_create");
    assert_string_equal(capauth_step_name(CAPAUTH_STEP_DONE), "done");
    assert_string_equal(capauth_step_name(0), "unknown");
    assert_string_equal(capauth_step_name(8), "unknown");
    assert_string_equal(capauth_step_name(INT_MIN), "unknown");
    assert_string_equal(capauth_step_name(INT_MAX), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_takes_one_value_and_white_space),
        cmocka_unit_test(json_refuses_everything_else),
        cmocka_unit_test(json_refuses_a_nul_in_the_text),
        cmocka_unit_test(json_nests_32_deep_and_no_deeper),
        cmocka_unit_test(texts_are_strings_without_control_characters),
        cmocka_unit_test(integers_may_be_strings),
        cmocka_unit_test(booleans_may_be_strings_and_numbers),
        cmocka_unit_test(the_writer_escapes_what_it_must),
        cmocka_unit_test(objects_are_split_as_they_were_written),
        cmocka_unit_test(token_says_who_until_when_and_what),
        cmocka_unit_test(exp_is_seconds_in_reason_or_nothing),
        cmocka_unit_test(only_one_identity_counts),
        cmocka_unit_test(claims_of_other_types_are_none),
        cmocka_unit_test(what_is_no_token_says_nothing),
        cmocka_unit_test(two_dots_padding_and_plain_base64_are_read),
        cmocka_unit_test(wiping_overwrites),
        cmocka_unit_test(texts_are_replaced_and_forgotten),
        cmocka_unit_test(buffers_stop_at_their_limit),
        cmocka_unit_test(buffers_are_taken_as_texts),
        cmocka_unit_test(utf8_is_what_the_standard_says),
        cmocka_unit_test(a_thread_is_told_its_own_reason_also_when_another_failed_since),
        cmocka_unit_test(masks_show_little_of_any_length),
        cmocka_unit_test(masks_hide_half_at_least_and_fit),
        cmocka_unit_test(every_code_of_the_protocol_has_a_constant_and_a_name),
        cmocka_unit_test(names_and_sentences_are_there_once),
        cmocka_unit_test(codes_that_nobody_knows_have_a_sentence_too),
        cmocka_unit_test(steps_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
