/* SPDX-License-Identifier: Apache-2.0 */
/* What all programs of the benchmark share, whoever they measure. tests/bench/run starts them, with a service in the
 * environment. */
#ifndef MEASURE_H
#define MEASURE_H

#include <stdint.h>

/* The brand's OTP is always this one. */
#define BENCH_BRAND "Bench"
#define BENCH_OTP "012345"

const char *bench_url(void);
const char *bench_ca_file(void);
/* The number'th argument, or `usual`. */
int bench_argument(int count, char **arguments, int number, int usual);
const char *bench_text_argument(int count, char **arguments, int number, const char *usual);

int64_t bench_now_ns(void);

/* A customer nobody has seen before; at most 32 bytes. */
void bench_mobile(char out[32]);
/* Ends the program with a word on what failed, unless it is 0. */
void bench_check(int code, const char *what);

/* Does it `count` times, and prints rate and CPU of one, as a line of JSON. Callgrind counts inside this function. */
void bench_measure(int count, void (*work)(int count, void *data), void *data);

#endif
