/* Start and end of the program. */
#include "emulator.h"
#include "listen.h"
#include "options.h"
#include "platform.h"
#include "server.h"
#include "state.h"
#include "text.h"
#include "tls_files.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool refuse(struct text *error, const char *reason)
{
    text_add_string(error, reason);
    return false;
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

/* A file with an error changes nothing: the error is printed, and the emulator goes on. */
static bool reload(struct emulator *emulator)
{
    struct text error = {0};
    if (brand_file_reload(emulator, &error))
        fprintf(stderr, "capauth-emulator: %s was read again\n", emulator->options->brand_file);
    else
        fprintf(stderr, "capauth-emulator: nothing was changed: %s\n", error.data);
    text_free(&error);
    return true;
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
    do
        server_run(server, signals);
    while (platform_signals_take(signals) == SIGHUP && reload(emulator));
    server_stop(server);
    return true;
}

static bool run(const struct options *options)
{
    struct text error = {0};
    struct tls_files files = {0};
    struct listeners listeners = {0};
    int signals = platform_signals_open();
    struct emulator *emulator = emulator_new(options, &error);
    bool ok = emulator && listeners_open(&listeners, options->host, options->port, &error) &&
              (!options->tls || tls_files_prepare(&files, options, &error));
    if (ok && !serve(emulator, options, &files, &listeners, signals))
        ok = refuse(&error, "cannot start the HTTP server");
    ok = ok && (!options->save_file || state_save(emulator, options->save_file, &error));
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
