/* The server's certificate, and the authority that signs it. */
#ifndef EMULATOR_TLS_H
#define EMULATOR_TLS_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

struct text;

struct authority {
    X509 *certificate;
    EVP_PKEY *key;
};

/* A new authority of its own name. False if OpenSSL fails. */
bool authority_make(struct authority *authority);
void authority_free(struct authority *authority);

/* A certificate for localhost, 127.0.0.1, ::1 and the names, signed by the authority; both as PEM. */
bool tls_make_certificate(const struct authority *authority, const char *const *names, size_t name_count,
                          struct text *certificate_pem, struct text *key_pem);

/* Whether a name can stand in a certificate. */
bool tls_name_is_valid(const char *name);
bool pem_add_certificate(struct text *pem, X509 *certificate);
bool pem_add_key(struct text *pem, EVP_PKEY *key);

#endif
