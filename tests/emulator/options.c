#include "options.h"

#include "access.h"
#include "text.h"
#include "tls.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { USAGE_ERROR = 2 };

static const char usage[] =
    "usage: capauth-emulator [--listen HOST:PORT] [--tls] [--tls-name NAME]...\n"
    "                        [--ca-file PATH] [--ca-key PATH]\n"
    "                        [--brands FILE] [--save FILE] [--secret TEXT]\n"
    "                        [--allow-origin ORIGIN]... [--quiet]\n"
    "\n"
    "An emulator of Capillary's Auth Engine, for apps under development.\n"
    "\n"
    "  --listen HOST:PORT  where to listen; port 0 picks a free one (default 127.0.0.1:8080)\n"
    "  --tls               serve HTTPS, with a certificate for localhost, 127.0.0.1, ::1 and HOST\n"
    "  --tls-name NAME     one more name or address in the certificate; may be repeated\n"
    "  --ca-file PATH      the certificate authority that clients trust: made if absent, else used again\n"
    "                      (its private key is kept in PATH.key)\n"
    "  --ca-key PATH       the private key of your own authority in --ca-file, such as mkcert's\n"
    "                      rootCA-key.pem; neither file is changed\n"
    "  --brands FILE       brands, customers and gateway replies to begin with, as JSON\n"
    "  --save FILE         read at the start if it exists, written at the end: brands, customers, gateway\n"
    "                      replies and the secret, so that tokens and keys stay valid\n"
    "  --secret TEXT       signs tokens and keys (default: that of the saved FILE, else a random one)\n"
    "  --allow-origin ORIGIN  an origin whose web pages may use /_emulator/, such as http://emulator:8080;\n"
    "                      its host name may also be used to reach the emulator; may be repeated\n"
    "  --quiet             print no line on stderr for each request and each OTP\n"
    "  --help              this text\n"
    "  --version           the version\n"
    "\n"
    "Prints \"listening on URL\" once it is ready. Brands DocDemo and DocDemoPassword exist unless\n"
    "--brands is given. OTPs are never sent, but kept: GET /_emulator/outbox. See capauth-emulator(1).\n";

/* The option, its value, and what is wrong with it. */
static int complain(const char *option, const char *value, const char *problem)
{
    fprintf(stderr, "capauth-emulator: %s \"%s\" %s\nTry \"capauth-emulator --help\".\n", option, value, problem);
    return USAGE_ERROR;
}

/* HOST:PORT, with an IPv6 address in brackets. */
static bool split_address(const char *address, struct options *options)
{
    const char *colon = strrchr(address, ':');
    if (!colon || colon == address || !text_is_digits(colon + 1) || strlen(colon + 1) > 5 ||
        strtol(colon + 1, NULL, 10) > 65535)
        return false;
    size_t length = (size_t)(colon - address);
    bool bracketed = address[0] == '[' && address[length - 1] == ']';
    if (!bracketed && memchr(address, ':', length))
        return false;
    struct text host = {0};
    text_add(&host, address + bracketed, length - 2 * (size_t)bracketed);
    free(options->host);
    options->host = host.data;
    text_set(&options->port, colon + 1);
    return host.length > 0;
}

static void add_to_list(const char ***list, size_t *count, const char *value)
{
    *list = memory_grow(*list, (*count + 1) * sizeof **list);
    (*list)[(*count)++] = value;
}

static int add_tls_name(struct options *options, const char *name)
{
    if (!tls_name_is_valid(name))
        return complain("--tls-name", name, "is neither a host name nor an IP address");
    add_to_list(&options->tls_names, &options->tls_name_count, name);
    return -1;
}

static int add_origin(struct options *options, const char *origin)
{
    if (!origin_is_valid(origin))
        return complain("--allow-origin", origin, "is no origin: write it like https://shop.example");
    add_to_list(&options->allowed_origins, &options->allowed_origin_count, origin);
    return -1;
}

static int take(struct options *options, int option, const char *value)
{
    switch (option) {
    case 'l':
        return split_address(value, options) ? -1 : complain("--listen", value, "is not HOST:PORT");
    case 't':
        options->tls = true;
        return -1;
    case 'n':
        return add_tls_name(options, value);
    case 'c':
        options->ca_file = value;
        return *value ? -1 : complain("--ca-file", value, "is empty");
    case 'k':
        options->ca_key = value;
        return *value ? -1 : complain("--ca-key", value, "is empty");
    case 'b':
        options->brand_file = value;
        return -1;
    case 's':
        options->save_file = value;
        return *value ? -1 : complain("--save", value, "is empty");
    case 'x':
        options->secret = value;
        return *value ? -1 : complain("--secret", value, "is empty");
    case 'o':
        return add_origin(options, value);
    case 'q':
        options->quiet = true;
        return -1;
    case 'h':
        fputs(usage, stdout);
        return EXIT_SUCCESS;
    case 'v':
        puts("capauth-emulator " EMULATOR_VERSION);
        return EXIT_SUCCESS;
    default: /* getopt has said what is wrong */
        fputs("Try \"capauth-emulator --help\".\n", stderr);
        return USAGE_ERROR;
    }
}

static int check(const struct options *options, int count, char **arguments)
{
    if (optind < count)
        return complain("argument", arguments[optind], "is not an option");
    if (!options->tls && options->ca_file)
        return complain("--ca-file", options->ca_file, "needs --tls");
    if (options->ca_key && !options->ca_file)
        return complain("--ca-key", options->ca_key, "needs --ca-file");
    if (!options->tls && options->tls_name_count)
        return complain("--tls-name", options->tls_names[0], "needs --tls");
    return -1;
}

int options_read(struct options *options, int count, char **arguments)
{
    static const struct option known[] = {
        {"listen", required_argument, NULL, 'l'},
        {"tls", no_argument, NULL, 't'},
        {"tls-name", required_argument, NULL, 'n'},
        {"ca-file", required_argument, NULL, 'c'},
        {"ca-key", required_argument, NULL, 'k'},
        {"brands", required_argument, NULL, 'b'},
        {"save", required_argument, NULL, 's'},
        {"secret", required_argument, NULL, 'x'},
        {"allow-origin", required_argument, NULL, 'o'},
        {"quiet", no_argument, NULL, 'q'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {NULL, 0, NULL, 0},
    };
    int option, status = -1;
    memset(options, 0, sizeof *options);
    options->host = text_copy("127.0.0.1");
    options->port = text_copy("8080");
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): there are no threads yet */
    while (status < 0 && (option = getopt_long(count, arguments, "", known, NULL)) != -1)
        status = take(options, option, optarg);
    return status < 0 ? check(options, count, arguments) : status;
}

void options_free(struct options *options)
{
    free(options->host);
    free(options->port);
    free(options->tls_names);
    free(options->allowed_origins);
}
