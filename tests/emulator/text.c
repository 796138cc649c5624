#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *memory_checked(void *memory)
{
    if (!memory) {
        fputs("capauth-emulator: out of memory\n", stderr);
        abort();
    }
    return memory;
}

void *memory_new(size_t size)
{
    return memory_checked(calloc(1, size));
}

void *memory_grow(void *memory, size_t size)
{
    return memory_checked(realloc(memory, size));
}

static void text_reserve(struct text *text, size_t more)
{
    size_t wanted = text->length + more + 1;
    if (wanted <= text->capacity)
        return;
    size_t capacity = text->capacity ? text->capacity * 2 : 256;
    text->capacity = capacity < wanted ? wanted : capacity;
    text->data = memory_grow(text->data, text->capacity);
}

void text_add(struct text *text, const char *data, size_t length)
{
    text_reserve(text, length);
    if (length)
        memcpy(text->data + text->length, data, length);
    text->length += length;
    text->data[text->length] = '\0';
}

void text_add_string(struct text *text, const char *string)
{
    text_add(text, string, strlen(string));
}

bool text_refuse(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    text_add_arguments(text, format, arguments);
    va_end(arguments);
    return false;
}

void text_add_format(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    text_add_arguments(text, format, arguments);
    va_end(arguments);
}

void text_add_arguments(struct text *text, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    if (length > 0) {
        text_reserve(text, (size_t)length);
        vsnprintf(text->data + text->length, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
}

/* The length of the character that begins here, or 0 if none does: overlong forms, surrogates and what
 * lies beyond Unicode are no characters. */
static size_t utf8_length(const unsigned char *c, size_t left)
{
    static const struct {
        unsigned char first, last, least_second, most_second;
        size_t length;
    } forms[] = {
        {0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    size_t form = 0, forms_count = sizeof forms / sizeof forms[0];
    while (form < forms_count && (c[0] < forms[form].first || c[0] > forms[form].last))
        form++;
    if (form == forms_count || forms[form].length > left)
        return 0;
    if (forms[form].length > 1 && (c[1] < forms[form].least_second || c[1] > forms[form].most_second))
        return 0;
    for (size_t i = 2; i < forms[form].length; i++)
        if ((c[i] & 0xc0) != 0x80)
            return 0;
    return forms[form].length;
}

/* How much of the string can stand in JSON as it is. */
static size_t json_plain_length(const char *string)
{
    const char *c = string;
    while ((unsigned char)*c >= 0x20 && *c != '"' && *c != '\\') {
        size_t length = (unsigned char)*c < 0x80 ? 1 : utf8_length((const unsigned char *)c, strnlen(c, 4));
        if (!length)
            break;
        c += length;
    }
    return (size_t)(c - string);
}

void text_add_json(struct text *text, const char *string)
{
    if (!string) {
        text_add_string(text, "null");
        return;
    }
    text_add(text, "\"", 1);
    while (*string) {
        size_t plain = json_plain_length(string);
        text_add(text, string, plain);
        string += plain;
        unsigned char c = (unsigned char)*string;
        if (!c)
            break;
        if (c == '"' || c == '\\')
            text_add_format(text, "\\%c", c);
        else
            text_add_format(text, "\\u%04x", c < 0x20 ? (unsigned)c : 0xfffdu); /* not UTF-8: from a path */
        string++;
    }
    text_add(text, "\"", 1);
}

void text_add_url(struct text *text, const char *string)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    for (const char *c = string; *c; c++) {
        if (strchr(plain, *c))
            text_add(text, c, 1);
        else
            text_add_format(text, "%%%02X", (unsigned)(unsigned char)*c);
    }
}

void text_add_html(struct text *text, const char *string)
{
    for (const char *c = string; c && *c; c++) {
        if (strchr("&<>\"'", *c))
            text_add_format(text, "&#%d;", *c);
        else
            text_add(text, c, 1);
    }
}

void text_free(struct text *text)
{
    free(text->data);
    memset(text, 0, sizeof *text);
}

char *text_copy(const char *string)
{
    return string ? memory_checked(strdup(string)) : NULL;
}

char *text_lower(const char *string)
{
    char *copy = text_copy(string);
    for (char *c = copy; c && *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    return copy;
}

char *text_upper(const char *string)
{
    char *copy = text_copy(string);
    for (char *c = copy; c && *c; c++)
        if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
    return copy;
}

void text_set(char **slot, const char *string)
{
    char *copy = text_copy(string);
    free(*slot);
    *slot = copy;
}

bool text_equal(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

bool text_has_control(const char *data, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)data[i] < 0x20 || data[i] == 0x7f)
            return true;
    return false;
}

size_t text_utf8_length(const char *data, size_t length)
{
    size_t at = 0, size;
    while (at < length && (size = utf8_length((const unsigned char *)data + at, length - at)))
        at += size;
    return at;
}

bool text_is_utf8(const char *data, size_t length)
{
    return text_utf8_length(data, length) == length;
}

bool text_is_digits(const char *string)
{
    return *string && string[strspn(string, "0123456789")] == '\0';
}

bool text_same_letters(const char *a, const char *b, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char x = (unsigned char)a[i], y = (unsigned char)b[i];
        x = x >= 'A' && x <= 'Z' ? (unsigned char)(x | 0x20) : x;
        y = y >= 'A' && y <= 'Z' ? (unsigned char)(y | 0x20) : y;
        if (x != y)
            return false;
    }
    return true;
}

bool text_equal_nocase(const char *a, const char *b)
{
    return strlen(a) == strlen(b) && text_same_letters(a, b, strlen(a));
}

bool text_begins_nocase(const char *text, const char *beginning)
{
    return strnlen(text, strlen(beginning)) == strlen(beginning) &&
           text_same_letters(text, beginning, strlen(beginning));
}

bool text_list_has(const char *list, const char *word)
{
    size_t length = strlen(word);
    while (list && *list) {
        list += strspn(list, ", ");
        size_t item = strcspn(list, ", ");
        if (item && item == length && text_same_letters(list, word, length))
            return true;
        list += item;
    }
    return false;
}
