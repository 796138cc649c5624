/* What goes wrong on request: the next requests of a path, as POST /_emulator/faults wants it. */
#ifndef EMULATOR_FAULTS_H
#define EMULATOR_FAULTS_H

#include <stdbool.h>

struct json_object;
struct text;
struct brand;

enum fault_kind { FAULT_DELAY, FAULT_RESET_BEFORE, FAULT_RESET_AFTER, FAULT_TRUNCATE, FAULT_STATUS };

struct fault {
    struct fault *next;
    char *path;
    const struct brand *brand; /* NULL: any */
    long long count; /* requests that it still meets */
    enum fault_kind kind;
    long long number; /* milliseconds, bytes, or the HTTP status */
    struct json_object *body; /* of FAULT_STATUS, or NULL */
    struct json_object *headers; /* of FAULT_STATUS, or NULL */
};

struct faults {
    struct fault *first;
};

/* Reads a fault; NULL, with the reason in `error`, if it is invalid. */
struct fault *fault_read(struct json_object *object, const struct brand *brand, struct text *error);
void faults_add(struct faults *faults, struct fault *fault);
/* The oldest fault that meets this request, or NULL; with `skip_delays` the oldest that is no delay. Once it has met
 * its last request it is no longer among the others: the caller then frees it. */
struct fault *faults_take(struct faults *faults, const char *path, const struct brand *brand, bool skip_delays,
                          bool *last);
/* Adds {"faults":[...]}, in the order in which they strike: of one brand, or with NULL all. */
void faults_write(const struct faults *faults, const struct brand *brand, struct text *json);
void fault_free(struct fault *fault);
/* Of one brand, or with NULL all. */
void faults_clear(struct faults *faults, const struct brand *brand);

#endif
