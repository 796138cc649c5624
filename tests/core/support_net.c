/* SPDX-License-Identifier: Apache-2.0 */
#include "support_net.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 256, REQUEST_SIZE = 8192 };

int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

const char *token_reply(void)
{
    return "HTTP/1.1 200 OK\r\nContent-Length: 110\r\n\r\n"
           "{\"status\":{\"success\":true,\"code\":200,\"message\":\"SUCCESS\"},\"auth\":{\"token\":\"x.y.z\"},"
           "\"user\":{\"sessionId\":\"P-1\"}}";
}

/* ---- What both are made of: a listener, and a thread that polls ---- */

struct listener {
    int fd;
    int stop;
    char url[64];
    pthread_t thread;
    atomic_int requests;
    atomic_int connections;
    atomic_int open;
    atomic_int peak;
};

static void listener_start(struct listener *listener, const char *host, const char *scheme, void *(*run)(void *),
                           void *data)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = inet_addr(host)};
    socklen_t size = sizeof address;

    listener->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    listener->stop = eventfd(0, EFD_CLOEXEC);
    assert_int_equal(bind(listener->fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener->fd, 1024), 0);
    getsockname(listener->fd, (struct sockaddr *)&address, &size);
    snprintf(listener->url, sizeof listener->url, "%s://%s:%d", scheme, host, ntohs(address.sin_port));
    assert_int_equal(pthread_create(&listener->thread, NULL, run, data), 0);
}

static void listener_stop(struct listener *listener)
{
    uint64_t one = 1;

    assert_int_equal(write(listener->stop, &one, sizeof one), sizeof one);
    pthread_join(listener->thread, NULL);
    close(listener->fd);
    close(listener->stop);
}

static void send_at_once(int fd)
{
    int yes = 1;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

static int listener_accept(struct listener *listener)
{
    int fd = accept(listener->fd, NULL, NULL);
    int open;

    if (fd < 0)
        return -1;
    send_at_once(fd);
    atomic_fetch_add(&listener->connections, 1);
    open = atomic_fetch_add(&listener->open, 1) + 1;
    if (open > atomic_load(&listener->peak))
        atomic_store(&listener->peak, open);
    return fd;
}

/* ---- The slow server ---- */

struct connection {
    int fd;
    int64_t due_ms; /* 0: no reply is due */
    size_t used;
    char text[REQUEST_SIZE];
};

struct slow_server {
    struct listener listener;
    const char *reply;
    int delay_ms;
    int count;
    struct connection *connections[MOST];
};

static size_t body_length(const char *head)
{
    for (const char *line = strstr(head, "\r\n"); line; line = strstr(line + 2, "\r\n")) {
        if (!strncasecmp(line + 2, "Content-Length:", 15))
            return strtoul(line + 17, NULL, 10);
    }
    return 0;
}

/* Reads on; false when the connection ended. */
static bool slow_read(struct slow_server *server, struct connection *connection)
{
    ssize_t got = recv(connection->fd, connection->text + connection->used, REQUEST_SIZE - 1 - connection->used, 0);
    const char *end;

    if (got <= 0)
        return false;
    connection->used += (size_t)got;
    connection->text[connection->used] = '\0';
    end = strstr(connection->text, "\r\n\r\n");
    if (end && connection->used >= (size_t)(end + 4 - connection->text) + body_length(connection->text)) {
        connection->used = 0;
        connection->due_ms = now_ms() + server->delay_ms;
        atomic_fetch_add(&server->listener.requests, 1);
    }
    return true;
}

static void slow_drop(struct slow_server *server, int index)
{
    close(server->connections[index]->fd);
    free(server->connections[index]);
    server->connections[index] = server->connections[--server->count];
    atomic_fetch_sub(&server->listener.open, 1);
}

static void slow_reply(struct slow_server *server)
{
    for (int i = 0; server->delay_ms >= 0 && i < server->count; i++) {
        struct connection *connection = server->connections[i];

        if (connection->due_ms && connection->due_ms <= now_ms()) {
            connection->due_ms = 0;
            (void)send(connection->fd, server->reply, strlen(server->reply), MSG_NOSIGNAL);
        }
    }
}

static int slow_timeout(const struct slow_server *server)
{
    int64_t left = 10000;

    for (int i = 0; server->delay_ms >= 0 && i < server->count; i++) {
        int64_t due = server->connections[i]->due_ms;

        if (due && due - now_ms() < left)
            left = due - now_ms();
    }
    return left < 0 ? 0 : (int)left;
}

static void slow_accept(struct slow_server *server)
{
    int fd = listener_accept(&server->listener);
    struct connection *connection = fd < 0 ? NULL : calloc(1, sizeof *connection);

    if (connection) {
        connection->fd = fd;
        server->connections[server->count++] = connection;
    }
}

static void *slow_run(void *data)
{
    struct slow_server *server = data;

    for (;;) {
        struct pollfd ready[MOST + 2] = {{.fd = server->listener.stop, .events = POLLIN},
                                         {.fd = server->listener.fd, .events = POLLIN}};
        int count = server->count;

        for (int i = 0; i < count; i++)
            ready[i + 2] = (struct pollfd){.fd = server->connections[i]->fd, .events = POLLIN};
        poll(ready, (nfds_t)(count + 2), slow_timeout(server));
        if (ready[0].revents)
            break;
        for (int i = count - 1; i >= 0; i--) {
            if (ready[i + 2].revents && !slow_read(server, server->connections[i]))
                slow_drop(server, i);
        }
        if (ready[1].revents && server->count < MOST)
            slow_accept(server);
        slow_reply(server);
    }
    while (server->count)
        slow_drop(server, 0);
    return NULL;
}

struct slow_server *slow_server_start(const char *reply, int delay_ms)
{
    struct slow_server *server = calloc(1, sizeof *server);

    assert_non_null(server);
    server->reply = reply;
    server->delay_ms = delay_ms;
    listener_start(&server->listener, "127.0.0.1", "http", slow_run, server);
    return server;
}

const char *slow_server_url(const struct slow_server *server)
{
    return server->listener.url;
}

int slow_server_requests(struct slow_server *server)
{
    return atomic_load(&server->listener.requests);
}

int slow_server_connections(struct slow_server *server)
{
    return atomic_load(&server->listener.connections);
}

int slow_server_peak(struct slow_server *server)
{
    return atomic_load(&server->listener.peak);
}

void slow_server_stop(struct slow_server *server)
{
    listener_stop(&server->listener);
    free(server);
}

struct served served_begin(int delay_ms)
{
    struct served it = {.server = slow_server_start(token_reply(), delay_ms)};

    it.client = client_of(slow_server_url(it.server));
    for (int i = 0; i < FEW; i++)
        it.customers[i] = new_mobile(it.client, "Brand", "919999999993");
    return it;
}

void served_end(struct served *it)
{
    for (int i = 0; i < FEW; i++)
        capauth_session_free(&it->customers[i]);
    capauth_client_free(&it->client);
    slow_server_stop(it->server);
}

/* ---- The relay ---- */

struct relay {
    struct listener listener;
    int target_port;
    int count;
    int pairs[MOST][2];
};

static int relay_connect(const struct relay *relay)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                  .sin_port = htons((uint16_t)relay->target_port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address)) {
        close(fd);
        return -1;
    }
    send_at_once(fd);
    return fd;
}

