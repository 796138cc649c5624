/* The authority on disk: made once, used by every emulator that is started with the same path. */
#ifndef EMULATOR_CA_FILE_H
#define EMULATOR_CA_FILE_H

#include "tls.h"

/* PATH holds the certificate, for clients. PATH.key, readable by its owner only, holds certificate and
 * private key: it is the one that counts, and PATH is written from it where it is missing.
 * False, with the reason in `error`, if that cannot be done. */
bool ca_file_open(const char *path, struct authority *authority, struct text *error);

/* An authority of the user's own, with its key in a file of any name, as mkcert makes it: both are only read. */
bool ca_file_open_own(const char *path, const char *key_path, struct authority *authority, struct text *error);

/* Writes only the certificate of an authority that nobody will need again. */
bool ca_file_write(const char *path, const struct authority *authority, struct text *error);

#endif
