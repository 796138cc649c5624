/* The shape of the Auth Engine's replies. */
#ifndef EMULATOR_REPLY_H
#define EMULATOR_REPLY_H

#include <stdbool.h>

struct answer;
struct http_reply;

void auth_reply(struct http_reply *reply, int code, const struct answer *answer, bool all_members);

#endif
