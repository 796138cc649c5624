/* The service's tokens: JWTs signed HS256, with the identity in their header. */
#ifndef EMULATOR_JWT_H
#define EMULATOR_JWT_H

#include <stdbool.h>
#include <stdint.h>

struct json_object;
struct jwt_signer;

/* What is signed with one secret is good with the same again. */
struct jwt_signer *jwt_signer_new(const char *secret);
/* A new secret, in printable letters; the caller frees it. */
char *jwt_random_secret(void);
void jwt_signer_free(struct jwt_signer *signer);

/* Which claims there are: those known of the service's own, and no more. */
enum jwt_kind { JWT_CUSTOMER, JWT_VIEW, JWT_KEY };

/* What goes into a token. Texts are borrowed. */
struct jwt_claims {
    const char *identities[2]; /* "MOBILE|919999922332"; the second may be NULL */
    const char *device; /* NULL on web */
    const char *brand; /* in upper case */
    const char *organisation; /* "<org id>|<till name>" */
    const char *customer_id; /* not in VIEW tokens */
    const char *role;
    int64_t issued_at; /* seconds */
    int64_t expires_at; /* seconds; 0: never */
    enum jwt_kind kind;
    bool mfa; /* of a key */
};

/* The signed token; the caller frees it. */
char *jwt_sign(struct jwt_signer *signer, const struct jwt_claims *claims);

/* A token that was read: its texts live as long as it does. */
struct jwt {
    struct json_object *header, *payload;
    const char *device, *brand, *customer_id, *role;
    const char *signature; /* of no other token; points into the text that was read */
    int64_t expires_at; /* 0: never */
    bool mfa;
};

/* False, and nothing to free, if we did not sign it. */
bool jwt_read(struct jwt_signer *signer, const char *token, struct jwt *jwt);
/* The identities, in order; NULL behind the last. */
const char *jwt_identity(const struct jwt *jwt, unsigned index);
bool jwt_names_identity(const struct jwt *jwt, const char *identity);
void jwt_free(struct jwt *jwt);

#endif
