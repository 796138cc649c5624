/* SPDX-License-Identifier: Apache-2.0 */
/* The enumerations' names, which core/enums.json has, and its numbers compared with those of capauth.h. */
#include <capauth/capauth.h>

#define SAME(constant, number) _Static_assert((constant) == (number), "capauth.h and enums.json differ");
#define FLOW(NAME, number, text) SAME(CAPAUTH_FLOW_##NAME, number)
#define IDENTIFIER(NAME, number, text) SAME(CAPAUTH_IDENTIFIER_##NAME, number)
#define STEP(NAME, number, text) SAME(CAPAUTH_STEP_##NAME, number)
#define LOG(NAME, number, text) SAME(CAPAUTH_LOG_##NAME, number)
#define TRACE(NAME, number, text) SAME(CAPAUTH_TRACE_##NAME, number)
#include "generated/enums.def"

static const char *const step_names[] = {
#define STEP(NAME, number, text) [CAPAUTH_STEP_##NAME] = (text),
#include "generated/enums.def"
};

enum { STEP_NAMES = sizeof step_names / sizeof step_names[0] };

const char *capauth_step_name(int step)
{
    return step > 0 && step < STEP_NAMES ? step_names[step] : "unknown";
}
