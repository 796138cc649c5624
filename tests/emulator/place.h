/* Where something is in a JSON text that has been parsed: for messages about files. */
#ifndef EMULATOR_PLACE_H
#define EMULATOR_PLACE_H

#include <stddef.h>

struct place {
    size_t line, column; /* from 1; columns are characters */
};

struct place place_of(const char *text, size_t offset);

/* The value of an object's member, or of a list's element, which begins at the offset given; where it is not found,
 * that offset itself. */
size_t place_of_member(const char *json, size_t object, const char *name);
size_t place_of_element(const char *json, size_t list, size_t index);
/* Where a member's name stands anywhere within a value, or the value's own offset. */
size_t place_of_name(const char *json, size_t value, const char *name);

#endif
