/* Sign-ins in progress. */
#ifndef EMULATOR_SESSION_H
#define EMULATOR_SESSION_H

#include "brand.h"
#include "map.h"

struct emulator;
struct message;

/* Wrong attempts so far. */
struct attempts {
    int64_t count;
    int64_t last_wrong_ms;
};

struct session {
    struct session *older, *newer;
    char *id;
    enum factor factor;
    struct customer *customer;
    enum identifier_type type;
    char *value;
    char *device; /* NULL: none was given, and any will do */
    char *first_identity; /* of the first factor's token, "TYPE|value"; NULL in the first factor */
    int64_t started_ms, expires_ms;
    int spent; /* 0, or the code that it now answers: 1518, 1530 */
    char *otp; /* NULL before the first */
    struct message *message; /* with that OTP, while it counts and is kept */
    char *first_password;
    struct attempts otp_attempts, password_attempts;
};

struct sessions {
    struct map by_id;
    struct session *oldest, *newest;
    size_t sweep_at; /* how many make the next sweep worth while */
};

struct session *session_new(struct emulator *emulator, enum factor factor, struct customer *customer,
                            enum identifier_type type, const char *value);
/* NULL also when it has expired. */
struct session *session_find(struct emulator *emulator, const char *id);
void session_end(struct emulator *emulator, struct session *session);
/* Ends what has expired, and removes customers who never signed in. */
void sessions_sweep(struct emulator *emulator);
/* Ends the sessions of one brand, or of one customer, or with both NULL all. */
void sessions_end_of(struct emulator *emulator, const struct brand *brand, const struct customer *customer);

#endif
