#include "tls.h"

#include "text.h"

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>

enum {
    DAY_SECONDS = 86400,
    AUTHORITY_DAYS = 3650,
    SERVER_DAYS = 397, /* some clients trust no server certificate that lives longer */
    LONGEST_NAME = 253,
};

static bool add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bool ok = extension && X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    return ok;
}

static bool set_random_serial(X509 *certificate)
{
    BIGNUM *number = BN_new();
    bool ok = number && BN_rand(number, 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) &&
              BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
    BN_free(number);
    return ok;
}

static bool set_common_name(X509_NAME *name, const char *text)
{
    return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)text, -1, -1, 0);
}

/* What both certificates have in common. Valid since yesterday, for clients whose clock is behind. */
static X509 *new_certificate(EVP_PKEY *key, const char *common_name, int days)
{
    X509 *certificate = X509_new();
    if (certificate && X509_set_version(certificate, X509_VERSION_3) && set_random_serial(certificate) &&
        X509_gmtime_adj(X509_getm_notBefore(certificate), -DAY_SECONDS) &&
        X509_gmtime_adj(X509_getm_notAfter(certificate), (long)days * DAY_SECONDS) &&
        set_common_name(X509_get_subject_name(certificate), common_name) && X509_set_pubkey(certificate, key))
        return certificate;
    X509_free(certificate);
    return NULL;
}

static bool finish_authority(X509 *certificate, EVP_PKEY *key)
{
    return X509_set_issuer_name(certificate, X509_get_subject_name(certificate)) &&
           add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
           add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign") &&
           add_extension(certificate, certificate, NID_subject_key_identifier, "hash") &&
           X509_sign(certificate, key, EVP_sha256()) > 0;
}

/* Every authority has a name of its own, so that a store with several finds the right one. */
bool authority_make(struct authority *authority)
{
    unsigned char random[4];
    struct text name = {0};
    memset(authority, 0, sizeof *authority);
    if (RAND_bytes(random, sizeof random) != 1)
        return false;
    text_add_format(&name, "capauth-emulator CA %02x%02x%02x%02x", random[0], random[1], random[2], random[3]);
    authority->key = EVP_EC_gen("P-256");
    authority->certificate = authority->key ? new_certificate(authority->key, name.data, AUTHORITY_DAYS) : NULL;
    bool ok = authority->certificate && finish_authority(authority->certificate, authority->key);
    text_free(&name);
    if (!ok)
        authority_free(authority);
    return ok;
}

void authority_free(struct authority *authority)
{
    X509_free(authority->certificate);
    EVP_PKEY_free(authority->key);
    memset(authority, 0, sizeof *authority);
}

static bool is_address(const char *name)
{
    unsigned char address[16];
    return inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1;
}

/* Commas and the like would be taken for more of the extension's syntax. */
bool tls_name_is_valid(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._*";
    return is_address(name) || (*name && strlen(name) <= LONGEST_NAME && !name[strspn(name, allowed)]);
}

static bool finish_server(X509 *certificate, const struct authority *authority, const char *alternative_names)
{
    X509 *issuer = authority->certificate;
    return X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) &&
           add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(certificate, issuer, NID_key_usage, "critical,digitalSignature") &&
           add_extension(certificate, issuer, NID_ext_key_usage, "serverAuth") &&
           add_extension(certificate, issuer, NID_subject_key_identifier, "hash") &&
           add_extension(certificate, issuer, NID_authority_key_identifier, "keyid:always") &&
           add_extension(certificate, issuer, NID_subject_alt_name, alternative_names) &&
           X509_sign(certificate, authority->key, EVP_sha256()) > 0;
}

static bool pem_take(struct text *pem, BIO *bio, bool ok)
{
    char *data;
    long length = bio ? BIO_get_mem_data(bio, &data) : 0;
    if (ok && length > 0)
        text_add(pem, data, (size_t)length);
    BIO_free(bio);
    return ok && length > 0;
}

bool pem_add_certificate(struct text *pem, X509 *certificate)
{
    BIO *bio = BIO_new(BIO_s_mem());
    return pem_take(pem, bio, bio && PEM_write_bio_X509(bio, certificate));
}

bool pem_add_key(struct text *pem, EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    return pem_take(pem, bio, bio && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL));
}

bool tls_make_certificate(const struct authority *authority, const char *const *names, size_t name_count,
                          struct text *certificate_pem, struct text *key_pem)
{
    struct text alternative_names = {0};
    text_add_string(&alternative_names, "DNS:localhost,IP:127.0.0.1,IP:::1");
    for (size_t i = 0; i < name_count; i++)
        text_add_format(&alternative_names, ",%s:%s", is_address(names[i]) ? "IP" : "DNS", names[i]);
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = key ? new_certificate(key, "capauth-emulator", SERVER_DAYS) : NULL;
    bool ok = certificate && finish_server(certificate, authority, alternative_names.data) &&
              pem_add_certificate(certificate_pem, certificate) && pem_add_key(key_pem, key);
    X509_free(certificate);
    EVP_PKEY_free(key);
    text_free(&alternative_names);
    return ok;
}
