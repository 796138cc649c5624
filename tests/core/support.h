/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the C tests share: the emulator as a program of its own, over TLS on a free port; a server that answers whatever
 * bytes a test wants; and the sentences that tests are made of.
 */
#ifndef SUPPORT_H
#define SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <capauth/capauth.h>

/* A test of cmocka's that needs no state of its own. */
#define TEST(name) static void name(__attribute__((unused)) void **no_state)

/* How long a test waits for what happens at once on an idle machine: only failures take that long. */
enum { PATIENCE_MS = 20000 };

struct emulator {
    int process;
    int output;
    char url[64];
    char ca_file[256];
};

/* The program that CAPAUTH_EMULATOR names. Ends with the test program at the latest. */
struct emulator *emulator_start(void);
void emulator_stop(struct emulator *emulator);
/* One for the whole test program; tests keep to brands of their own. For cmocka's group fixtures. */
extern struct emulator *shared;
int start_shared(void **state);
int stop_shared(void **state);

/* A control call, `what` without "/_emulator/": its reply, valid until the next one. Fails the test unless it is 200.
 */
const char *control(const struct emulator *emulator, const char *method, const char *what, const char *body);
/* The newest OTP sent to the identifier; fails the test when there is none. */
const char *otp_of(const struct emulator *emulator, const char *brand, const char *identifier);
/* How many requests of "POST /auth/v1/otp/generate" the brand, or with NULL all, has seen since the last reset. */
int requests_of(const struct emulator *emulator, const char *brand, const char *request);
/* A brand of the test's own, with these settings as JSON ("{}": OTP only). */
void make_brand(const struct emulator *emulator, const char *brand, const char *settings);
/* The next `count` requests to the path go wrong; `fault` is JSON members: "\"reset\":\"after\"". */
void make_fault(const struct emulator *emulator, const char *brand, const char *path, int count, const char *fault);

/* Each must succeed. */
capauth_client *client_of(const char *url);
capauth_client *new_client(const struct emulator *emulator);
capauth_session *new_mobile(capauth_client *client, const char *brand, const char *mobile);
capauth_session *new_web(capauth_client *client, const char *brand, const char *mobile);
/* Token generate, started; the call is the caller's. */
capauth_call *start_token(capauth_session *customer, int timeout_ms);
/* The whole file, which the test frees. */
char *text_of_file(const char *path);
/* By OTP, to the end. */
void sign_in(const struct emulator *emulator, capauth_session *customer);

/*
 * A server on plain HTTP (loopback) that answers each request, once it has come whole, with the next of `replies`
 * (NULL-terminated; the last one is used again), then closes if `close_after`. An empty reply drops the connection.
 */
struct raw_server;
struct raw_server *raw_server_start(const char *const *replies, bool close_after);
const char *raw_server_url(const struct raw_server *server);
/* How many whole requests came, and the last one's text. */
int raw_server_requests(struct raw_server *server);
void raw_server_last_request(struct raw_server *server, char *out, size_t size);
void raw_server_stop(struct raw_server *server);
/* "HTTP/1.1 200 OK" with a length and this body; valid until the test program ends. */
const char *http_reply(const char *status_line, const char *headers, const char *body);
capauth_client *new_raw_client(const struct raw_server *server);

/* 0, or the test fails with the names of both codes. */
#define assert_code(actual, expected) check_code((actual), (expected), #actual, __FILE__, __LINE__)
void check_code(int actual, int expected, const char *what, const char *file, int line);

#endif
