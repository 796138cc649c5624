/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs of the benchmark share. tests/bench/run starts them, with an emulator in the environment. */
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>

#include <capauth/capauth.h>

/* The brand's OTP is always this one. */
#define BENCH_BRAND "Bench"
#define BENCH_OTP "012345"

const char *bench_url(void);
const char *bench_ca_file(void);
/* The number'th argument, or `usual`. */
int bench_argument(int count, char **arguments, int number, int usual);

int64_t bench_now_ns(void);
/* User and system time of this process. */
int64_t bench_cpu_ns(void);

/* A customer nobody has seen before; at most 32 bytes. */
void bench_mobile(char out[32]);
/* Ends the program with a word on what failed, unless it is 0. */
void bench_check(int code, const char *what);
capauth_client *bench_client(int max_connections);
capauth_session *bench_session(capauth_client *client);

/* Between these two: rate and CPU, as one line of JSON. */
struct bench_span {
    int64_t start_ns;
    int64_t start_cpu_ns;
};
struct bench_span bench_begin(void);
void bench_end(struct bench_span span, int sign_ins);

#endif
