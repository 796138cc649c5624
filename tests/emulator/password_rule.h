/* A brand's rule for passwords: a regular expression as brands write them, for Java. */
#ifndef EMULATOR_PASSWORD_RULE_H
#define EMULATOR_PASSWORD_RULE_H

struct password_rule;
struct text;

/* NULL, with `reason` saying why, when the pattern is not one. As in Java's String.matches the whole password must
 * match. */
struct password_rule *password_rule_new(const char *pattern, struct text *reason);

/* Undecided: the rule needs too many tries to tell. */
enum password_verdict { PASSWORD_ACCEPTED, PASSWORD_REFUSED, PASSWORD_UNDECIDED };
enum password_verdict password_rule_check(const struct password_rule *rule, const char *password);
void password_rule_free(struct password_rule *rule);

#endif
