/* Everything that the emulator knows. One thread serves all requests, so that nothing here is locked. */
#ifndef EMULATOR_EMULATOR_H
#define EMULATOR_EMULATOR_H

#include "clock.h"
#include "events.h"
#include "faults.h"
#include "issued.h"
#include "journal.h"
#include "jwt.h"
#include "map.h"
#include "outbox.h"
#include "record.h"
#include "revoked.h"
#include "session.h"

#include <stdint.h>

struct json_object;
struct options;

struct emulator {
    const struct options *options;
    struct clock clock;
    struct jwt_signer *signer;
    char *secret; /* the signer's */
    struct map brands; /* name in lower case -> struct brand */
    struct sessions sessions;
    struct revoked revoked;
    struct outbox outbox;
    struct faults faults;
    struct journal journal;
    struct records records;
    struct events events;
    struct issued issued;
    struct map counts; /* "POST /auth/..." -> uint64_t, of all brands and none */
    struct json_object *brand_file; /* applied again by a reset; may be NULL */
    uint64_t last_customer, last_organisation;
};

#endif
