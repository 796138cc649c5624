/* SPDX-License-Identifier: Apache-2.0 */
/* Crashes as places in code, and places as names. */
#ifndef TRACE_H
#define TRACE_H

#include <stdbool.h>
#include <stddef.h>

#include "report.h"

/* From here on a crash of this process, or `seconds` that pass, end it with the place in the report. */
void trace_catch_crashes(struct report *report, unsigned seconds);

/* "libjson-c.so.5:json_object_object_add"; of a function that its library does not export, the one before it. */
void trace_name(const void *address, char *out, size_t size);
/* The library of an address: "libjson-c.so.5"; "" for none. */
void trace_library(const void *address, char *out, size_t size);
/* A line for each address, with file and line where there is debug information. */
void trace_print(const char *what, const struct place *place);

#endif
