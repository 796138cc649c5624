/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole client in a world of its own: a clock that only the world moves on (clock.c), a transport of nothing
 * (transport.c) and the service behind it (service.c), all driven by the bytes of one input (steps.c). Beside it a
 * model (model.c) says after each event what must hold; it knows only what engine.md and capauth.h promise.
 */
#ifndef WORLD_H
#define WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <capauth/capauth.h>

#include "../fuzz.h"
#include "net/exchange.h"
#include "session/call.h"

enum { CUSTOMERS = 4, CALLS = 16, REQUESTS = 32, LISTENERS = 64, EXPORTS = 4, MOST_STEPS = 300 };

/* What a request asks for, by its path: the table of engine.md, once more. */
enum asks {
    ASKS_SESSION,
    ASKS_OTP,
    ASKS_SIGN_IN, /* with an OTP or a password */
    ASKS_PASSWORD,
    ASKS_TOKEN,
    ASKS_EXPIRY,
    ASKS_IDENTIFIER,
    ASKS_GATEWAY,
    ASKS_CONNECTION,
    ASKS_NOTHING /* it has not been sent */
};

/* What is known of the last sending of a request. */
enum reach { NOT_SENT, TURNED_AWAY, LOST, ANSWERED };

/* One session, and what the model knows of it. */
struct customer {
    capauth_session *session; /* NULL: there is none */
    int flow;
    char brand[16]; /* its own */
    unsigned sign_in; /* which one it is: counted here */
    unsigned token_number; /* which token of it, by its text */
    char *token; /* as it was last seen; so the next */
    char *key;
    char *identifier;
    char *counted; /* the token and identifier that token_number counts */
    char *told; /* the export when the application was last told of a change */
    struct listener *observer;
    bool token_may_go; /* a token expire that may have arrived has ended without an answer */
    bool closed;
};

/* One call, also an automatic regeneration, from its start to its outcome. */
struct life {
    struct life *next;
    const capauth_call *call;
    struct customer *customer; /* NULL: none, or its handle is gone */
    enum capauth__operation operation;
    bool internal;
    bool ended;
    bool doomed; /* a sign-out ends it */
    int code;
    int64_t ended_ms;
    unsigned sign_in; /* of the customer, when it began; so the next two */
    unsigned token_number;
    char *key;
    int64_t early_deadline_ms; /* the deadline is between these two */
    int64_t late_deadline_ms;
    int64_t not_before_ms; /* a server has asked to wait so long */
    enum asks asks;
    bool repeatable;
    int sent;
    enum reach reach;
    bool may_have_arrived; /* any sending of it */
    bool succeeded; /* the service has said yes */
};

/* A handle of a call that the application holds. */
struct handle {
    capauth_call *call; /* NULL: none */
    struct life *life; /* NULL: it was refused on the spot */
    bool done; /* as it was last seen */
    bool collected;
    bool waited_for; /* just now: it may be collected already */
    bool cancelled;
    int code;
};

/* What an answer says, as its writer knows. */
struct said {
    bool reply; /* it is one of the Auth Engine's */
    bool success;
    int code;
    char *token; /* NULL: none */
    char *key;
};

/* A request under way. */
struct request {
    struct capauth__exchange *exchange; /* NULL: none */
    struct life *life;
    bool left; /* the server may have seen it */
    bool answered; /* the answer is there, and not handed out yet */
    struct capauth__answer answer;
    struct said said;
    char *body;
};

/* What the application gave with a callback. */
struct listener {
    struct customer *customer;
    bool freed;
    int told;
};

/* What the operation that is about to start was given. */
struct plan {
    int64_t started_ms;
    int timeout_ms;
    bool repeatable;
};

struct world {
    const uint8_t *at; /* of the input */
    const uint8_t *end;
    bool shown; /* the steps are printed */
    int steps;
    int depth; /* of callbacks */
    int callback_steps; /* what the next callback does */
    unsigned serial; /* no two secrets are alike */

    capauth_client *client; /* NULL: its handle is gone */
    bool closed;
    int fd;
    int timeout_ms;
    int max_retries;
    int max_connections;
    bool slow; /* time passes while the client works */
    bool connects_at_once;
    int fails_at_once; /* what the next start fails with; 0: it does not */

    struct plan plan;
    struct customer customers[CUSTOMERS];
    struct handle handles[CALLS];
    struct request requests[REQUESTS];
    struct life *lives;
    struct listener listeners[LISTENERS];
    int listener_count;
    char *exports[EXPORTS];
    int finished; /* calls whose end the next poll counts */
    int finished_inside; /* those of them that ended in a callback, since the last poll began */
    int told; /* callbacks so far */
    int delivered; /* answers so far */
    int sent; /* requests so far */
};

extern struct world world;

/* ---- The input ---- */

/* The next byte; 0 when there are no more. */
unsigned take(void);
unsigned choose(unsigned count);
bool has_input(void);
/* Prints a step, where they are shown. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- The clock ---- */

void clock_reset(void);
/* Whether time passes with each look at it. */
void clock_tick(bool ticks);
int64_t clock_ms(void);
void clock_advance(int64_t ms);
/* How long until the client's timer goes off; -1: it is not set. */
int64_t clock_until_timer(void);

/* ---- The transport and the service ---- */

/* The place of one of those that are under way; NULL: there is none. */
struct request *request_chosen(bool unanswered);
/* The answer is there: the client is told of it by a descriptor. */
void request_answered(struct request *request);
void requests_leave(void);

/* These write an answer. */
void service_agrees(struct request *request);
void service_refuses(struct request *request);
/* Somebody else answers, or nobody. */
void service_is_not_reached(struct request *request);
void said_free(struct said *said);
/* Marks of what must never be seen: each password, OTP and session id begins so, each token, and each key. */
#define SECRET_MARK "#5e"
#define TOKEN_MARK "eyJuIjoi"
#define HIDDEN_MARK "\\u0023\\u0035\\u0065" /* the first, escaped */
char *secret_new(const char *kind);

/* ---- The model ---- */

void model_began(const capauth_call *call);
void model_sends(struct request *request);
void model_delivers(struct request *request);
void model_delivered(const struct request *request);
void model_withdrawn(const struct request *request);
void model_ended(const capauth_call *call);

/* Nothing has changed of any customer but what the model has seen coming. */
void model_looks(void);
/* The descriptor is not readable: nothing is due, and whoever observes has been told of everything. */
void model_rests(void);
/* The customer has a new state on purpose: it is looked at anew. */
void customer_sees(struct customer *customer);
/* Frees its handle, and knows nothing of it any more. */
void customer_free(struct customer *customer);
bool life_is_exclusive(const struct life *life);
/* No secret is in what the application is shown. */
void check_shown(const char *text);
struct life *life_of(const capauth_call *call);
struct handle *handle_of(const capauth_call *call);

/* ---- The steps ---- */

void step(void);
/* The client waits for something, until `end_ms`: something happens, or time passes. */
void world_passes_time(int64_t end_ms);
/* One poll, which counts each end once. */
int turn(int timeout_ms);
/* Runs the client until its descriptor says that nothing is left to do. */
void settle(void);
void watch_handles(void);

#endif
