/* Text and memory: growing buffers, copies, case folding, JSON strings. */
#ifndef EMULATOR_TEXT_H
#define EMULATOR_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* Zeroed memory. The program ends when there is none: a test server has nothing better to do. */
void *memory_new(size_t size);
void *memory_grow(void *memory, size_t size);

/* A text that grows. All zeroes is an empty one; `data` ends with a NUL once something was added. */
struct text {
    char *data;
    size_t length;
    size_t capacity;
};

void text_add(struct text *text, const char *data, size_t length);
void text_add_string(struct text *text, const char *string);
void text_add_format(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_add_arguments(struct text *text, const char *format, va_list arguments) __attribute__((format(printf, 2, 0)));
/* The same; always false, so that a check can return it with its reason. */
bool text_refuse(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Adds a JSON string with its quotes, or null for NULL. */
void text_add_json(struct text *text, const char *string);
/* Adds what a URL can have as it is, and the rest with percent signs. */
void text_add_url(struct text *text, const char *string);
/* Adds text of a page: nothing in it is markup. NULL adds nothing. */
void text_add_html(struct text *text, const char *string);
void text_free(struct text *text);

/* NULL gives NULL. */
char *text_copy(const char *string);
/* A copy in lower or upper case, ASCII only: brands compare without regard to case. */
char *text_lower(const char *string);
char *text_upper(const char *string);
void text_set(char **slot, const char *string);

bool text_equal(const char *a, const char *b); /* NULL equals NULL only */
bool text_has_control(const char *data, size_t length);
bool text_is_utf8(const char *data, size_t length);
/* How much of the data is UTF-8: all of it, or up to the first byte that is not. */
size_t text_utf8_length(const char *data, size_t length);
bool text_is_digits(const char *string);
/* Without regard to case, of ASCII only. */
bool text_same_letters(const char *a, const char *b, size_t length);
bool text_equal_nocase(const char *a, const char *b);
bool text_begins_nocase(const char *text, const char *beginning);
/* Whether the comma-separated list holds the word, without regard to case. */
bool text_list_has(const char *list, const char *word);

#endif
