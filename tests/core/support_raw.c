/* SPDX-License-Identifier: Apache-2.0 */
/* A server that answers whatever bytes a test wants. */
#include "support.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REQUEST_MOST = 2 << 20 };

struct raw_server {
    int listener;
    pthread_t thread;
    char url[64];
    const char *const *replies;
    bool close_after;
    pthread_mutex_t mutex;
    int requests;
    char last[65536];
};

static size_t content_length(const char *head)
{
    const char *line = head;

    while ((line = strstr(line, "\r\n"))) {
        line += 2;
        if (!strncasecmp(line, "Content-Length:", 15))
            return strtoul(line + 15, NULL, 10);
    }
    return 0;
}

/* Reads one whole request into `text`; false when the connection ended. */
static bool read_request(int connection, char *text, size_t size)
{
    size_t used = 0;

    for (;;) {
        ssize_t got = recv(connection, text + used, size - 1 - used, 0);
        const char *end;

        if (got <= 0)
            return false;
        used += (size_t)got;
        text[used] = '\0';
        if (!(end = strstr(text, "\r\n\r\n")))
            continue;
        if (used >= (size_t)(end + 4 - text) + content_length(text))
            return true;
    }
}

static const char *next_reply(struct raw_server *server, const char *request)
{
    const char *reply;

    pthread_mutex_lock(&server->mutex);
    server->requests++;
    snprintf(server->last, sizeof server->last, "%s", request);
    reply = *server->replies;
    if (server->replies[1])
        server->replies++;
    pthread_mutex_unlock(&server->mutex);
    return reply;
}

static void serve(struct raw_server *server, int connection)
{
    static const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    char *text = malloc(REQUEST_MOST);

    while (text && read_request(connection, text, REQUEST_MOST)) {
        const char *reply = next_reply(server, text);

        if (!*reply) {
            setsockopt(connection, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
            break;
        }
        if (send(connection, reply, strlen(reply), MSG_NOSIGNAL) < 0 || server->close_after)
            break;
    }
    free(text);
    close(connection);
}

static void *accept_all(void *data)
{
    struct raw_server *server = data;
    int connection;

    /* One connection at a time is enough for tests of single calls. */
    while ((connection = accept(server->listener, NULL, NULL)) >= 0)
        serve(server, connection);
    return NULL;
}

struct raw_server *raw_server_start(const char *const *replies, bool close_after)
{
    struct raw_server *server = calloc(1, sizeof *server);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;

    assert_non_null(server);
    server->replies = replies;
    server->close_after = close_after;
    pthread_mutex_init(&server->mutex, NULL);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(server->listener, 16), 0);
    getsockname(server->listener, (struct sockaddr *)&address, &size);
    snprintf(server->url, sizeof server->url, "http://127.0.0.1:%d", ntohs(address.sin_port));
    assert_int_equal(pthread_create(&server->thread, NULL, accept_all, server), 0);
    return server;
}

const char *raw_server_url(const struct raw_server *server)
{
    return server->url;
}

int raw_server_requests(struct raw_server *server)
{
    int requests;

    pthread_mutex_lock(&server->mutex);
    requests = server->requests;
    pthread_mutex_unlock(&server->mutex);
    return requests;
}

void raw_server_last_request(struct raw_server *server, char *out, size_t size)
{
    pthread_mutex_lock(&server->mutex);
    snprintf(out, size, "%s", server->last);
    pthread_mutex_unlock(&server->mutex);
}

/* Free the client first: the server serves a connection until it ends. */
void raw_server_stop(struct raw_server *server)
{
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->listener);
    pthread_mutex_destroy(&server->mutex);
    free(server);
}

const char *http_reply(const char *status_line, const char *headers, const char *body)
{
    static char texts[16][8192];
    static int next;
    char *text = texts[next++ % 16];

    snprintf(text, sizeof texts[0], "%s\r\nContent-Length: %zu\r\n%s\r\n%s", status_line, strlen(body), headers, body);
    return text;
}

capauth_client *new_raw_client(const struct raw_server *server)
{
    return client_of(server->url);
}
