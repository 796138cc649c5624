/* The command line. */
#ifndef EMULATOR_OPTIONS_H
#define EMULATOR_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct options {
    char *host, *port; /* of --listen, without brackets */
    bool tls;
    const char **tls_names;
    size_t tls_name_count;
    const char *ca_file;
    const char *ca_key;
    const char *brand_file;
    const char *secret;
    const char *save_file;
    bool quiet;
    const char **allowed_origins;
    size_t allowed_origin_count;
};

/* -1 to go on, else the status to exit with: everything has been printed then. */
int options_read(struct options *options, int count, char **arguments);
void options_free(struct options *options);

#endif
