#include "tls_files.h"

#include "ca_file.h"
#include "options.h"
#include "platform.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Without --ca-file: a place of our own for the certificate that clients are to trust. */
static bool make_private_ca_file(struct tls_files *files, struct text *error)
{
    const char *parent = platform_environment("TMPDIR");
    struct text name = {0}, path = {0};
    text_add_format(&name, "%s/capauth-emulator-XXXXXX", parent && *parent ? parent : "/tmp");
    if (!mkdtemp(name.data)) {
        text_add_format(error, "cannot make %s: %s", name.data, platform_error());
        text_free(&name);
        return false;
    }
    files->directory = name.data;
    text_add_format(&path, "%s/ca.pem", name.data);
    files->ca_path = path.data;
    if (!authority_make(&files->authority)) {
        text_add_string(error, "cannot make a certificate authority");
        return false;
    }
    return ca_file_write(files->ca_path, &files->authority, error);
}

/* The names and addresses of a certificate. */
struct names {
    char **list; /* owned */
    size_t count;
};

static void add_name(struct names *names, const char *name)
{
    names->list = memory_grow(names->list, (names->count + 1) * sizeof *names->list);
    names->list[names->count++] = text_copy(name);
}

static void add_address(struct names *names, const struct sockaddr *address)
{
    char text[INET6_ADDRSTRLEN];
    const void *bytes = NULL;
    if (address && address->sa_family == AF_INET)
        bytes = &((const struct sockaddr_in *)(const void *)address)->sin_addr;
    else if (address && address->sa_family == AF_INET6)
        bytes = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    if (bytes && inet_ntop(address->sa_family, bytes, text, sizeof text))
        add_name(names, text);
}

/* Whoever listens on every address is reached by each, and from Android's emulator by 10.0.2.2. */
static void add_local_addresses(struct names *names)
{
    struct ifaddrs *interfaces = NULL;
    add_name(names, "10.0.2.2");
    if (getifaddrs(&interfaces) != 0)
        return;
    for (const struct ifaddrs *each = interfaces; each; each = each->ifa_next)
        add_address(names, each->ifa_addr);
    freeifaddrs(interfaces);
}

static struct names collect_names(const struct options *options)
{
    struct names names = {0};
    for (size_t i = 0; i < options->tls_name_count; i++)
        add_name(&names, options->tls_names[i]);
    if (tls_name_is_valid(options->host))
        add_name(&names, options->host); /* the name that the URL will have */
    if (strcmp(options->host, "0.0.0.0") == 0 || strcmp(options->host, "::") == 0)
        add_local_addresses(&names);
    return names;
}

static bool make_certificate(struct tls_files *files, const struct options *options, struct text *error)
{
    struct names names = collect_names(options);
    bool ok = tls_make_certificate(&files->authority, (const char *const *)names.list, names.count,
                                   &files->certificate_pem, &files->key_pem);
    if (!ok)
        text_add_string(error, "cannot make a certificate");
    for (size_t i = 0; i < names.count; i++)
        free(names.list[i]);
    free(names.list);
    return ok;
}

bool tls_files_prepare(struct tls_files *files, const struct options *options, struct text *error)
{
    if (options->ca_file) {
        files->ca_path = text_copy(options->ca_file);
        if (!(options->ca_key ? ca_file_open_own(options->ca_file, options->ca_key, &files->authority, error)
                              : ca_file_open(options->ca_file, &files->authority, error)))
            return false;
    } else if (!make_private_ca_file(files, error)) {
        return false;
    }
    return make_certificate(files, options, error);
}

void tls_files_free(struct tls_files *files)
{
    if (files->directory) {
        if (files->ca_path)
            unlink(files->ca_path);
        rmdir(files->directory);
    }
    authority_free(&files->authority);
    text_free(&files->certificate_pem);
    text_free(&files->key_pem);
    free(files->directory);
    free(files->ca_path);
}
