#include "password_rule.h"

#include "text.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LOOKAHEADS = 16, MAX_PATTERN = 512 };

struct lookahead {
    regex_t regex;
    bool wanted; /* (?=...) as against (?!...) */
};

/* POSIX expressions have no lookahead, and brands' rules are made of them. At the start of the
 * pattern each is simply one more expression that has to match, or not, from the first character. */
struct password_rule {
    struct lookahead lookaheads[MAX_LOOKAHEADS];
    size_t lookahead_count;
    regex_t whole;
    bool has_whole;
};

static const char *class_of_escape(char c)
{
    return c == 'd' ? "0-9" : c == 'w' ? "A-Za-z0-9_" : c == 's' ? " \t\n\r\f\v" : NULL;
}

static bool is_letter_or_digit(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* In a POSIX bracket a backslash stands for itself, so that ] must come first and - last. */
struct bracket {
    struct text body;
    bool closing, dash, caret;
};

static void bracket_add(struct bracket *bracket, char c)
{
    if (c == ']')
        bracket->closing = true;
    else if (c == '-')
        bracket->dash = true;
    else if (c == '^')
        bracket->caret = true;
    else
        text_add(&bracket->body, &c, 1);
}

/* Reads the bracket's members up to its ]; gives the character after it, or NULL if it makes no sense. */
static const char *bracket_read(struct bracket *bracket, const char *from)
{
    const char *start = from;
    for (; *from && (*from != ']' || from == start); from++) {
        if (*from == '\\' && from[1]) {
            const char *class = class_of_escape(*++from);
            if (class)
                text_add_string(&bracket->body, class);
            else if (is_letter_or_digit(*from))
                return NULL;
            else
                bracket_add(bracket, *from);
        } else if (*from == '-' && from > start && from[1] && from[1] != ']') {
            text_add(&bracket->body, from, 1); /* a range */
        } else {
            bracket_add(bracket, *from);
        }
    }
    return *from ? from + 1 : NULL;
}

static const char *translate_bracket(struct text *out, const char *from)
{
    struct bracket bracket = {0};
    bool negated = *from == '^';
    from = bracket_read(&bracket, from + negated);
    bool caret_first = bracket.caret && !bracket.body.length && !bracket.closing && !negated;
    if (from && caret_first) {
        text_add_string(out, bracket.dash ? "[-^]" : "\\^");
    } else if (from) {
        text_add_format(out, "[%s%s%s%s%s]", negated ? "^" : "", bracket.closing ? "]" : "",
                        bracket.body.length ? bracket.body.data : "", bracket.caret ? "^" : "",
                        bracket.dash ? "-" : "");
    }
    text_free(&bracket.body);
    return from;
}

/* Turns a pattern into a POSIX extended one; false when it holds what we do not understand. */
static bool translate(struct text *out, const char *from, const char *end)
{
    while (from && from < end) {
        if (*from == '[') {
            from = translate_bracket(out, from + 1);
        } else if (*from == '\\' && from + 1 < end) {
            const char *class = class_of_escape(from[1]);
            if (class)
                text_add_format(out, "[%s]", class);
            else if (is_letter_or_digit(from[1]) && !strchr("WSbB", from[1]))
                return false;
            else
                text_add(out, from, 2);
            from += 2;
        } else if (*from == '(' && from + 2 < end && from[1] == '?') {
            if (from[2] != ':')
                return false;
            text_add(out, "(", 1);
            from += 3;
        } else {
            text_add(out, from++, 1);
        }
    }
    return from != NULL;
}

/* The parenthesis that closes the group which `from` is inside of, or NULL. */
static const char *group_end(const char *from)
{
    int depth = 1;
    for (; *from; from++) {
        if (*from == '\\' && from[1]) {
            from++;
        } else if (*from == '[') {
            struct bracket skipped = {0};
            const char *after = bracket_read(&skipped, from + 1 + (from[1] == '^'));
            text_free(&skipped.body);
            if (!after)
                return NULL;
            from = after - 1;
        } else if (*from == '(') {
            depth++;
        } else if (*from == ')' && --depth == 0) {
            return from;
        }
    }
    return NULL;
}

static bool compile(regex_t *regex, const char *from, const char *end, const char *before, const char *after)
{
    struct text pattern = {0};
    text_add_string(&pattern, before);
    bool ok = translate(&pattern, from, end);
    text_add_string(&pattern, after);
    ok = ok && regcomp(regex, pattern.data, REG_EXTENDED | REG_NOSUB) == 0;
    text_free(&pattern);
    return ok;
}

static const char *compile_lookaheads(struct password_rule *rule, const char *pattern)
{
    while (strncmp(pattern, "(?=", 3) == 0 || strncmp(pattern, "(?!", 3) == 0) {
        struct lookahead *lookahead = &rule->lookaheads[rule->lookahead_count];
        const char *end = group_end(pattern + 3);
        if (!end || rule->lookahead_count == MAX_LOOKAHEADS || !compile(&lookahead->regex, pattern + 3, end, "^(", ")"))
            return NULL;
        lookahead->wanted = pattern[2] == '=';
        rule->lookahead_count++;
        pattern = end + 1;
    }
    return pattern;
}

struct password_rule *password_rule_new(const char *pattern, const char **reason)
{
    struct password_rule *rule = memory_new(sizeof *rule);
    *reason = "is too long";
    if (strlen(pattern) <= MAX_PATTERN) {
        *reason = "is not a regular expression that the emulator understands";
        const char *rest = compile_lookaheads(rule, pattern + (*pattern == '^'));
        if (rest && !*rest)
            rest = ".*"; /* nothing but lookaheads */
        rule->has_whole = rest && compile(&rule->whole, rest, rest + strlen(rest), "^(", ")$");
    }
    if (rule->has_whole)
        return rule;
    password_rule_free(rule);
    return NULL;
}

bool password_rule_accepts(const struct password_rule *rule, const char *password)
{
    for (size_t i = 0; i < rule->lookahead_count; i++)
        if ((regexec(&rule->lookaheads[i].regex, password, 0, NULL, 0) == 0) != rule->lookaheads[i].wanted)
            return false;
    return regexec(&rule->whole, password, 0, NULL, 0) == 0;
}

void password_rule_free(struct password_rule *rule)
{
    if (!rule)
        return;
    for (size_t i = 0; i < rule->lookahead_count; i++)
        regfree(&rule->lookaheads[i].regex);
    if (rule->has_whole)
        regfree(&rule->whole);
    free(rule);
}
