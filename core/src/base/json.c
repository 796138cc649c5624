/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <json-c/printbuf.h>

#include <capauth/capauth.h>

#include "base/escape.h"
#include "base/text.h"

enum { EIGHT = 8, LONGEST_NUMBER = 40 };

const char *capauth__json_version(void)
{
    return json_c_version();
}

/* Whether the next eight bytes are printable ASCII: most are, so that looking at them together is worth it. */
static bool eight_plain(const char *text, size_t length)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t bytes;

    if (length < EIGHT)
        return false;
    memcpy(&bytes, text, EIGHT);
    /* In each byte the highest bit: set already, or set by a borrow below 0x20, or by one from 0x7f made 0. */
    return !((bytes | (bytes - ones * 0x20) | ((bytes ^ ones * 0x7f) - ones)) & ones * 0x80);
}

static bool is_utf8(const char *text, size_t length)
{
    size_t width;

    for (size_t i = 0; i < length; i += width) {
        width = eight_plain(text + i, length - i) ? EIGHT : capauth__utf8_length(text + i);
        if (!width)
            return false;
    }
    return true;
}

/* json-c takes NaN and Infinity for numbers, and names in single quotes. JSON's own words have no capitals, and
 * exponents only an E. */
static bool is_more_than_json(const char *text)
{
    while (*(text += strcspn(text, "NI'\"")) == '"') {
        text = capauth__string_end(text + 1);
        if (!*text)
            return false;
        text++;
    }
    return *text != '\0';
}

/* json-c collects strings in tok->pb: grown beforehand, so that growing leaves no copy behind, and wiped after. */
static bool prepare_scratch(struct json_tokener *tokener, size_t length)
{
    if (printbuf_memset(tokener->pb, 0, 0, (int)length + 1) < 0)
        return false;
    printbuf_reset(tokener->pb);
    return true;
}

int capauth__json_parse(const char *text, size_t length, capauth__json **root)
{
    struct json_tokener *tokener = json_tokener_new_ex(CAPAUTH__JSON_DEPTH);
    int result = CAPAUTH_E_PROTOCOL;

    *root = NULL;
    if (!tokener)
        return CAPAUTH_E_NO_MEMORY;
    if (length > INT32_MAX - 1 || !is_utf8(text, length)) /* json-c's own check lets surrogates through */
        goto out;
    if (!prepare_scratch(tokener, length)) {
        result = CAPAUTH_E_NO_MEMORY;
        goto out;
    }
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
    /* The NUL is part of what is parsed: json-c then knows that a number has ended. */
    *root = json_tokener_parse_ex(tokener, text, (int)length + 1);
    if (json_tokener_get_error(tokener) == json_tokener_success && json_tokener_get_parse_end(tokener) >= length &&
        !is_more_than_json(text)) {
        result = CAPAUTH_OK;
    } else {
        capauth__json_free(*root);
        *root = NULL;
    }
out:
    capauth__wipe(tokener->pb->buf, (size_t)tokener->pb->size);
    json_tokener_free(tokener);
    return result;
}

static void wipe_tree(struct json_object *value)
{
    switch (json_object_get_type(value)) {
    case json_type_string:
        /* The string lives inside the object; nothing else holds it. */
        capauth__wipe((void *)(uintptr_t)json_object_get_string(value), (size_t)json_object_get_string_len(value));
        break;
    case json_type_array:
        for (size_t i = 0; i < json_object_array_length(value); i++)
            wipe_tree(json_object_array_get_idx(value, i));
        break;
    case json_type_object: {
        json_object_object_foreach(value, name, member)
        {
            (void)name;
            wipe_tree(member);
        }
        break;
    }
    default:
        break;
    }
}

void capauth__json_free(capauth__json *root)
{
    if (root) {
        wipe_tree(root);
        json_object_put(root);
    }
}

bool capauth__json_is_object(const capauth__json *value)
{
    return value && json_object_is_type(value, json_type_object);
}

