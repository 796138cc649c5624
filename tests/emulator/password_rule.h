/* A brand's rule for passwords: a regular expression as brands write them, for Java. */
#ifndef EMULATOR_PASSWORD_RULE_H
#define EMULATOR_PASSWORD_RULE_H

#include <stdbool.h>

struct password_rule;
struct text;

/* NULL, with `reason` saying why, when the pattern is not one. As in Java's String.matches the whole password must
 * match. */
struct password_rule *password_rule_new(const char *pattern, struct text *reason);
/* A match that takes too long is none. */
bool password_rule_accepts(const struct password_rule *rule, const char *password);
void password_rule_free(struct password_rule *rule);

#endif
