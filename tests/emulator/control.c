#include "control.h"

#include "access.h"
#include "control_call.h"
#include "page.h"
#include "text.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

static const char *const brand_query[] = {"brand", NULL};
static const char *const outbox_query[] = {"brand", "identifier", "limit", "after", "waitMs", NULL};
static const char *const log_query[] = {"brand", "limit", NULL};
static const char *const secrets_query[] = {"secrets", NULL};
static const char *const no_query[] = {NULL};

enum body { NO_BODY, BODY, OPTIONAL_BODY };

static control_run get_index;

static const struct control {
    const char *method;
    const char *path; /* behind the prefix; the last part in braces takes all that is left */
    enum body body;
    const char *const *query;
    control_run *run;
} controls[] = {
    {"GET", "", NO_BODY, no_query, get_index},
    {"GET", "health", NO_BODY, no_query, get_health},
    {"GET", "phone", NO_BODY, log_query, get_phone},
    {"GET", "exchanges", NO_BODY, log_query, get_exchanges},
    {"GET", "exchanges/{id}", NO_BODY, secrets_query, get_exchange},
    {"GET", "overview", NO_BODY, brand_query, get_overview},
    {"GET", "events", NO_BODY, no_query, get_events},
    {"GET", "page/{file}", NO_BODY, no_query, get_page},
    {"GET", "operations", NO_BODY, no_query, get_operations},
    {"GET", "codes", NO_BODY, no_query, get_codes},
    {"GET", "settings", NO_BODY, no_query, get_settings},
    {"GET", "log", NO_BODY, log_query, get_log},
    {"GET", "export", NO_BODY, no_query, get_export},
    {"GET", "outbox", NO_BODY, outbox_query, get_outbox},
    {"GET", "requests", NO_BODY, brand_query, get_requests},
    {"GET", "clock", NO_BODY, brand_query, get_clock},
    {"POST", "clock", BODY, no_query, post_clock},
    {"POST", "reset", OPTIONAL_BODY, brand_query, post_reset},
    {"GET", "faults", NO_BODY, brand_query, get_faults},
    {"POST", "faults", BODY, no_query, post_fault},
    {"DELETE", "faults", NO_BODY, brand_query, delete_faults},
    {"GET", "brands", NO_BODY, no_query, get_brands},
    {"GET", "brands/{brand}", NO_BODY, no_query, get_brand},
    {"PUT", "brands/{brand}", BODY, no_query, put_brand},
    {"DELETE", "brands/{brand}", NO_BODY, no_query, delete_brand},
    {"GET", "customers", NO_BODY, brand_query, get_customers},
    {"GET", "customers/{brand}/{identifierType}/{value}", NO_BODY, no_query, get_customer},
    {"PUT", "customers/{brand}/{identifierType}/{value}", BODY, no_query, put_customer},
    {"DELETE", "customers/{brand}/{identifierType}/{value}", NO_BODY, no_query, delete_customer},
    {"PUT", "locks/{brand}/{identifierType}/{value}", OPTIONAL_BODY, no_query, put_lock},
    {"DELETE", "locks/{brand}/{identifierType}/{value}", NO_BODY, no_query, delete_lock},
    {"DELETE", "tokens/{brand}/{identifierType}/{value}", NO_BODY, no_query, delete_tokens},
    {"GET", "gateway", NO_BODY, brand_query, get_gateways},
    {"GET", "gateway/{brand}/{endpoint}", NO_BODY, no_query, get_gateway},
    {"PUT", "gateway/{brand}/{endpoint}", BODY, no_query, put_gateway},
    {"DELETE", "gateway/{brand}/{endpoint}", NO_BODY, no_query, delete_gateway},
};

enum { CONTROL_COUNT = sizeof controls / sizeof controls[0] };

/* {"calls":["GET /_emulator/outbox?brand=&identifier=",...]}; a browser gets the page. */
static bool get_index(struct control_call *call)
{
    struct text *json = &call->reply->body;
    if (page_is_wanted(call->request)) {
        page_write(call->emulator, call->reply);
        return true;
    }
    text_add_string(json, "{\"calls\":[");
    for (size_t i = 0; i < CONTROL_COUNT; i++) {
        const struct control *control = &controls[i];
        text_add_format(json, "%s\"%s " CONTROL_PREFIX "%s", i ? "," : "", control->method, control->path);
        for (size_t name = 0; control->query[name]; name++)
            text_add_format(json, "%c%s=", name ? '&' : '?', control->query[name]);
        text_add_string(json, "\"");
    }
    text_add_string(json, "]}");
    return true;
}

static size_t name_length(const struct control *control)
{
    return strcspn(control->path, "/");
}

/* How many parts in braces a call's path has. */
static unsigned part_count(const struct control *control)
{
    unsigned count = 0;
    for (const char *c = control->path; *c; c++)
        count += *c == '{';
    return count;
}

