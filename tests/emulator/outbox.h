/* The OTPs that were sent: what a customer's phone or mailbox would show. */
#ifndef EMULATOR_OUTBOX_H
#define EMULATOR_OUTBOX_H

#include "brand.h"

#include <stdint.h>

struct message;
struct text;

enum { OUTBOX_BUCKETS = 4096 };

/* The last messages, newest first, findable by brand-free recipient without walking through all. */
struct outbox {
    struct message *newest, *oldest;
    struct message *buckets[OUTBOX_BUCKETS][2]; /* by identifierValue, by to */
    size_t count;
};

struct message_content {
    const struct brand *brand;
    enum identifier_type type;
    const char *value, *to, *channel, *otp;
    const char *template; /* with {otp} in it, or NULL */
    int64_t sent_ms;
};

void outbox_add(struct outbox *outbox, const struct message_content *content);
/* Adds {"messages":[...]}; brand and identifier NULL mean any, limit 0 all. */
void outbox_write(const struct outbox *outbox, const struct brand *brand, const char *identifier, unsigned limit,
                  struct text *json);
/* Of one brand, or with NULL everything. */
void outbox_forget(struct outbox *outbox, const struct brand *brand);

#endif
