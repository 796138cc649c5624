/* SPDX-License-Identifier: Apache-2.0 */
#include "session/outcome.h"

#include <capauth/capauth.h>

void capauth__attempts_add(struct capauth__attempts *attempts, enum capauth__reach reach)
{
    attempts->lost_before = attempts->lost_before || attempts->last == CAPAUTH__LOST;
    attempts->last = reach;
}

/* Nobody can say whether it was done. What may not be repeated is never sent again after an attempt that was lost, so
 * that the last attempt tells it all. */
static bool is_unknown(const struct capauth__attempts *attempts)
{
    return !attempts->repeatable && attempts->last == CAPAUTH__LOST;
}

struct capauth__outcome capauth__outcome_of(const struct capauth__attempts *attempts, int cause)
{
    struct capauth__outcome outcome = {.code = cause, .cause = cause};

    if (cause != CAPAUTH_OK && is_unknown(attempts))
        outcome.code = CAPAUTH_E_UNKNOWN_OUTCOME;
    outcome.maybe_sent =
        attempts->lost_before || attempts->last == CAPAUTH__LOST || attempts->last == CAPAUTH__ANSWERED;
    outcome.retryable = !attempts->pointless && capauth_error_retryable(outcome.code);
    return outcome;
}

/* Who answers so has not processed the request: a proxy or the CDN, which refuse or redirect it, or are too busy. */
static bool turns_away(int http_status)
{
    return (http_status >= 300 && http_status < 500) || http_status == 503;
}

static enum capauth__reach reach_of(const struct capauth__answer *answer)
{
    if (answer->error == CAPAUTH_E_SERVICE) /* by a proxy, which did not let it through */
        return CAPAUTH__TURNED_AWAY;
    if (answer->error)
        return answer->may_have_left ? CAPAUTH__LOST : CAPAUTH__NOT_SENT;
    return turns_away(answer->http_status) ? CAPAUTH__TURNED_AWAY : CAPAUTH__LOST;
}

/* The same request will always be turned away so; but a CDN's mood changes. */
static bool is_final(int http_status)
{
    return http_status < 500 && http_status != 403 && http_status != 408 && http_status != 429;
}

void capauth__attempts_end(struct capauth__attempts *attempts, const struct capauth__answer *answer)
{
    capauth__attempts_add(attempts, reach_of(answer));
    attempts->pointless = attempts->last == CAPAUTH__TURNED_AWAY && is_final(answer->http_status);
}

static bool is_passing(const struct capauth__answer *answer)
{
    switch (answer->error) {
    case CAPAUTH_OK:
        return answer->http_status == 408 || answer->http_status == 429 || answer->http_status >= 500;
    case CAPAUTH_E_RESOLVE:
    case CAPAUTH_E_CONNECT:
    case CAPAUTH_E_NETWORK:
        return true;
    default:
        return false;
    }
}

bool capauth__may_repeat(const struct capauth__attempts *attempts, const struct capauth__answer *answer)
{
    bool may = attempts->repeatable || (answer->error && !answer->may_have_left);

    return may && is_passing(answer);
}