const capauth__json *capauth__json_member(const capauth__json *object, const char *name)
{
    struct json_object *member = NULL;

    if (capauth__json_is_object(object))
        json_object_object_get_ex(object, name, &member);
    return member;
}

const capauth__json *capauth__json_element(const capauth__json *array, size_t index)
{
    return json_object_is_type(array, json_type_array) ? json_object_array_get_idx(array, index) : NULL;
}

bool capauth__json_length(const capauth__json *array, size_t *length)
{
    if (!array || !json_object_is_type(array, json_type_array))
        return false;
    *length = json_object_array_length(array);
    return true;
}

const char *capauth__json_text(const capauth__json *value)
{
    const char *text;
    size_t length;

    if (!value || !json_object_is_type(value, json_type_string))
        return NULL;
    text = json_object_get_string((struct json_object *)(uintptr_t)value);
    length = (size_t)json_object_get_string_len(value);
    if (!length)
        return NULL;
    for (size_t i = 0; i < length;) {
        if (eight_plain(text + i, length - i))
            i += EIGHT;
        else if ((unsigned char)text[i] < 0x20 || text[i++] == 0x7f)
            return NULL;
    }
    return text;
}

const char *capauth__json_message(const capauth__json *value)
{
    char *text;

    if (!value || !json_object_is_type(value, json_type_string))
        return NULL;
    /* In place: the tree is ours alone. */
    text = (char *)(uintptr_t)json_object_get_string((struct json_object *)(uintptr_t)value);
    capauth__text_tame(text);
    return *text ? text : NULL;
}

/* Rounded down. Some servers write every number as a double: 1506.0, 1.76E9. */
static bool integer_of_double(double value, int64_t *number)
{
    const double limit = 9223372036854775808.0; /* 2^63 */

    if (!(value >= -limit && value < limit)) /* nor is it NaN */
        return false;
    *number = (int64_t)value;
    if ((double)*number > value)
        --*number;
    return true;
}

static bool integer_of_number(const capauth__json *value, int64_t *number)
{
    if (json_object_is_type(value, json_type_int)) {
        *number = json_object_get_int64(value);
        return true;
    }
    return json_object_is_type(value, json_type_double) && integer_of_double(json_object_get_double(value), number);
}

static bool integer_of_text(const char *text, int64_t *number)
{
    capauth__json *value = NULL;
    size_t length = strlen(text);
    char *end;
    long long parsed;
    bool found;

    errno = 0;
    parsed = strtoll(text, &end, 10);
    if (!errno && !*end && end != text) {
        *number = parsed;
        return true;
    }
    /* By json-c, since strtod knows the locale's comma. */
    found = length <= LONGEST_NUMBER && !capauth__json_parse(text, length, &value) && value &&
            json_object_is_type(value, json_type_double) && integer_of_number(value, number);
    capauth__json_free(value);
    return found;
}

bool capauth__json_integer(const capauth__json *value, int64_t *number)
{
    const char *text = capauth__json_text(value);

    return value && (text ? integer_of_text(text, number) : integer_of_number(value, number));
}

int capauth__json_boolean(const capauth__json *value, int fallback)
{
    const char *text = capauth__json_text(value);
    int64_t number;

    if (value && json_object_is_type(value, json_type_boolean))
        return json_object_get_boolean(value) ? 1 : 0;
    if (text && !strcmp(text, "true"))
        return 1;
    if (text && !strcmp(text, "false"))
        return 0;
    if (capauth__json_integer(value, &number) && (number == 0 || number == 1))
        return (int)number;
    return fallback;
}

static void put_separator(struct capauth__buffer *buffer)
{
    if (buffer->length && !strchr("{[", buffer->data[buffer->length - 1]))
        capauth__buffer_append(buffer, ",", 1);
}

/* ---- Members as they were written ---- */

