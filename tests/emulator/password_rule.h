/* A brand's rule for passwords: a regular expression as brands write them. */
#ifndef EMULATOR_PASSWORD_RULE_H
#define EMULATOR_PASSWORD_RULE_H

#include <stdbool.h>

struct password_rule;

/* NULL when the pattern is not one that we understand; `reason` then says why.
 * Beyond POSIX extended expressions: \d \w \s and escapes inside brackets, (?:...), and any number of
 * lookaheads (?=...) (?!...) at the start. As in Java's String.matches the whole password must match. */
struct password_rule *password_rule_new(const char *pattern, const char **reason);
bool password_rule_accepts(const struct password_rule *rule, const char *password);
void password_rule_free(struct password_rule *rule);

#endif
