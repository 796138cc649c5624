/* SPDX-License-Identifier: Apache-2.0 */
/* One customer of the emulator's, an operation of theirs while memory runs out, and what must hold after it. */
#ifndef WORLD_H
#define WORLD_H

#include <stdbool.h>

#include <capauth/capauth.h>

#include "report.h"
#include "service.h"

#define OTP "483920"
#define PASSWORD "Corr3ct-Horse"
#define NEW_PASSWORD "Stapl3-Wagon"

struct world;

/* Of a life. */
enum {
    ONCE = 1 << 0, /* its request is never sent twice */
    CLEARS = 1 << 1, /* takes the token away, even when it fails */
    NEEDS_CONTROL = 1 << 2, /* of the emulator, in `prepare` */
    RENEWS = 1 << 3, /* may get a new token before it fails */
    HAS_CUSTOMER = 1 << 4 /* there is a session, which goes on afterwards */
};

/* A way of life: something that an application does with capauth. */
struct life {
    const char *name;
    const char *brand;
    unsigned traits;
    void (*prepare)(struct world *world);
    int (*act)(struct world *world); /* while memory runs out; gives the operation's outcome */
    int expected; /* its outcome with memory */
    void (*judge)(struct world *world, int code); /* what is particular to it; NULL: nothing */
    const char *request; /* what it sends, as the emulator counts it; NULL: not looked at */
};

struct world {
    const struct life *life;
    const struct service *service;
    struct report *report;
    bool blocking; /* operations block; else there are calls */
    char identifier[24];
    char other_identifier[24];
    capauth_client *client;
    capauth_session *session;
    capauth_session *second;
    capauth_options *options;
    capauth_call *call;
    char *text; /* an export, for restore and reload */
    char *made; /* what the operation made */
    int progress; /* of operations in several steps: those that are done */
    int told; /* how often the session's change was told */
    int freed; /* how often a callback's data were */
};

/* Notes what is wrong, unless something is already. */
void complain(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
#define EXPECT(world, condition) ((condition) ? (void)0 : complain(world, "%s does not hold", #condition))
/* The same for a code; of what prepares and what follows. */
void expect_code(struct world *world, int code, int expected, const char *what);
#define EXPECT_CODE(world, expression, expected) expect_code(world, expression, expected, #expression)

/* Where an operation puts its call. */
capauth_call **call_slot(struct world *world);
/* The outcome of an operation that `started` so. */
int outcome(struct world *world, int started);

void make_client(struct world *world);
capauth_session *make_session(struct world *world, int flow);
void sign_in(struct world *world, capauth_session *session);
/* A gateway call that must succeed. */
void use_gateway(struct world *world, capauth_session *session);

/* All of one run. */
void live(struct world *world, const struct shortage *shortage);

extern const struct life lives[];

#endif