static const char *skip_space(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

/* Where a value ends; what is nested in it is jumped over. */
static const char *value_end(const char *at)
{
    int depth = 0;

    for (; *at; at++) {
        if (*at == '"')
            at = capauth__string_end(at + 1);
        else if (strchr("{[", *at))
            depth++;
        else if ((strchr("}]", *at) && depth-- == 0) || (*at == ',' && !depth))
            break;
    }
    return at;
}

/* Without the white space between its parts. */
static void put_raw(struct capauth__buffer *out, const char *at, const char *end)
{
    while (at < end) {
        const char *next = at + 1;

        if (*at == '"')
            next = capauth__string_end(at + 1) + 1;
        if (!strchr(" \t\r\n", *at))
            capauth__buffer_append(out, at, (size_t)(next - at));
        at = next;
    }
}

/* The name in quotes, however it is escaped; one with a NUL is none of ours. Without memory `failed` is set. */
static bool name_is(const char *name, const char *end, bool (*is_known)(const char *name), bool *failed)
{
    struct capauth__buffer plain = {0};
    bool known = false;

    capauth__unescape(name, (size_t)(end - name), &plain);
    *failed = *failed || plain.failed;
    known = !plain.failed && plain.length && strlen(plain.data) == plain.length && is_known(plain.data);
    capauth__buffer_free(&plain);
    return known;
}

bool capauth__json_split(const char *text, bool (*is_known)(const char *name), struct capauth__buffer *known,
                         struct capauth__buffer *others)
{
    const char *at = skip_space(text);
    bool failed = false;

    capauth__json_open(known);
    while (*at == '{' || *at == ',') {
        const char *name = skip_space(at + 1);
        const char *name_end = *name == '"' ? capauth__string_end(name + 1) : name;
        struct capauth__buffer *out;

        if (*name_end != '"')
            break; /* the object is empty */
        at = value_end(name_end + 1);
        out = name_is(name + 1, name_end, is_known, &failed) ? known : others;
        put_separator(out);
        put_raw(out, name, at);
    }
    capauth__json_close(known);
    return !failed && !known->failed && capauth__buffer_append(others, "", 0);
}

/* ---- Writing ---- */

/* A quote, a backslash or a control character; else the byte as it is. */
static void put_escaped(struct capauth__buffer *buffer, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";

    if (c == '"' || c == '\\')
        capauth__buffer_append(buffer, (char[]){'\\', (char)c}, 2);
    else if (c < 0x20)
        capauth__buffer_append(buffer, (char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6);
    else
        capauth__buffer_append(buffer, (char[]){(char)c}, 1);
}

static void put_quoted(struct capauth__buffer *buffer, const char *text, size_t length)
{
    capauth__buffer_append(buffer, "\"", 1);
    while (length) {
        size_t plain = capauth__plain_prefix(text, length);

        capauth__buffer_append(buffer, text, plain);
        if (plain < length)
            put_escaped(buffer, (unsigned char)text[plain++]);
        text += plain;
        length -= plain;
    }
    capauth__buffer_append(buffer, "\"", 1);
}

static void put_name(struct capauth__buffer *buffer, const char *name)
{
    put_separator(buffer);
    if (name) {
        put_quoted(buffer, name, strlen(name));
        capauth__buffer_append(buffer, ":", 1);
    }
}

void capauth__json_open(struct capauth__buffer *buffer)
{
    capauth__buffer_append(buffer, "{", 1);
}

void capauth__json_close(struct capauth__buffer *buffer)
{
    capauth__buffer_append(buffer, "}", 1);
}

size_t capauth__json_put_text(struct capauth__buffer *buffer, const char *name, const char *text)
{
    size_t start;

    if (!text)
        return 0;
    put_name(buffer, name);
    start = buffer->length;
    put_quoted(buffer, text, strlen(text));
    return buffer->failed ? 0 : buffer->length - start - 2;
}

void capauth__json_put_integer(struct capauth__buffer *buffer, const char *name, int64_t number)
{
    put_name(buffer, name);
    capauth__buffer_number(buffer, number);
}

void capauth__json_put_members(struct capauth__buffer *buffer, const char *members)
{
    if (!members || !*members)
        return;
    put_separator(buffer);
    capauth__buffer_text(buffer, members);
}
