/* The operations under /auth/: a table of 23 rows, and the checks that all of them begin with. */
#ifndef EMULATOR_AUTH_H
#define EMULATOR_AUTH_H

#include "brand.h"
#include "emulator.h"
#include "fields.h"
#include "http.h"

#include <stdbool.h>

enum family { FAMILY_MOBILE, FAMILY_WEB, FAMILY_MFA, FAMILY_ANY };

/* The service's codes that the emulator answers by itself. */
enum code {
    CODE_SUCCESS = 200,
    CODE_OTP_NOT_GENERATED = 1503,
    CODE_TOKEN_NOT_GENERATED = 1504,
    CODE_INVALID_SESSION = 1505,
    CODE_INVALID_OTP = 1506,
    CODE_MOBILE_DIFFERS = 1507,
    CODE_DEVICE_DIFFERS = 1508,
    CODE_BRAND_DIFFERS = 1509,
    CODE_NO_SUCH_USER = 1515,
    CODE_TOO_MANY_OTPS_TRIED = 1518,
    CODE_INVALID_DETAILS = 1519,
    CODE_PASSWORD_EMPTY = 1520,
    CODE_PASSWORDS_DIFFER = 1521,
    CODE_PASSWORD_NOT_CHANGED = 1523,
    CODE_PASSWORD_NOT_ENABLED = 1524,
    CODE_NOT_REGENERATED = 1525,
    CODE_PASSWORD_NOT_VALIDATED = 1526,
    CODE_SAME_PASSWORD = 1527,
    CODE_WRONG_PASSWORD = 1528,
    CODE_TOKEN_EXPIRED = 1529,
    CODE_TOO_MANY_PASSWORDS_TRIED = 1530,
    CODE_NOT_EXPIRED = 1531,
    CODE_PASSWORD_NOT_RESET = 1532,
    CODE_OTP_LIMIT_REACHED = 1534,
    CODE_OTP_LIMIT_ZERO = 1535,
    CODE_NO_OTP = 1537,
    CODE_CONTACT_NEEDED = 1540,
    CODE_IDENTIFIER_DIFFERS = 1541,
    CODE_PASSWORD_RULES = 1542,
    CODE_USERNAME_TAKEN = 1543,
    CODE_KEY_INVALID = 1597,
    CODE_CHANNEL_NEEDS_MOBILE = 1601,
    CODE_CHANNEL_NEEDS_EMAIL = 1602,
    CODE_CHANNEL_NOT_CONFIGURED = 1603,
    CODE_EXTERNAL_ID_OFF = 3005,
    CODE_TAMPERED = 5004,
};

const char *code_message(int code);
/* Adds {"codes":[{"code","message"},...]}. */
void codes_describe(struct text *json);
/* Adds {"operations":[{"method","path","family","required":[...]},...]}; the brand and an identifier are always
 * required. */
void operations_describe(struct text *json);

struct auth_call;

struct operation {
    const char *method, *path;
    enum family family;
    unsigned required; /* fields, as bits; the identity is always */
    bool device; /* a deviceId is required */
    bool refuses_spent;
    int (*run)(struct auth_call *call); /* gives the code */
};

/* What a successful reply carries. Status-only operations leave it as it is. */
struct answer {
    bool has_user;
    bool has_identifiers;
    char *token, *key; /* owned */
    char *session_id; /* owned */
    const char *role;
    bool registered_for_password;
    const char *message;
};

struct auth_call {
    struct emulator *emulator;
    const struct http_request *request;
    const struct operation *operation;
    struct fields fields;
    struct brand *brand;
    struct session *session; /* where the operation wants a sessionId */
    int64_t now_ms;
    struct answer answer;
    struct note *note; /* for the log */
};

/* Gives the code back, with more than it says in the log. */
int refuse(const struct auth_call *call, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Whether a path is an operation's; `method` then says which method it wants. */
bool auth_knows_path(const char *path, const char **method);
void auth_handle(struct emulator *emulator, const struct http_request *request, struct json_object *body,
                 const char *problem, struct http_reply *reply);

/* Takes the customer of a body that is not processed. */
void auth_note_customer(struct json_object *body, struct note *note);

/* The operations, each in the file of its subject. */
int token_generate(struct auth_call *call);
int mfa_token_generate(struct auth_call *call);
int otp_generate(struct auth_call *call);
int otp_validate(struct auth_call *call);
int password_validate(struct auth_call *call);
int password_change(struct auth_call *call);
int password_forget(struct auth_call *call);
int token_regenerate(struct auth_call *call);
int web_token_regenerate(struct auth_call *call);
int token_expire(struct auth_call *call);
int identifier_update(struct auth_call *call);

/* What several of them need. */
enum factor call_factor(const struct auth_call *call);
/* 200, or the code that a new password is refused with. */
int check_new_password(const struct auth_call *call, const char *password);
bool passwords_enabled(const struct auth_call *call);
bool registered_for_password(const struct auth_call *call, const struct customer *customer);
/* 200 while not locked. */
int check_lock(const struct auth_call *call, const struct customer *customer);
/* Counts one attempt: 200, `wrong_code`, or the code that the session is spent with from now on. */
int count_attempt(struct auth_call *call, struct attempts *attempts, int64_t limit, bool right, int wrong_code,
                  int spent_code);
/* Ends the session with a token for its customer. */
int sign_in(struct auth_call *call);
/* A token of one identity, or with `first_identity` of two. */
char *token_for(struct auth_call *call, const struct customer *customer, const char *role, const char *device,
                const char *first_identity);

enum token_state { TOKEN_GOOD, TOKEN_EXPIRED, TOKEN_OF_ANOTHER, TOKEN_FORGED };
/* Reads a customer's token (not VIEW, not a key); unless forged, `jwt` must be freed.
 * `customer` gets whose it is, of a good one. */
enum token_state read_token(const struct auth_call *call, const char *token, struct jwt *jwt,
                            struct customer **customer);
/* The customer's identity that the call names: by its value, or with OLD_IDENTIFIER_WORKS also by one that it
 * had before an identifier update. NULL if it names none. */
const struct identity *named_identity(const struct auth_call *call, const struct customer *customer);
/* Whether the call's identity is one that the token names, be it under a newer value. */
bool token_covers_identity(const struct auth_call *call, const struct jwt *jwt, const struct customer *customer);

/* Gives the call the token's identity where CONF_AUTO_FILL_2ND_FACTOR_IDENTIFIER left it out; false if
 * there is none then. */
bool complete_identity(struct auth_call *call, const struct jwt *jwt, const struct customer *customer);
/* Whether the call's identity, completed so, is that customer's. */
bool names_customer(struct auth_call *call, const struct jwt *jwt, const struct customer *customer);

#endif
