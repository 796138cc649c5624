/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an operation's end means, decided in one place: from how far each of its attempts got, and why it ended. A
 * request that may have been processed and may not be repeated has an unknown outcome, whatever ended it.
 */
#ifndef CAPAUTH_OUTCOME_H
#define CAPAUTH_OUTCOME_H

#include <stdbool.h>

#include "net/exchange.h"

/* How far an attempt got. */
enum capauth__reach {
    CAPAUTH__NOT_SENT, /* nothing of the request has left */
    CAPAUTH__TURNED_AWAY, /* it arrived, and was not processed */
    CAPAUTH__LOST, /* it may have been processed, and the answer did not come, or could not be read */
    CAPAUTH__ANSWERED
};

/* All attempts of one call, folded together as they end. */
struct capauth__attempts {
    bool repeatable; /* another attempt does no harm */
    enum capauth__reach last;
    bool lost_before; /* an attempt before the last was lost */
    bool pointless; /* the same request would be turned away again */
};

/* What became of it. */
struct capauth__outcome {
    int code; /* CAPAUTH_OK, the Auth Engine's, or CAPAUTH_E_... */
    int cause; /* why it ended: as `code`, but for CAPAUTH_E_UNKNOWN_OUTCOME */
    bool maybe_sent;
    bool retryable; /* the same call may succeed later, and does no harm */
};

void capauth__attempts_add(struct capauth__attempts *attempts, enum capauth__reach reach);
/* What these attempts come to when they end for this cause. */
struct capauth__outcome capauth__outcome_of(const struct capauth__attempts *attempts, int cause);

/* The same for one that ended with this answer, before anybody has read its body, or with one that makes no sense. */
void capauth__attempts_end(struct capauth__attempts *attempts, const struct capauth__answer *answer);
/* Whether what this answer says may be gone by the next attempt, and another attempt is allowed. */
bool capauth__may_repeat(const struct capauth__attempts *attempts, const struct capauth__answer *answer);

#endif
