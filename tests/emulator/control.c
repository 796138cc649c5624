#include "control.h"

#include "access.h"
#include "auth.h"
#include "counts.h"
#include "export.h"
#include "gateway.h"
#include "member.h"
#include "seed.h"
#include "text.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PARTS = 3 };

/* A control call in progress. */
struct control_call {
    struct emulator *emulator;
    const struct http_request *request;
    const char *parts[MOST_PARTS]; /* of the path, behind the call's name */
    struct json_object *body; /* an object, where the call wants one */
    struct brand *brand; /* of ?brand=, or NULL */
    struct http_reply *reply;
    struct text error;
    bool is_absent; /* what is asked for is not there: a 404 */
};

/* Each call gives false, with `error` filled, for a 400. */
typedef bool control_run(struct control_call *call);

/* 0: all. */
static bool read_limit(struct control_call *call, unsigned *most)
{
    const char *limit = request_query(call->request, "limit");
    *most = limit ? (unsigned)strtoul(limit, NULL, 10) : 0;
    if (!limit || (text_is_digits(limit) && strlen(limit) <= 6))
        return true;
    text_add_string(&call->error, "\"limit\" must be a number");
    return false;
}

static bool get_outbox(struct control_call *call)
{
    const char *identifier = request_query(call->request, "identifier");
    unsigned most;
    if (!read_limit(call, &most))
        return false;
    outbox_write(&call->emulator->outbox, call->brand, identifier, most, &call->reply->body);
    return true;
}

static bool get_log(struct control_call *call)
{
    unsigned most;
    if (!read_limit(call, &most))
        return false;
    journal_write(&call->emulator->journal, call->brand ? call->brand->name : NULL, most, &call->reply->body);
    return true;
}

static bool put_brand(struct control_call *call)
{
    return seed_brand(call->emulator, call->parts[0], call->body, &call->error);
}

static bool put_customer(struct control_call *call)
{
    const char *type = call->parts[1];
    if (identifier_type_of(type) == NO_IDENTIFIER) {
        text_add_format(&call->error, "unknown identifier type \"%s\"", type);
        return false;
    }
    return members_known(call->body, customer_members, &call->error) &&
           seed_customer(call->emulator, call->parts[0], type, call->parts[2], call->body, &call->error);
}

static bool put_gateway(struct control_call *call)
{
    return members_known(call->body, gateway_members, &call->error) &&
           seed_gateway(call->emulator, call->parts[0], call->parts[1], call->body, &call->error);
}

static bool get_export(struct control_call *call)
{
    export_file(call->emulator, NULL, &call->reply->body);
    return true;
}

static bool get_clock(struct control_call *call)
{
    text_add_format(&call->reply->body, "{\"now\":%lld}", (long long)clock_now_s(&call->emulator->clock));
    return true;
}

static bool get_health(struct control_call *call)
{
    (void)call;
    return true;
}

static bool post_clock(struct control_call *call)
{
    static const char *const members[] = {"advanceSeconds", NULL};
    struct json_object *seconds = json_object_object_get(call->body, "advanceSeconds");
    if (!members_known(call->body, members, &call->error))
        return false;
    if (!json_object_is_type(seconds, json_type_int) && !json_object_is_type(seconds, json_type_double)) {
        text_add_string(&call->error, "\"advanceSeconds\" must be a number");
        return false;
    }
    struct emulator *emulator = call->emulator;
    if (!clock_advance(&emulator->clock, json_object_get_double(seconds))) {
        text_add_string(&call->error, "\"advanceSeconds\" leaves the years 1970 to 9999");
        return false;
    }
    sessions_sweep(emulator);
    revoked_sweep(&emulator->revoked, clock_now_s(&emulator->clock));
    return get_clock(call);
}

/* A fault on a path that nobody serves would never strike: more likely a typing error. */
static bool path_is_served(const struct emulator *emulator, const char *path)
{
    const char *method;
    return auth_knows_path(path, &method) || gateway_endpoint(emulator, path);
}

