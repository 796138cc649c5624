/* SPDX-License-Identifier: Apache-2.0 */
/* The skimmer: what it takes for JSON, and that it reads the same as json-c does. */
#include "support.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/json.h"
#include "base/skim.h"

/* ---- What is JSON ---- */

#define IN_30 "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
#define OUT_30 "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"

static const struct {
    const char *text;
    bool valid;
} texts[] = {
    {"{}", true},
    {" \t\r\n{ \n} ", true},
    {"{\"a\":1}", true},
    {"{\"a\" : [ 1 , 2 ] , \"b\":{}}", true},
    {"{\"a\":[]}", true},
    {"{\"a\":-0.5e+10,\"b\":1E-2,\"c\":0}", true},
    {"{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"}", true},
    {"{\"a\":\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"}", true},
    {"{\"a\":" IN_30 OUT_30 "}", true},
    {"{\"a\":[" IN_30 OUT_30 "]}", false},
    {"", false},
    {"[]", false},
    {"null", false},
    {"{", false},
    {"{\"a\"", false},
    {"{\"a\":", false},
    {"{\"a\":}", false},
    {"{\"a\":1", false},
    {"{\"a\":1,}", false},
    {"{,}", false},
    {"{\"a\":1 \"b\":2}", false},
    {"{\"a\":[1,]}", false},
    {"{\"a\":[1 2]}", false},
    {"{\"a\":[}", false},
    {"{\"a\":{]}", false},
    {"{a:1}", false},
    {"{'a':1}", false},
    {"{1:1}", false},
    {"{\"a\":01}", false},
    {"{\"a\":00.5}", false},
    {"{\"a\":1.}", false},
    {"{\"a\":.5}", false},
    {"{\"a\":+1}", false},
    {"{\"a\":-}", false},
    {"{\"a\":1e}", false},
    {"{\"a\":NaN}", false},
    {"{\"a\":Infinity}", false},
    {"{\"a\":True}", false},
    {"{\"a\":nul}", false},
    {"{\"a\":\"}", false},
    {"{\"a\":\"\\\"}", false},
    {"{\"a\":\"\\x\"}", false},
    {"{\"a\":\"\\u00g0\"}", false},
    {"{\"a\":\"\\u00\"}", false},
    {"{\"a\":\"\n\t\x01\"}", true}, /* not by RFC 8259, but some servers send them */
    {"{\"a\":\"\xff\"}", false},
    {"{\"a\":\"\xed\xa0\x80\"}", false},
    {"{\"a\":\"\xc3\"}", false},
    {"{\"a\":1}x", false},
    {"{\"a\":1}{}", false},
    {"{\"a\":1/*c*/}", false},
};

TEST(only_one_whole_object_is_taken)
{
    struct capauth__span value;
    const char *const name = "a";

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        print_message("%s\n", texts[i].text);
        assert_int_equal(capauth__skim_object(texts[i].text, strlen(texts[i].text), &name, &value, 1), texts[i].valid);
    }
}

/* The end of a page behind which there is nothing: a look beyond it is the end of the program. The NUL of a text is the
 * last byte of it. */
static char *edge_of_memory(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    assert_ptr_not_equal(pages, MAP_FAILED);
    assert_int_equal(mprotect(pages + page, page, PROT_NONE), 0);
    return pages + page;
}

TEST(a_text_ends_where_its_length_says)
{
    static const char text[] = "{\"\\u0061\":\"\xf0\x9f\x98\x80\",\"b\":[-1.5e+3,true,null]}";
    struct capauth__span value;
    const char *const name = "a";
    char *edge = edge_of_memory();

    for (size_t length = 0; length < sizeof text; length++) {
        char *start = edge - length - 1;

        memcpy(start, text, length);
        start[length] = '\0';
        assert_int_equal(capauth__skim_object(start, length, &name, &value, 1), length == sizeof text - 1);
    }
}

/* ---- What it finds ---- */

static void assert_text(const struct capauth__span *span, const char *expected)
{
    struct capauth__buffer out = {0};

    assert_int_equal(capauth__span_text(span, &out), expected != NULL);
    assert_false(out.failed);
    if (expected)
        assert_string_equal(out.data, expected);
    capauth__buffer_free(&out);
}

