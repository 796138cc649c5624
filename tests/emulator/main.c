/* Start and end of the program. */
#include "ca_file.h"
#include "emulator.h"
#include "http.h"
#include "listen.h"
#include "options.h"
#include "seed.h"
#include "server.h"
#include "text.h"
#include "tls.h"

#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* The authority and the certificate made from it. */
struct tls_files {
    struct authority authority;
    char *directory; /* a private one for the ca file, to be removed; or NULL */
    char *ca_path;
    struct text certificate_pem, key_pem;
};

static bool refuse(struct text *error, const char *reason)
{
    text_add_string(error, reason);
    return false;
}

static bool read_file(const char *path, struct text *content)
{
    FILE *file = fopen(path, "rb");
    char buffer[8192];
    size_t length;
    if (!file)
        return false;
    while ((length = fread(buffer, 1, sizeof buffer, file)) > 0)
        text_add(content, buffer, length);
    bool ok = !ferror(file);
    fclose(file);
    return ok;
}

static bool load_brand_file(struct emulator *emulator, const char *path, struct text *error)
{
    struct text content = {0}, reason = {0};
    const char *problem = NULL;
    bool ok = read_file(path, &content);
    if (!ok) {
        text_add_format(error, "cannot read %s: %m", path);
    } else {
        emulator->brand_file = json_read(content.data ? content.data : "", content.length, &problem);
        if (!emulator->brand_file)
            text_add_string(&reason, problem);
        ok = emulator->brand_file && seed_file(emulator, emulator->brand_file, &reason);
        if (!ok)
            text_add_format(error, "%s: %s", path, reason.data);
    }
    text_free(&content);
    text_free(&reason);
    return ok;
}

static void emulator_free(struct emulator *emulator)
{
    sessions_end_of(emulator, NULL, NULL);
    map_clear(&emulator->sessions.by_id, NULL);
    outbox_forget(&emulator->outbox, NULL);
    faults_forget(&emulator->faults, NULL);
    revoked_forget(&emulator->revoked);
    map_clear(&emulator->counts, free);
    map_clear(&emulator->brands, brand_free);
    json_object_put(emulator->brand_file);
    journal_free(&emulator->journal);
    jwt_signer_free(emulator->signer);
    free(emulator);
}

static struct emulator *emulator_new(const struct options *options, struct text *error)
{
    struct emulator *emulator = memory_new(sizeof *emulator);
    clock_start(&emulator->clock);
    emulator->options = options;
    emulator->journal.quiet = options->quiet;
    emulator->signer = jwt_signer_new();
    if (!options->brand_file)
        seed_defaults(emulator);
    else if (!load_brand_file(emulator, options->brand_file, error)) {
        emulator_free(emulator);
        return NULL;
    }
    return emulator;
}

/* Without --ca-file: a place of our own for the certificate that clients are to trust. */
static bool make_private_ca_file(struct tls_files *files, struct text *error)
{
    const char *parent = secure_getenv("TMPDIR");
    struct text name = {0}, path = {0};
    text_add_format(&name, "%s/capauth-emulator-XXXXXX", parent && *parent ? parent : "/tmp");
    if (!mkdtemp(name.data)) {
        text_add_format(error, "cannot make %s: %m", name.data);
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

static bool prepare_tls(struct tls_files *files, const struct options *options, struct text *error)
{
    if (options->ca_file) {
        files->ca_path = text_copy(options->ca_file);
        if (!ca_file_open(options->ca_file, &files->authority, error))
            return false;
    } else if (!make_private_ca_file(files, error)) {
        return false;
    }
    size_t count = options->tls_name_count;
    const char **names = memory_new((count + 1) * sizeof *names);
    memcpy(names, options->tls_names ? options->tls_names : names, count * sizeof *names);
    if (tls_name_is_usable(options->host))
        names[count++] = options->host; /* the name that the URL will have */
    bool ok = tls_make_certificate(&files->authority, names, count, &files->certificate_pem, &files->key_pem);
    if (!ok)
        text_add_string(error, "cannot make a certificate");
    free(names);
    return ok;
}

static void tls_files_free(struct tls_files *files)
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

static void announce(const struct options *options, const struct tls_files *files, unsigned port)
{
    bool bracketed = strchr(options->host, ':') != NULL;
    printf("listening on http%s://%s%s%s:%u\n", options->tls ? "s" : "", bracketed ? "[" : "", options->host,
           bracketed ? "]" : "", port);
    if (options->tls)
        printf("ca file %s\n", files->ca_path);
    fflush(stdout);
}

/* SIGTERM and SIGINT, as something that can be polled: only the loop takes them. */
static int signals_open(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
}

/* Serves until a signal ends it. The listeners are closed then. */
static bool serve(struct emulator *emulator, const struct options *options, const struct tls_files *files,
                  struct listeners *listeners, int signals)
{
    unsigned port = listeners_port(listeners);
    struct server *server = server_start(emulator, &(struct server_options){
                                                       .listeners = listeners->sockets,
                                                       .listener_count = listeners->count,
                                                       .certificate_pem = files->certificate_pem.data,
                                                       .key_pem = files->key_pem.data,
                                                   });
    if (!server)
        return false;
    listeners->count = 0; /* the server's now */
    announce(options, files, port);
    server_run(server, signals);
    server_stop(server);
    return true;
}

static bool run(const struct options *options)
{
    struct text error = {0};
    struct tls_files files = {0};
    struct listeners listeners = {0};
    int signals = signals_open();
    struct emulator *emulator = emulator_new(options, &error);
    bool ok = emulator && listeners_open(&listeners, options->host, options->port, &error) &&
              (!options->tls || prepare_tls(&files, options, &error));
    if (ok && !serve(emulator, options, &files, &listeners, signals))
        ok = refuse(&error, "the server does not start");
    if (!ok)
        fprintf(stderr, "capauth-emulator: %s\n", error.data);
    listeners_close(&listeners);
    tls_files_free(&files);
    if (emulator)
        emulator_free(emulator);
    text_free(&error);
    close(signals);
    return ok;
}

int main(int count, char **arguments)
{
    struct options options;
    int status = options_read(&options, count, arguments);
    if (status < 0)
        status = run(&options) ? EXIT_SUCCESS : EXIT_FAILURE;
    options_free(&options);
    return status;
}
