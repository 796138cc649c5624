/* A request and its reply, as the rest of the emulator sees them. Only server.c, exchange.c and delay.c know
 * libmicrohttpd. */
#ifndef EMULATOR_HTTP_H
#define EMULATOR_HTTP_H

#include "journal.h"
#include "text.h"

#include <stdbool.h>
#include <stddef.h>

struct emulator;
struct json_object;
struct MHD_Connection;

struct http_request {
    const char *method;
    const char *path; /* decoded, without query */
    const char *authority; /* host and port as the client knows us, or NULL */
    const char *body; /* ends with a NUL that does not count */
    size_t length;
    bool too_long; /* the body was more than we keep */
    long long took_ms; /* since its first line */
    long long waited_ms; /* the same, or for ever once the emulator ends */
    struct MHD_Connection *connection;
};

struct http_reply {
    unsigned status;
    struct text body;
    const char *content_type; /* NULL: none */
    char *allow; /* for 405; owned */
    struct json_object *headers; /* of a fault, borrowed; or NULL */
    const char *const *more_headers; /* name, value, ..., NULL; or NULL */
    bool streams; /* the events, from now on, in place of the body */
    struct note note;
    long long clock_offset_ms; /* of the brand that it is about */
    long long wait_ms; /* not 0: there is nothing to tell yet; ask again when an OTP is sent, or after that time */
};

/* NULL when there is none. */
const char *request_header(const struct http_request *request, const char *name);
const char *request_query(const struct http_request *request, const char *name);
enum request_part { REQUEST_HEADERS, REQUEST_QUERY };
/* Calls for each; a parameter's value is NULL where there is no equals sign. */
void request_each(const struct http_request *request, enum request_part part,
                  void (*visit)(void *data, const char *name, const char *value), void *data);
/* A query parameter that is none of the names (ended by NULL), or NULL. */
const char *request_unknown_query(const struct http_request *request, const char *const *names);

void reply_text(struct http_reply *reply, unsigned status, const char *text);
/* {"status":404,"error":"Not Found","path":...} */
void reply_http_error(struct http_reply *reply, unsigned status, const char *error, const char *path);

/* Parses a body. NULL, with `problem` saying why, unless it is one JSON object, not too deep, in UTF-8. */
struct json_object *json_read(const char *body, size_t length, const char **problem);
/* The same, and `offset` tells where it went wrong. */
struct json_object *json_read_at(const char *body, size_t length, const char **problem, size_t *offset);

#endif
