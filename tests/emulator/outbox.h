/* The OTPs that were sent: what a customer's phone or mailbox would show. */
#ifndef EMULATOR_OUTBOX_H
#define EMULATOR_OUTBOX_H

#include "brand.h"

#include <stdbool.h>
#include <stdint.h>

struct events;
struct message;
struct text;

enum { OUTBOX_BUCKETS = 4096 };

/* The last messages, newest first. Those of one recipient, of any brand, are found without walking through all. */
struct outbox {
    struct message *newest, *oldest;
    struct message *buckets[OUTBOX_BUCKETS][2]; /* by identifierValue, by to */
    size_t count;
    uint64_t sent; /* ever */
    struct events *events; /* where new and changed messages are told */
};

struct message_content {
    const struct brand *brand;
    enum identifier_type type;
    const char *value, *to, *channel, *otp;
    const char *template; /* with {otp} in it, or NULL */
    int64_t sent_ms, expires_ms;
};

/* Whether an OTP still counts. One that is open has expired when its time is over. */
enum otp_state { OTP_OPEN, OTP_USED, OTP_REPLACED, OTP_VOID };

/* `owner` points to the message for as long as it is there and open. */
void outbox_add(struct outbox *outbox, const struct message_content *content, struct message **owner);
/* The OTP does not count any more; the message has no owner then. One that has expired stays open: its time tells.
 * NULL does nothing. */
void outbox_close(const struct outbox *outbox, struct message *message, enum otp_state state);
/* What is asked for. */
struct outbox_query {
    const struct brand *brand; /* NULL: any */
    const char *identifier; /* NULL: any */
    int64_t after_ms; /* only what was sent later */
    unsigned limit; /* 0: all */
};

/* Adds {"messages":[...]}, and gives how many. */
unsigned outbox_write(const struct outbox *outbox, const struct outbox_query *query, struct text *json);
/* The same, and each message has "id", "state" and "expiresAtMs" too. */
unsigned outbox_write_states(const struct outbox *outbox, const struct outbox_query *query, struct text *json);
/* Whether any message was for this identifier. */
bool outbox_knows(const struct outbox *outbox, const char *identifier);
/* Of one brand, or with NULL everything. */
void outbox_clear(struct outbox *outbox, const struct brand *brand);

#endif