/* Whether a path, behind the prefix, has a call's name and as many parts as it wants. */
static bool path_fits(const struct control *control, const char *path)
{
    size_t length = name_length(control);
    if (strncmp(control->path, path, length) != 0 || (path[length] && path[length] != '/'))
        return false;
    unsigned parts = part_count(control);
    const char *at = path[length] ? path + length : NULL;
    for (unsigned i = 0; i < parts; i++) {
        if (!at || !at[1])
            return false;
        at = strchr(at + 1, '/');
    }
    return parts || !at;
}

/* HEAD is answered as GET is, by libmicrohttpd without the body. */
static bool method_fits(const struct control *control, const char *method)
{
    return strcmp(control->method, strcmp(method, "HEAD") == 0 ? "GET" : method) == 0;
}

/* The call, or NULL; `allow` then gets the methods that the path does have. */
static const struct control *find_control(const char *method, const char *path, struct text *allow)
{
    for (size_t i = 0; i < CONTROL_COUNT; i++) {
        if (!path_fits(&controls[i], path))
            continue;
        if (method_fits(&controls[i], method))
            return &controls[i];
        text_add_format(allow, "%s%s", allow->length ? ", " : "", controls[i].method);
    }
    return NULL;
}

/* Cuts `path` (in place) into the parts that the call wants. */
static void split_path(const struct control *control, char *path, struct control_call *call)
{
    char *at = path + name_length(control);
    for (unsigned i = 0, parts = part_count(control); i < parts; i++) {
        *at = '\0';
        call->parts[i] = at + 1;
        at = strchr(at + 1, '/');
    }
}

static bool read_query(const struct control *control, struct control_call *call)
{
    const char *unknown = request_unknown_query(call->request, control->query);
    if (unknown) {
        text_add_format(&call->error, "unknown parameter \"%s\"", unknown);
        return false;
    }
    const char *brand = control->query[0] ? request_query(call->request, "brand") : NULL;
    call->brand = brand ? brand_find(call->emulator, brand) : NULL;
    if (brand && !call->brand)
        text_add_format(&call->error, "unknown brand \"%s\"", brand);
    return !brand || call->brand;
}

static bool read_body(const struct control *control, struct control_call *call)
{
    const char *problem;
    bool wanted = control->body == BODY || (control->body == OPTIONAL_BODY && call->request->length);
    if (!wanted)
        return true;
    call->body = json_read(call->request->body, call->request->length, &problem);
    if (!call->body)
        text_add_format(&call->error, "cannot read the body: %s", problem);
    return call->body != NULL;
}

static void reply_error(struct http_reply *reply, unsigned status, const char *error)
{
    reply->status = status;
    reply->content_type = "application/json";
    note_add(&reply->note.reason, "%s", error);
    text_add_string(&reply->body, "{\"error\":");
    text_add_json(&reply->body, error);
    text_add_string(&reply->body, "}");
}

/* No page of another origin gets a reply into it, as a script or a picture either. */
static const char *const reply_headers[] = {"X-Content-Type-Options",
                                            "nosniff",
                                            "Cross-Origin-Resource-Policy",
                                            "same-origin",
                                            "Cache-Control",
                                            "no-store",
                                            NULL};

static void run(const struct control *control, struct control_call *call)
{
    struct http_reply *reply = call->reply;
    if (!read_query(control, call) || !read_body(control, call) || !control->run(call)) {
        reply_error(reply, call->is_absent ? 404 : 400, call->error.data);
        return;
    }
    reply->status = 200;
    if (!reply->more_headers)
        reply->more_headers = reply_headers;
    if (!reply->content_type)
        reply->content_type = "application/json";
    if (!reply->body.length)
        text_add_string(&reply->body, "{}");
    if (strcmp(control->method, "GET") != 0)
        events_add(&call->emulator->events, "changed", "{}");
}

bool control_is_path(const char *path)
{
    return strncmp(path, CONTROL_PREFIX, strlen(CONTROL_PREFIX)) == 0;
}

bool control_admits(const struct emulator *emulator, const struct http_request *request, struct http_reply *reply)
{
    struct text error = {0};
    bool admitted = access_is_allowed(emulator->options, request, &error);
    if (!admitted)
        reply_error(reply, 403, error.data);
    text_free(&error);
    return admitted;
}

static void handle_call(struct emulator *emulator, const struct http_request *request, struct http_reply *reply)
{
    struct control_call call = {.emulator = emulator, .request = request, .reply = reply};
    struct text allow = {0};
    char *path = text_copy(request->path + strlen(CONTROL_PREFIX));
    const struct control *control = find_control(request->method, path, &allow);
    if (control) {
        split_path(control, path, &call);
        run(control, &call);
    } else if (allow.length) {
        reply_http_error(reply, 405, "Method Not Allowed", request->path);
        reply->allow = allow.data;
        allow.data = NULL;
    } else {
        reply_error(reply, 400, "unknown control call: GET /_emulator/ lists them");
    }
    json_object_put(call.body);
    text_free(&call.error);
    text_free(&allow);
    free(path);
}

void control_handle(struct emulator *emulator, const struct http_request *request, struct http_reply *reply)
{
    if (page_is_asked_for(request))
        page_write(emulator, reply);
    else
        handle_call(emulator, request, reply);
}
