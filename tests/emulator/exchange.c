/* Requests and replies as libmicrohttpd has them, here and nowhere else. */
#include "exchange.h"

#include "access.h"
#include "control.h"
#include "http.h"
#include "page.h"
#include "router.h"
#include "text.h"

#include <json-c/json.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    MOST_BODY = 262144, /* a longer one is answered with 413 */
};

/* One request from its first line to the end of its reply. */
struct exchange {
    char *authority; /* of an absolute-form target; or NULL */
    struct text body;
    size_t received;
    int64_t asked_ms; /* on the monotonic clock */
    bool answered; /* the outcome is there; it may wait for its delay */
    struct outcome outcome;
};

const char *request_header(const struct http_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

const char *request_query(const struct http_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

struct visitor {
    void (*visit)(void *data, const char *name, const char *value);
    void *data;
};

static enum MHD_Result visit_value(void *data, enum MHD_ValueKind kind, const char *name, const char *value)
{
    const struct visitor *visitor = data;
    (void)kind;
    visitor->visit(visitor->data, name, value);
    return MHD_YES;
}

void request_each(const struct http_request *request, enum request_part part,
                  void (*visit)(void *data, const char *name, const char *value), void *data)
{
    struct visitor visitor = {visit, data};
    MHD_get_connection_values(request->connection, part == REQUEST_HEADERS ? MHD_HEADER_KIND : MHD_GET_ARGUMENT_KIND,
                              visit_value, &visitor);
}

struct query_search {
    const char *const *names;
    const char *unknown;
};

static enum MHD_Result find_unknown(void *data, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct query_search *search = data;
    (void)kind;
    (void)value;
    for (const char *const *known = search->names; *known; known++)
        if (strcmp(*known, name) == 0)
            return MHD_YES;
    search->unknown = name;
    return MHD_NO;
}

const char *request_unknown_query(const struct http_request *request, const char *const *names)
{
    struct query_search search = {.names = names};
    MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, find_unknown, &search);
    return search.unknown;
}

/* Ends the connection at once with a RST: disconnecting a socket does that, whereas closing it would
 * first send what is left, and TLS a farewell. The caller then gives MHD_NO, and the rest is cleaned up. */
static void reset_connection(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
    if (info && connect(info->connect_fd, &nowhere, sizeof nowhere) != 0)
        shutdown(info->connect_fd, SHUT_RDWR);
}

/* A body that breaks off: its length was promised, but the connection closes before. */
struct truncated {
    char *data;
    size_t length;
};

static ssize_t read_truncated(void *data, uint64_t position, char *buffer, size_t most)
{
    const struct truncated *body = data;
    size_t left = body->length - (size_t)position;
    if (!left)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    size_t length = left < most ? left : most;
    memcpy(buffer, body->data + position, length);
    return (ssize_t)length;
}

static void free_truncated(void *data)
{
    struct truncated *body = data;
    free(body->data);
    free(body);
}

static struct MHD_Response *make_response(struct outcome *outcome)
{
    struct text *body = &outcome->reply.body;
    struct MHD_Response *response;
    if (outcome->truncate_after >= 0 && (size_t)outcome->truncate_after < body->length) {
        struct truncated *truncated = memory_new(sizeof *truncated);
        truncated->data = body->data;
        truncated->length = (size_t)outcome->truncate_after;
        response = MHD_create_response_from_callback(body->length, 4096, read_truncated, truncated, free_truncated);
    } else {
        response = MHD_create_response_from_buffer(body->length, body->data, MHD_RESPMEM_MUST_FREE);
    }
    memset(body, 0, sizeof *body); /* the response has it now */
    return response;
}

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
    if (value)
        MHD_add_response_header(response, name, value);
}

/* Web apps call from any origin; what /_emulator/ answers is not for all of them. */
static void add_cors_headers(struct MHD_Response *response, const struct options *options,
                             const struct http_request *request)
{
    const char *origin = request_header(request, "Origin");
    if (!origin)
        return;
    if ((control_is_path(request->path) || page_is_asked_for(request)) &&
        !access_origin_is_ours(options, origin, request->authority))
        return;
    add_header(response, "Access-Control-Allow-Origin", origin);
    add_header(response, "Vary", "Origin");
    add_header(response, "Access-Control-Allow-Credentials", "true");
    add_header(response, "Access-Control-Expose-Headers", "Date, Retry-After, X-Amz-Cf-Id");
    if (strcmp(request->method, "OPTIONS") != 0)
        return;
    const char *wanted = request_header(request, "Access-Control-Request-Headers");
    add_header(response, "Access-Control-Allow-Methods", "GET, POST, PUT, DELETE, OPTIONS");
    add_header(response, "Access-Control-Allow-Headers",
               wanted ? wanted
                      : "Content-Type, Accept, Authorization, cap_authorization, cap_brand, cap_device_id, "
                        "cap_identifier_type, cap_identifier_value, cap_mobile, X-CAP-EXTERNAL-OAUTH-ID-TOKEN");
    add_header(response, "Access-Control-Max-Age", "600");
}

static void add_fault_headers(struct MHD_Response *response, struct json_object *headers)
{
    json_object_object_foreach(headers, name, value)
    {
        MHD_del_response_header(response, name, MHD_get_response_header(response, name));
        MHD_add_response_header(response, name, json_object_get_string(value));
    }
}

