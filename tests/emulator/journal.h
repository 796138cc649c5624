/* What was asked for and what became of it, and why: a line on stderr for each request and each OTP, and the
 * last requests for GET /_emulator/log. */
#ifndef EMULATOR_JOURNAL_H
#define EMULATOR_JOURNAL_H

#include "text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a request's handler tells about it. The service's own answer says less. */
struct note {
    char *brand, *customer; /* owned; NULL: none was named. The customer is "TYPE|value" */
    int code; /* of the reply's status; 0: it has none */
    struct text reason;
};

void note_free(struct note *note);
/* Adds to the reason, with "; " between. */
void note_add(struct text *reason, const char *format, ...) __attribute__((format(printf, 2, 3)));

void note_add_arguments(struct text *reason, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

enum { JOURNAL_SIZE = 1000 };

struct journal_entry {
    int64_t at_ms;
    char *method, *path;
    unsigned status; /* 0: the connection was reset instead */
    struct note note;
};

struct journal {
    bool quiet; /* nothing is printed */
    struct journal_entry entries[JOURNAL_SIZE];
    uint64_t count; /* ever added; the entry after the newest is the oldest */
};

/* Takes the note over, and leaves an empty one. */
void journal_add(struct journal *journal, int64_t at_ms, const char *method, const char *path, unsigned status,
                 struct note *note);
/* The line for an OTP. */
void journal_otp(const struct journal *journal, int64_t at_ms, const char *brand, const char *customer, const char *otp,
                 const char *to, const char *channel);
/* Adds {"requests":[...]}, newest first; brand NULL means any, limit 0 all. */
void journal_write(const struct journal *journal, const char *brand, unsigned limit, struct text *json);
void journal_free(struct journal *journal);

#endif
