#include "jwt.h"

#include "text.h"

#include <json-c/json.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

enum { SIGNATURE_SIZE = 32, SIGNATURE_TEXT = 43, MAX_TOKEN = 16384 };

struct jwt_signer {
    EVP_MAC *mac;
    EVP_MAC_CTX *keyed; /* copied for each token: setting a key anew costs more than signing */
    uint64_t last_serial;
};

struct jwt_signer *jwt_signer_new(const char *secret)
{
    struct jwt_signer *signer = memory_new(sizeof *signer);
    char digest[] = "SHA256";
    OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string("digest", digest, 0), OSSL_PARAM_construct_end()};
    signer->mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    signer->keyed = EVP_MAC_CTX_new(signer->mac);
    if (!EVP_MAC_init(signer->keyed, (const unsigned char *)secret, strlen(secret), parameters))
        abort(); /* OpenSSL without SHA-256 is no place to go on */
    return signer;
}

void jwt_signer_free(struct jwt_signer *signer)
{
    EVP_MAC_CTX_free(signer->keyed);
    EVP_MAC_free(signer->mac);
    free(signer);
}

static void base64url_add(struct text *out, const unsigned char *data, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (size_t i = 0; i < length; i += 3) {
        unsigned have = length - i < 3 ? (unsigned)(length - i) : 3;
        unsigned group = (unsigned)data[i] << 16 | (have > 1 ? (unsigned)data[i + 1] << 8 : 0) |
                         (have > 2 ? (unsigned)data[i + 2] : 0);
        char coded[4];
        for (unsigned k = 0; k < 4; k++)
            coded[k] = digits[group >> (18 - 6 * k) & 63];
        text_add(out, coded, have + 1);
    }
}

static int base64url_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

static bool base64url_read(struct text *out, const char *data, size_t length)
{
    unsigned group = 0, bits = 0;
    for (size_t i = 0; i < length; i++) {
        int digit = base64url_digit(data[i]);
        if (digit < 0)
            return false;
        group = (group << 6 | (unsigned)digit) & 0xffffff;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            char byte = (char)(group >> bits & 0xff);
            text_add(out, &byte, 1);
        }
    }
    return true;
}

char *jwt_random_secret(void)
{
    unsigned char random[32];
    struct text secret = {0};
    if (RAND_bytes(random, sizeof random) != 1)
        abort();
    base64url_add(&secret, random, sizeof random);
    return secret.data;
}

static void add_signature(struct jwt_signer *signer, struct text *out, const char *data, size_t length)
{
    unsigned char signature[SIGNATURE_SIZE];
    size_t size = 0;
    EVP_MAC_CTX *context = EVP_MAC_CTX_dup(signer->keyed);
    if (!context || !EVP_MAC_update(context, (const unsigned char *)data, length) ||
        !EVP_MAC_final(context, signature, &size, sizeof signature))
        abort();
    EVP_MAC_CTX_free(context);
    base64url_add(out, signature, size);
}

static void write_header(struct text *json, const struct jwt_claims *claims)
{
    text_add_string(json, "{\"idv\":[");
    text_add_json(json, claims->identities[0]);
    if (claims->identities[1]) {
        text_add_string(json, ",");
        text_add_json(json, claims->identities[1]);
    }
    text_add_string(json, "],\"dev\":");
    text_add_json(json, claims->device);
    text_add_string(json, ",\"org\":");
    text_add_json(json, claims->brand);
    text_add_string(json, ",\"alg\":\"HS256\"}");
}

/* The service's tokens have no `jti`, so that two of one second would be the same, and expiring one would
 * expire the other. JSON allows blanks at its end: their pattern is a serial number that is no claim. */
static void write_serial(struct text *json, uint64_t serial)
{
    for (; serial; serial /= 4)
        text_add(json, &" \t\n\r"[serial % 4], 1);
}

static void write_member(struct text *json, const char *name, const char *value)
{
    text_add_format(json, "%s\"%s\":", json->length > 1 ? "," : "", name);
    text_add_json(json, value);
}

