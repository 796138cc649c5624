#include "ca_file.h"

#include "file.h"
#include "platform.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool fail(struct text *error, const char *what, const char *path)
{
    text_add_format(error, "%s %s: %s", what, path, platform_error());
    return false;
}

bool ca_file_write(const char *path, const struct authority *authority, struct text *error)
{
    struct text pem = {0};
    bool ok = pem_add_certificate(&pem, authority->certificate) && file_write(path, &pem, 0644, false);
    text_free(&pem);
    return ok ? true : fail(error, "cannot write", path);
}

static bool read_key_file(const char *path, struct authority *authority)
{
    FILE *file = fopen(path, "r");
    memset(authority, 0, sizeof *authority);
    if (!file)
        return false;
    authority->certificate = PEM_read_X509(file, NULL, NULL, NULL);
    authority->key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    fclose(file);
    if (authority->certificate && authority->key && X509_check_private_key(authority->certificate, authority->key))
        return true;
    authority_free(authority);
    errno = EINVAL;
    return false;
}

static bool make_key_file(const char *path, struct text *error)
{
    struct authority authority;
    struct text pem = {0};
    if (!authority_make(&authority)) {
        text_add_string(error, "cannot make a certificate authority");
        return false;
    }
    bool ok = pem_add_certificate(&pem, authority.certificate) && pem_add_key(&pem, authority.key) &&
              file_write(path, &pem, 0600, true);
    OPENSSL_cleanse(pem.data, pem.length);
    text_free(&pem);
    authority_free(&authority);
    return ok ? true : fail(error, "cannot write", path);
}

/* The certificate in PATH must be that of the key: clients trust what is there. */
static bool check_certificate(const char *path, const struct authority *authority, struct text *error)
{
    FILE *file = fopen(path, "r");
    if (!file)
        return errno == ENOENT ? ca_file_write(path, authority, error) : fail(error, "cannot read", path);
    X509 *there = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    bool same = there && X509_cmp(there, authority->certificate) == 0;
    X509_free(there);
    if (!same)
        text_add_format(error, "%s and %s.key do not belong together: remove both, or put the right one back", path,
                        path);
    else if (X509_cmp_current_time(X509_get0_notAfter(authority->certificate)) < 0)
        text_add_format(error, "%s has expired: remove it and %s.key", path, path);
    return !error->length;
}

static bool open_with_key_file(const char *path, const char *key_path, struct authority *authority, struct text *error)
{
    if (access(key_path, F_OK) != 0 && access(path, F_OK) == 0) {
        /* Looked at in this order, an emulator that is just making both cannot be taken for this. */
        if (access(key_path, F_OK) != 0) {
            text_add_format(error, "%s exists, but its private key %s does not: remove it, or put the key back", path,
                            key_path);
            return false;
        }
    }
    if (access(key_path, F_OK) != 0 && !make_key_file(key_path, error))
        return false;
    if (!read_key_file(key_path, authority))
        return fail(error, "cannot read a certificate and its private key from", key_path);
    if (check_certificate(path, authority, error))
        return true;
    authority_free(authority);
    return false;
}

static X509 *read_certificate(const char *path)
{
    FILE *file = fopen(path, "r");
    X509 *certificate = file ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
    if (file)
        fclose(file);
    return certificate;
}

static EVP_PKEY *read_key(const char *path)
{
    FILE *file = fopen(path, "r");
    EVP_PKEY *key = file ? PEM_read_PrivateKey(file, NULL, NULL, NULL) : NULL;
    if (file)
        fclose(file);
    return key;
}

bool ca_file_open_own(const char *path, const char *key_path, struct authority *authority, struct text *error)
{
    authority->certificate = read_certificate(path);
    authority->key = read_key(key_path);
    if (!authority->certificate)
        text_add_format(error, "cannot read a certificate from %s", path);
    else if (!authority->key)
        text_add_format(error, "cannot read a private key from %s", key_path);
    else if (!X509_check_private_key(authority->certificate, authority->key))
        text_add_format(error, "%s and %s do not belong together", path, key_path);
    else if (X509_check_ca(authority->certificate) != 1)
        text_add_format(error, "%s is not the certificate of an authority", path);
    else if (X509_cmp_current_time(X509_get0_notAfter(authority->certificate)) < 0)
        text_add_format(error, "%s has expired", path);
    if (error->length)
        authority_free(authority);
    return !error->length;
}

bool ca_file_open(const char *path, struct authority *authority, struct text *error)
{
    struct text key_path = {0};
    text_add_format(&key_path, "%s.key", path);
    bool ok = open_with_key_file(path, key_path.data, authority, error);
    text_free(&key_path);
    return ok;
}