TEST(members_are_found_by_name)
{
    static const char text[] = "{\"x\":{\"a\":\"inner\"},\"a\":\"first\",\"\\u0062\":\"escaped name\",\"a\":\"last\","
                               "\"c\":null,\"d\":\"\",\"e\":\"tab\\t\",\"f\":\"caf\\u00e9\",\"aa\":1}";
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g"};
    struct capauth__span values[7];

    assert_true(capauth__skim_object(text, strlen(text), names, values, 7));
    assert_text(&values[0], "last");
    assert_text(&values[1], "escaped name");
    assert_text(&values[2], NULL);
    assert_true(capauth__span_is_empty(&values[2]));
    assert_text(&values[3], NULL);
    assert_true(capauth__span_is_empty(&values[3]));
    assert_text(&values[4], NULL); /* with a control character */
    assert_text(&values[5], "caf\xc3\xa9");
    assert_int_equal(values[6].kind, CAPAUTH__SPAN_NONE);
}

TEST(of_a_list_the_first_element_and_the_count)
{
    static const char text[] = "{\"a\":[\"one\", [2], {\"three\":3}],\"b\":[],\"c\":5}";
    static const char *const names[] = {"a", "b", "c"};
    struct capauth__span values[3], first;
    size_t count;

    assert_true(capauth__skim_object(text, strlen(text), names, values, 3));
    assert_true(capauth__skim_list(&values[0], &first, &count));
    assert_int_equal(count, 3);
    assert_text(&first, "one");
    assert_true(capauth__skim_list(&values[1], &first, &count));
    assert_int_equal(count, 0);
    assert_int_equal(first.kind, CAPAUTH__SPAN_NONE);
    assert_false(capauth__skim_list(&values[2], &first, &count));
}

TEST(a_control_character_in_a_message_is_tamed)
{
    static const char text[] = "{\"a\":\"two\nlines\"}";
    const char *const name = "a";
    struct capauth__span value;
    struct capauth__buffer out = {0};

    assert_true(capauth__skim_object(text, strlen(text), &name, &value, 1));
    assert_text(&value, NULL);
    assert_true(capauth__span_message(&value, &out));
    assert_string_equal(out.data, "two lines");
    capauth__buffer_free(&out);
}

/* ---- The same as json-c ---- */

static const char *const seeds[] = {
    "{\"status\":{\"success\":true,\"code\":200,\"message\":\"ok\"},\"auth\":{\"token\":\"T\",\"key\":null},\"a\":1}",
    "{\"a\":\"1506\",\"b\":1506.0,\"status\":[1,-2,\"three\",{\"four\":[]}]}",
    "{\"a\":\"caf\\u00e9 \\ud83d\\ude00 \\\"q\\\"\",\"b\":\"\xc3\xa9\",\"status\":false}",
    "{\"a\":17600134800000,\"b\":-1e3,\"status\":\"true\"}",
    " { \"b\" : 0 , \"a\" : \"x\\u0000y\" , \"status\" : 12345678901234567890 } ",
};

static const char *const wanted[] = {"a", "b", "status"};

/* How many bytes of a number RFC 8259 would take. */
static size_t number_length(const char *text)
{
    size_t at = text[0] == '-';
    size_t digits = strspn(text + at, "0123456789");

    if (!digits)
        return 0;
    at += text[at] == '0' ? 1 : digits;
    if (text[at] == '.' && (digits = strspn(text + at + 1, "0123456789")))
        at += 1 + digits;
    if (text[at] == 'e' || text[at] == 'E') {
        size_t sign = text[at + 1] == '+' || text[at + 1] == '-';

        if ((digits = strspn(text + at + 1 + sign, "0123456789")))
            at += 1 + sign + digits;
    }
    return at;
}

/* json-c takes some texts for numbers that RFC 8259 does not: 007, 1., -.5 */
static bool has_an_odd_number(const char *text)
{
    bool inside = false;

    for (; *text; text++) {
        if (*text == '\\' && inside && text[1])
            text++;
        else if (*text == '"')
            inside = !inside;
        else if (!inside && strchr("-.0123456789", *text)) {
            size_t all = strspn(text, "0123456789+-.eE");

            if (number_length(text) != all)
                return true;
            text += all - 1;
        }
    }
    return false;
}

