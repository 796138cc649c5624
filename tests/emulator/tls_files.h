/* What TLS is served with: an authority from files or a new one, and a certificate for the names that lead here. */
#ifndef EMULATOR_TLS_FILES_H
#define EMULATOR_TLS_FILES_H

#include "text.h"
#include "tls.h"

#include <stdbool.h>

struct options;

/* The authority and the certificate made from it. */
struct tls_files {
    struct authority authority;
    char *directory; /* a private one for the ca file, to be removed; or NULL */
    char *ca_path;
    struct text certificate_pem, key_pem;
};

/* False, with the reason in `error`, if that cannot be; to be freed even so. */
bool tls_files_prepare(struct tls_files *files, const struct options *options, struct text *error);
void tls_files_free(struct tls_files *files);

#endif