static void write_payload(struct text *json, const struct jwt_claims *claims, uint64_t serial)
{
    text_add_string(json, "{");
    if (claims->kind != JWT_VIEW)
        write_member(json, "uid", claims->customer_id);
    write_member(json, "iss", "CAPILLARY TECHNOLOGIES");
    if (claims->kind == JWT_CUSTOMER)
        write_member(json, "isc", "false");
    if (claims->kind == JWT_KEY) {
        text_add_format(json, ",\"mfa\":%s", claims->mfa ? "true" : "false");
    } else {
        text_add_string(json, ",\"ogc\":[");
        text_add_json(json, claims->organisation);
        text_add_string(json, "]");
    }
    if (claims->expires_at)
        text_add_format(json, ",\"exp\":%lld", (long long)claims->expires_at);
    text_add_format(json, ",\"iat\":%lld", (long long)claims->issued_at);
    write_member(json, "rol", claims->role);
    if (claims->kind == JWT_CUSTOMER)
        write_member(json, "type", "WRITE");
    text_add_string(json, "}");
    write_serial(json, serial);
}

char *jwt_sign(struct jwt_signer *signer, const struct jwt_claims *claims)
{
    struct text json = {0}, token = {0};
    write_header(&json, claims);
    base64url_add(&token, (const unsigned char *)json.data, json.length);
    text_add(&token, ".", 1);
    json.length = 0;
    write_payload(&json, claims, ++signer->last_serial);
    base64url_add(&token, (const unsigned char *)json.data, json.length);
    text_free(&json);
    size_t signed_length = token.length;
    text_add(&token, ".", 1);
    add_signature(signer, &token, token.data, signed_length);
    return token.data;
}

static bool signature_is_ours(struct jwt_signer *signer, const char *token, const char *signature)
{
    if (strlen(signature) != SIGNATURE_TEXT)
        return false;
    struct text ours = {0};
    add_signature(signer, &ours, token, (size_t)(signature - 1 - token));
    bool same = ours.length == SIGNATURE_TEXT && CRYPTO_memcmp(ours.data, signature, SIGNATURE_TEXT) == 0;
    text_free(&ours);
    return same;
}

static struct json_object *read_part(const char *from, const char *end)
{
    struct text json = {0};
    struct json_object *object = NULL;
    if (base64url_read(&json, from, (size_t)(end - from)) && json.length)
        object = json_tokener_parse(json.data);
    text_free(&json);
    return object;
}

static const char *string_member(struct json_object *object, const char *name)
{
    struct json_object *value = json_object_object_get(object, name);
    return value ? json_object_get_string(value) : NULL;
}

/* Only what we signed ourselves is read, so that its shape needs no checks. */
bool jwt_read(struct jwt_signer *signer, const char *token, struct jwt *jwt)
{
    memset(jwt, 0, sizeof *jwt);
    const char *first = strchr(token, '.');
    const char *second = first ? strchr(first + 1, '.') : NULL;
    if (!second || strlen(token) > MAX_TOKEN || !signature_is_ours(signer, token, second + 1))
        return false;
    jwt->header = read_part(token, first);
    jwt->payload = read_part(first + 1, second);
    jwt->device = string_member(jwt->header, "dev");
    jwt->brand = string_member(jwt->header, "org");
    jwt->customer_id = string_member(jwt->payload, "uid");
    jwt->role = string_member(jwt->payload, "rol");
    jwt->signature = second + 1;
    jwt->expires_at = json_object_get_int64(json_object_object_get(jwt->payload, "exp"));
    jwt->mfa = json_object_get_boolean(json_object_object_get(jwt->payload, "mfa"));
    return true;
}

const char *jwt_identity(const struct jwt *jwt, unsigned index)
{
    struct json_object *list = json_object_object_get(jwt->header, "idv");
    return index < json_object_array_length(list) ? json_object_get_string(json_object_array_get_idx(list, index))
                                                  : NULL;
}

bool jwt_names_identity(const struct jwt *jwt, const char *identity)
{
    const char *named;
    for (unsigned i = 0; (named = jwt_identity(jwt, i)); i++)
        if (strcmp(named, identity) == 0)
            return true;
    return false;
}

void jwt_free(struct jwt *jwt)
{
    json_object_put(jwt->header);
    json_object_put(jwt->payload);
    memset(jwt, 0, sizeof *jwt);
}