static void compare_value(const struct capauth__span *span, const capauth__json *value)
{
    const char *text = capauth__json_text(value);
    struct capauth__buffer out = {0};
    int64_t by_span = -7, by_json = -7;
    bool no_memory = false;

    assert_int_equal(capauth__span_text(span, &out), text != NULL);
    if (text)
        assert_string_equal(out.data, text);
    if (!text || !has_an_odd_number(text)) { /* which in a text is none, either */
        assert_int_equal(capauth__span_integer(span, &by_span, &no_memory), capauth__json_integer(value, &by_json));
        assert_int_equal(by_span, by_json);
        assert_int_equal(capauth__span_boolean(span, -1, &no_memory), capauth__json_boolean(value, -1));
    }
    assert_false(out.failed || no_memory);
    capauth__buffer_free(&out);
}

static void compare(const char *text, size_t length)
{
    struct capauth__span spans[3];
    capauth__json *root = NULL;
    bool by_json = !capauth__json_parse(text, length, &root) && capauth__json_is_object(root);
    bool by_skim = capauth__skim_object(text, length, wanted, spans, 3);

    if (by_skim != by_json && !(by_json && has_an_odd_number(text)))
        fail_msg("json-c %d, skimmer %d: %s", by_json, by_skim, text);
    for (size_t i = 0; by_skim && !strstr(text, "u0000\"") && i < 3; i++) /* json-c ends a name at its NUL */
        compare_value(&spans[i], capauth__json_member(root, wanted[i]));
    capauth__json_free(root);
}

static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* One to four changes: a byte, a byte too many, one too few, or a piece of another seed. */
static size_t mutate(char *text, size_t length, size_t size, uint32_t *random)
{
    static const char bytes[] = "{}[]\",:\\u0019eE.-+tfn \x01\x7f\xc3\xa9\xff";

    for (uint32_t changes = 1 + next_random(random) % 4; changes; changes--) {
        size_t at = length ? next_random(random) % length : 0;
        char byte = bytes[next_random(random) % (sizeof bytes - 1)];

        switch (next_random(random) % 3) {
        case 0:
            text[at] = byte;
            break;
        case 1:
            if (length + 1 < size) {
                memmove(text + at + 1, text + at, length - at);
                text[at] = byte;
                length++;
            }
            break;
        default:
            if (length > 1) {
                memmove(text + at, text + at + 1, length - at - 1);
                length--;
            }
            break;
        }
    }
    text[length] = '\0';
    return length;
}

TEST(a_hundred_thousand_texts_are_read_as_json_c_reads_them)
{
    uint32_t random = 2463534242;

    for (int i = 0; i < 100000; i++) {
        char text[256];
        const char *seed = seeds[i % (int)(sizeof seeds / sizeof seeds[0])];
        size_t length = strlen(seed);

        memcpy(text, seed, length + 1);
        if (i >= (int)(sizeof seeds / sizeof seeds[0]))
            length = mutate(text, length, sizeof text - 1, &random);
        if (strlen(text) == length)
            compare(text, length);
    }
}

TEST(a_text_is_a_number_up_to_40_characters)
{
    static const char *const numbers[] = {"{\"a\":\"1.00000000000000000000000000000000000000\"}",
                                          "{\"a\":\"1.000000000000000000000000000000000000000\"}"};

    for (int longer = 0; longer < 2; longer++) {
        struct capauth__span spans[3];
        int64_t number = 0;
        bool no_memory = false;

        assert_true(capauth__skim_object(numbers[longer], strlen(numbers[longer]), wanted, spans, 3));
        assert_int_equal(capauth__span_integer(&spans[0], &number, &no_memory), !longer);
        assert_int_equal(number, !longer);
        assert_false(no_memory);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_one_whole_object_is_taken),
        cmocka_unit_test(a_text_ends_where_its_length_says),
        cmocka_unit_test(members_are_found_by_name),
        cmocka_unit_test(of_a_list_the_first_element_and_the_count),
        cmocka_unit_test(a_control_character_in_a_message_is_tamed),
        cmocka_unit_test(a_text_is_a_number_up_to_40_characters),
        cmocka_unit_test(a_hundred_thousand_texts_are_read_as_json_c_reads_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
