#include "password_rule.h"

#include "text.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Enough for any sensible rule; (a+)+$ and its like would try for longer than anybody waits. */
enum { MOST_TRIES = 1000000 };

struct password_rule {
    pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *context;
};

/* At the bracket that ends a class, or at the last character. A bracket that comes first stands for itself. */
static const char *skip_class(const char *at)
{
    at += at[1] == '^' ? 2 : 1;
    for (const char *first = at; *at && at[1] && (*at != ']' || at == first); at++)
        at += *at == '\\' && at[2];
    return at;
}

/* Behind a group; NULL if it does not end. */
static const char *skip_group(const char *at)
{
    int depth = 0;
    for (; *at; at++) {
        if (*at == '\\' && at[1])
            at++;
        else if (*at == '[')
            at = skip_class(at);
        else if (*at == '(')
            depth++;
        else if (*at == ')' && --depth == 0)
            return at + 1;
    }
    return NULL;
}

/* Brands write rules of nothing but lookaheads, and mean that the rest may be anything. */
static bool is_all_lookahead(const char *pattern)
{
    const char *at = pattern + (*pattern == '^');
    while (at && (strncmp(at, "(?=", 3) == 0 || strncmp(at, "(?!", 3) == 0))
        at = skip_group(at);
    return at && at > pattern && !*at;
}

/* PCRE2 counts bytes. */
static size_t characters(const char *text, size_t bytes)
{
    size_t count = 0;
    for (size_t i = 0; i < bytes; i++)
        count += ((unsigned char)text[i] & 0xc0) != 0x80; /* not the continuation of a character */
    return count;
}

static pcre2_code *compile(const char *pattern, struct text *reason)
{
    int problem;
    size_t place;
    PCRE2_UCHAR said[160];
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
                                     PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED, &problem, &place, NULL);
    if (code)
        return code;
    if (pcre2_get_error_message(problem, said, sizeof said) < 0)
        said[0] = '\0';
    text_add_format(reason, "is not a regular expression: %s at character %zu", (const char *)said,
                    characters(pattern, place) + 1);
    return NULL;
}

struct password_rule *password_rule_new(const char *pattern, struct text *reason)
{
    struct text whole = {0};
    text_add_format(&whole, "%s%s", pattern, is_all_lookahead(pattern) ? ".*" : "");
    pcre2_code *code = compile(whole.data, reason);
    text_free(&whole);
    if (!code)
        return NULL;
    struct password_rule *rule = memory_new(sizeof *rule);
    rule->code = code;
    rule->data = pcre2_match_data_create_from_pattern(code, NULL);
    rule->context = pcre2_match_context_create(NULL);
    if (!rule->data || !rule->context)
        abort();
    pcre2_set_match_limit(rule->context, MOST_TRIES);
    return rule;
}

enum password_verdict password_rule_check(const struct password_rule *rule, const char *password)
{
    int result = pcre2_match(rule->code, (PCRE2_SPTR)password, PCRE2_ZERO_TERMINATED, 0, 0, rule->data, rule->context);
    if (result == PCRE2_ERROR_MATCHLIMIT)
        return PASSWORD_UNDECIDED;
    return result >= 0 ? PASSWORD_ACCEPTED : PASSWORD_REFUSED;
}

void password_rule_free(struct password_rule *rule)
{
    if (!rule)
        return;
    pcre2_match_context_free(rule->context);
    pcre2_match_data_free(rule->data);
    pcre2_code_free(rule->code);
    free(rule);
}
