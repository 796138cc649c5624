/* The loop. libmicrohttpd has one of its own, but where exactly as many events come at once as it takes
 * in one go (128), it sleeps before it serves them. So here it only says what to wait for and how long. */
#include "server.h"

#include "descriptors.h"
#include "exchange.h"
#include "platform.h"
#include "text.h"

#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    IDLE_SECONDS = 300,
    MOST_CONNECTIONS = 16384,
    SPARE_FILES = 64,
    MOST_ACCEPTED = 64, /* in one turn: those who are connected have their turn too */
    NO_FILES_MS = 100, /* before it is tried again to accept */
};

enum { WAKE, LISTENERS }; /* what `polled` holds, in this order; then libmicrohttpd's */

struct server {
    struct exchanges exchanges;
    struct MHD_Daemon *daemon;
    struct pollfd *polled;
    size_t listener_count;
    unsigned most_connections;
    bool out_of_files;
};

/* As many connections as there may be open files, or as libmicrohttpd can wait for one by one. */
static unsigned connection_limit(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || descriptors_most() > 1)
        return 1024 - SPARE_FILES;
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_cur == RLIM_INFINITY || files.rlim_cur > MOST_CONNECTIONS + SPARE_FILES)
        return MOST_CONNECTIONS;
    return files.rlim_cur > SPARE_FILES + SPARE_FILES ? (unsigned)files.rlim_cur - SPARE_FILES : SPARE_FILES;
}

static struct MHD_Daemon *start_daemon(struct server *server, const struct server_options *options)
{
    unsigned flags =
        descriptors_flag() | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_SUPPRESS_DATE_NO_CLOCK;
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t) "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"},
        {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)options->certificate_pem},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)options->key_pem},
        {MHD_OPTION_END, 0, NULL},
    };
    if (options->certificate_pem)
        flags |= MHD_USE_TLS;
    else
        tls[0].option = MHD_OPTION_END;
    return MHD_start_daemon(flags, 0, NULL, NULL, exchange_handle, &server->exchanges, MHD_OPTION_NOTIFY_COMPLETED,
                            exchange_complete, NULL, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS,
                            MHD_OPTION_CONNECTION_LIMIT, server->most_connections, MHD_OPTION_ARRAY, tls,
                            MHD_OPTION_END);
}

static void fill_polled(struct server *server, const struct server_options *options)
{
    server->listener_count = options->listener_count;
    server->polled = memory_new((LISTENERS + options->listener_count + descriptors_most()) * sizeof *server->polled);
    for (size_t i = 0; i < options->listener_count; i++)
        server->polled[LISTENERS + i].fd = options->listeners[i];
}

struct server *server_start(struct emulator *emulator, const struct server_options *options)
{
    struct server *server = memory_new(sizeof *server);
    server->exchanges.emulator = emulator;
    server->exchanges.streams.events = &emulator->events;
    server->most_connections = connection_limit();
    server->daemon = start_daemon(server, options);
    if (!server->daemon) {
        free(server);
        return NULL;
    }
    fill_polled(server, options);
    return server;
}

/* Whoever comes when there is no room waits in the kernel's queue. */
static bool has_room(const struct server *server)
{
    return !server->out_of_files &&
           MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS)->num_connections <
               server->most_connections;
}

static void accept_from(struct server *server, int listener)
{
    for (int i = 0; i < MOST_ACCEPTED && has_room(server); i++) {
        struct sockaddr_storage address;
        socklen_t size = sizeof address;
        int connection = platform_accept(listener, &address, &size);
        if (connection < 0) {
            server->out_of_files = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
            return;
        }
        MHD_add_connection(server->daemon, connection, (struct sockaddr *)&address, size); /* closes it if it fails */
    }
}

static int sooner(int a, int b)
{
    return a < 0 ? b : b < 0 || a < b ? a : b;
}

/* How long nothing has to be done, as poll wants it. What GnuTLS has read beyond what was asked for wakes
 * no descriptor: libmicrohttpd then answers 0. */
static int idle_ms(const struct server *server)
{
    MHD_UNSIGNED_LONG_LONG timeout;
    int idle = sooner(delays_next_ms(&server->exchanges.delays), streams_next_ms(&server->exchanges.streams));
    if (MHD_get_timeout(server->daemon, &timeout) == MHD_YES)
        idle = sooner(idle, timeout > IDLE_SECONDS * 1000 ? IDLE_SECONDS * 1000 : (int)timeout);
    return server->out_of_files ? sooner(idle, NO_FILES_MS) : idle;
}

static void wait_for_work(struct server *server)
{
    size_t count = LISTENERS + server->listener_count;
    bool room = has_room(server);
    for (size_t i = 0; i < server->listener_count; i++) {
        server->polled[LISTENERS + i].events = room ? POLLIN : 0;
        server->polled[LISTENERS + i].revents = 0;
    }
    count += descriptors_get(server->daemon, server->polled + count);
    if (poll(server->polled, (nfds_t)count, idle_ms(server)) < 0)
        server->polled[WAKE].revents = 0; /* interrupted: nothing is known of anybody */
    server->out_of_files = false;
}

void server_run(struct server *server, int wake)
{
    server->polled[WAKE].fd = wake;
    server->polled[WAKE].events = POLLIN;
    server->polled[WAKE].revents = 0;
    while (!server->polled[WAKE].revents) {
        wait_for_work(server);
        for (size_t i = 0; i < server->listener_count; i++)
            if (server->polled[LISTENERS + i].revents)
                accept_from(server, server->polled[LISTENERS + i].fd);
        delays_resume_due(&server->exchanges.delays);
        streams_resume_due(&server->exchanges.streams);
        MHD_run(server->daemon);
    }
}

void server_stop(struct server *server)
{
    for (size_t i = 0; i < server->listener_count; i++)
        close(server->polled[LISTENERS + i].fd);
    server->exchanges.stopping = true;
    delays_resume_all(&server->exchanges.delays);
    streams_end(&server->exchanges.streams);
    MHD_run(server->daemon); /* libmicrohttpd does not stop while a connection is suspended */
    MHD_stop_daemon(server->daemon);
    free(server->polled);
    free(server);
}