static enum MHD_Result send_reply(struct exchanges *exchanges, struct outcome *outcome,
                                  const struct http_request *request)
{
    struct http_reply *reply = &outcome->reply;
    char date[CLOCK_DATE_SIZE];
    struct MHD_Response *response =
        reply->streams ? stream_response(&exchanges->streams, request->connection) : make_response(outcome);
    if (!response)
        return MHD_NO;
    clock_date(clock_now_ms(&exchanges->emulator->clock) + reply->clock_offset_ms, date);
    add_header(response, "Date", date);
    add_header(response, "Content-Type", reply->content_type);
    add_header(response, "Allow", reply->allow);
    for (const char *const *header = reply->more_headers; header && *header; header += 2)
        add_header(response, header[0], header[1]);
    add_cors_headers(response, exchanges->emulator->options, request);
    if (reply->headers)
        add_fault_headers(response, reply->headers);
    enum MHD_Result result = MHD_queue_response(request->connection, reply->status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result finish(struct exchanges *exchanges, struct exchange *exchange,
                              const struct http_request *request)
{
    if (exchange->outcome.resets) {
        reset_connection(request->connection);
        return MHD_NO;
    }
    return send_reply(exchanges, &exchange->outcome, request);
}

/* Whoever asks before sending a body is told at once. Others are heard to the end: an answer before it, and a closed
 * connection, would reach most of them as a broken one. */
static bool will_be_too_long(const struct http_request *request)
{
    const char *expect = request_header(request, "Expect"), *length = request_header(request, "Content-Length");
    return expect && length && text_equal_nocase(expect, "100-continue") && strtoull(length, NULL, 10) > MOST_BODY;
}

static enum MHD_Result receive(struct exchange *exchange, const char *data, size_t *length)
{
    exchange->received += *length;
    if (exchange->received <= MOST_BODY)
        text_add(&exchange->body, data, *length);
    *length = 0;
    return MHD_YES;
}

/* When the connection is resumed, the request is routed once more. */
static enum MHD_Result wait_for_otp(struct exchanges *exchanges, struct exchange *exchange,
                                    const struct http_request *request)
{
    long long wait_ms = exchange->outcome.reply.wait_ms;
    outcome_free(&exchange->outcome);
    exchange->outcome = (struct outcome){.truncate_after = -1};
    delays_add_for_otp(&exchanges->delays, request->connection, wait_ms);
    return MHD_YES;
}

static enum MHD_Result answer(struct exchanges *exchanges, struct exchange *exchange,
                              const struct http_request *request)
{
    struct outcome *outcome = &exchange->outcome;
    uint64_t sent = exchanges->emulator->outbox.sent;
    route(exchanges->emulator, request, outcome);
    if (exchanges->emulator->outbox.sent != sent)
        delays_end_for_otp(&exchanges->delays);
    if (outcome->reply.wait_ms)
        return wait_for_otp(exchanges, exchange, request);
    exchange->answered = true;
    text_free(&exchange->body);
    if (!outcome->delay_ms || exchanges->stopping)
        return finish(exchanges, exchange, request);
    delays_add(&exchanges->delays, request->connection, outcome->delay_ms);
    return MHD_YES;
}

/* A target in absolute form, as clients send it to a proxy: its host counts, and not the one of the header.
 * Gives the path. */
static const char *split_target(const char *target, char **authority)
{
    const char *scheme = text_begins_nocase(target, "http://")    ? "http://"
                         : text_begins_nocase(target, "https://") ? "https://"
                                                                  : NULL;
    if (!scheme)
        return target;
    const char *from = target + strlen(scheme), *path = from + strcspn(from, "/");
    if (authority && !*authority) {
        struct text text = {0};
        text_add(&text, from, (size_t)(path - from));
        *authority = text.data;
    }
    return *path ? path : "/";
}

static struct exchange *exchange_new(const char *target)
{
    struct exchange *exchange = memory_new(sizeof *exchange);
    exchange->asked_ms = clock_monotonic_ms();
    exchange->outcome.truncate_after = -1;
    split_target(target, &exchange->authority);
    return exchange;
}

/* libmicrohttpd calls this when the headers are there, for each piece of the body, at its end, and
 * once more when a delay is over. */
enum MHD_Result exchange_handle(void *data, struct MHD_Connection *connection, const char *path, const char *method,
                                const char *version, const char *upload, size_t *upload_length, void **state)
{
    struct exchanges *exchanges = data;
    struct exchange *exchange = *state;
    bool first = !exchange;
    (void)version;
    if (first)
        *state = exchange = exchange_new(path);
    if (*upload_length)
        return receive(exchange, upload, upload_length);
    struct http_request request = {
        .method = method,
        .path = split_target(path, NULL),
        .authority = exchange->authority,
        .body = exchange->body.data ? exchange->body.data : "",
        .length = exchange->body.length,
        .too_long = exchange->received > MOST_BODY,
        .connection = connection,
        .took_ms = clock_monotonic_ms() - exchange->asked_ms,
    };
    request.waited_ms = exchanges->stopping ? LLONG_MAX : request.took_ms;
    if (!request.authority)
        request.authority = request_header(&request, "Host");
    if (first && !(request.too_long = will_be_too_long(&request)))
        return MHD_YES;
    return exchange->answered ? finish(exchanges, exchange, &request) : answer(exchanges, exchange, &request);
}

void exchange_complete(void *data, struct MHD_Connection *connection, void **state,
                       enum MHD_RequestTerminationCode code)
{
    struct exchange *exchange = *state;
    (void)data;
    (void)connection;
    (void)code;
    if (!exchange)
        return;
    free(exchange->authority);
    text_free(&exchange->body);
    outcome_free(&exchange->outcome);
    free(exchange);
    *state = NULL;
}