static void relay_accept(struct relay *relay)
{
    int fd = listener_accept(&relay->listener);

    if (fd < 0)
        return;
    relay->pairs[relay->count][0] = fd;
    relay->pairs[relay->count++][1] = relay_connect(relay);
}

static void relay_drop(struct relay *relay, int index)
{
    close(relay->pairs[index][0]);
    close(relay->pairs[index][1]);
    relay->count--;
    memcpy(relay->pairs[index], relay->pairs[relay->count], sizeof relay->pairs[index]);
    atomic_fetch_sub(&relay->listener.open, 1);
}

/* Passes on what there is; false when an end has closed. */
static bool relay_pass(int from, int to)
{
    char bytes[16384];
    ssize_t got = recv(from, bytes, sizeof bytes, 0);

    return got > 0 && send(to, bytes, (size_t)got, MSG_NOSIGNAL) == got;
}

static void *relay_run(void *data)
{
    struct relay *relay = data;

    for (;;) {
        struct pollfd ready[MOST * 2 + 2] = {{.fd = relay->listener.stop, .events = POLLIN},
                                             {.fd = relay->listener.fd, .events = POLLIN}};
        int count = relay->count;

        for (int i = 0; i < count * 2; i++)
            ready[i + 2] = (struct pollfd){.fd = relay->pairs[i / 2][i % 2], .events = POLLIN};
        poll(ready, (nfds_t)(count * 2 + 2), -1);
        if (ready[0].revents)
            break;
        for (int i = count - 1; i >= 0; i--) {
            const int *pair = relay->pairs[i];

            if ((ready[i * 2 + 2].revents && !relay_pass(pair[0], pair[1])) ||
                (ready[i * 2 + 3].revents && !relay_pass(pair[1], pair[0])))
                relay_drop(relay, i);
        }
        if (ready[1].revents && relay->count < MOST)
            relay_accept(relay);
    }
    while (relay->count)
        relay_drop(relay, 0);
    return NULL;
}

struct relay *relay_start_on(const char *host, const char *url)
{
    struct relay *relay = calloc(1, sizeof *relay);

    assert_non_null(relay);
    relay->target_port = atoi(strrchr(url, ':') + 1);
    listener_start(&relay->listener, host, "https", relay_run, relay);
    return relay;
}

struct relay *relay_start(const char *url)
{
    return relay_start_on("127.0.0.1", url);
}

const char *relay_url(const struct relay *relay)
{
    return relay->listener.url;
}

int relay_connections(struct relay *relay)
{
    return atomic_load(&relay->listener.connections);
}

int relay_peak(struct relay *relay)
{
    return atomic_load(&relay->listener.peak);
}

void relay_stop(struct relay *relay)
{
    listener_stop(&relay->listener);
    free(relay);
}