static bool post_fault(struct control_call *call)
{
    struct json_object *name = NULL;
    struct brand *brand = NULL;
    if (json_object_object_get_ex(call->body, "brand", &name) && name) {
        const char *text = json_object_get_string(name);
        brand = json_object_is_type(name, json_type_string) ? brand_find(call->emulator, text) : NULL;
        if (!brand) {
            text_add_format(&call->error, "unknown brand \"%s\"", text);
            return false;
        }
    }
    struct fault *fault = fault_read(call->body, brand, &call->error);
    if (!fault)
        return false;
    if (!path_is_served(call->emulator, fault->path)) {
        text_add_format(&call->error, "unknown path \"%s\"", fault->path);
        fault_free(fault);
        return false;
    }
    faults_add(&call->emulator->faults, fault);
    return true;
}

static bool get_requests(struct control_call *call)
{
    counts_write(call->brand ? &call->brand->counts : &call->emulator->counts, &call->reply->body);
    return true;
}

static void forget_brand(const char *name, void *value, void *data)
{
    (void)name;
    (void)data;
    brand_forget(value);
}

/* What happened is forgotten; clock, secret and brand settings stay. */
static bool post_reset(struct control_call *call)
{
    struct emulator *emulator = call->emulator;
    sessions_end_of(emulator, call->brand, NULL);
    outbox_forget(&emulator->outbox, call->brand);
    faults_forget(&emulator->faults, call->brand);
    if (call->brand) {
        brand_forget(call->brand);
    } else {
        map_each(&emulator->brands, forget_brand, NULL);
        map_clear(&emulator->counts, free);
        revoked_forget(&emulator->revoked);
    }
    seed_again(emulator, call->brand);
    return true;
}

static const char *const brand_query[] = {"brand", NULL};
static const char *const outbox_query[] = {"brand", "identifier", "limit", NULL};
static const char *const log_query[] = {"brand", "limit", NULL};
static const char *const no_query[] = {NULL};

static const struct control {
    const char *method, *name;
    unsigned parts; /* of the path behind the name; the last takes all that is left */
    bool body;
    const char *const *query;
    control_run *run;
} controls[] = {
    {"GET", "export", 0, false, no_query, get_export},        {"GET", "health", 0, false, no_query, get_health},
    {"GET", "clock", 0, false, no_query, get_clock},          {"GET", "log", 0, false, log_query, get_log},
    {"GET", "outbox", 0, false, outbox_query, get_outbox},    {"PUT", "brands", 1, true, no_query, put_brand},
    {"PUT", "customers", 3, true, no_query, put_customer},    {"PUT", "gateway", 2, true, no_query, put_gateway},
    {"POST", "clock", 0, true, no_query, post_clock},         {"POST", "faults", 0, true, no_query, post_fault},
    {"GET", "requests", 0, false, brand_query, get_requests}, {"POST", "reset", 0, false, brand_query, post_reset},
};

/* Whether a path, behind the prefix, has a call's name and as many parts as it wants. */
static bool path_fits(const struct control *control, const char *path)
{
    size_t length = strlen(control->name);
    if (strncmp(control->name, path, length) != 0 || (path[length] && path[length] != '/'))
        return false;
    const char *at = path[length] ? path + length : NULL;
    for (unsigned i = 0; i < control->parts; i++) {
        if (!at || !at[1])
            return false;
        at = strchr(at + 1, '/');
    }
    return control->parts || !at;
}

/* HEAD is answered as GET is, by libmicrohttpd without the body. */
static bool method_fits(const struct control *control, const char *method)
{
    return strcmp(control->method, strcmp(method, "HEAD") == 0 ? "GET" : method) == 0;
}

/* The call, or NULL; `allow` then gets the methods that the path does have. */
static const struct control *find_control(const char *method, const char *path, struct text *allow)
{
    for (size_t i = 0; i < sizeof controls / sizeof controls[0]; i++) {
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
    char *at = path + strlen(control->name);
    for (unsigned i = 0; i < control->parts; i++) {
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
    if (!control->body)
        return true;
    call->body = json_read(call->request->body, call->request->length, &problem);
    if (!call->body)
        text_add_format(&call->error, "the body does not parse: %s", problem);
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

static void run(const struct control *control, struct control_call *call)
{
    struct http_reply *reply = call->reply;
    if (!read_query(control, call) || !read_body(control, call) || !control->run(call)) {
        reply_error(reply, call->is_absent ? 404 : 400, call->error.data);
        return;
    }
    reply->status = 200;
    reply->content_type = "application/json";
    if (!reply->body.length)
        text_add_string(&reply->body, "{}");
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

void control_handle(struct emulator *emulator, const struct http_request *request, struct http_reply *reply)
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
