/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Targets for a fuzzer: each file fuzz_*.c is one, over functions that take values and give values, and says what must
 * hold for every input. libFuzzer calls it (`make fuzz`), or driver.c, which needs no special compiler (`make test`).
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold; otherwise this input is a finding. */
#define HOLDS(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);                             \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

/* A text of the input's bytes, up to the first NUL; the target frees it. */
static inline char *text_of(const uint8_t *data, size_t size)
{
    char *text = calloc(size + 1, 1);

    HOLDS(text);
    for (size_t i = 0; i < size; i++)
        text[i] = (char)data[i];
    return text;
}

#endif
