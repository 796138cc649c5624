#include "control.h"

#include "auth.h"
#include "counts.h"
#include "gateway.h"
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
};

/* Each call gives false, with `error` filled, for a 400. */
typedef bool control_run(struct control_call *call);

static bool get_outbox(struct control_call *call)
{
    const char *identifier = request_query(call->request, "identifier");
    const char *limit = request_query(call->request, "limit");
    if (limit && (!text_is_digits(limit) || strlen(limit) > 6)) {
        text_add_string(&call->error, "\"limit\" must be a number");
        return false;
    }
    unsigned most = limit ? (unsigned)strtoul(limit, NULL, 10) : 0;
    outbox_write(&call->emulator->outbox, call->brand, identifier, most, &call->reply->body);
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
    text_add_format(&call->reply->body, "{\"now\":%lld}", (long long)clock_now_s(&emulator->clock));
    return true;
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
static const char *const no_query[] = {NULL};

static const struct control {
    const char *method, *name;
    unsigned parts; /* of the path behind the name; the last takes all that is left */
    bool body;
    const char *const *query;
    control_run *run;
} controls[] = {
    {"GET", "outbox", 0, false, outbox_query, get_outbox},    {"PUT", "brands", 1, true, no_query, put_brand},
    {"PUT", "customers", 3, true, no_query, put_customer},    {"PUT", "gateway", 2, true, no_query, put_gateway},
    {"POST", "clock", 0, true, no_query, post_clock},         {"POST", "faults", 0, true, no_query, post_fault},
    {"GET", "requests", 0, false, brand_query, get_requests}, {"POST", "reset", 0, false, brand_query, post_reset},
};

static const struct control *find_control(const char *path)
{
    size_t length = strcspn(path, "/");
    for (size_t i = 0; i < sizeof controls / sizeof controls[0]; i++)
        if (strlen(controls[i].name) == length && strncmp(controls[i].name, path, length) == 0)
            return &controls[i];
    return NULL;
}

/* Cuts `path` (in place) into the parts that the call wants. */
static bool split_path(const struct control *control, char *path, struct control_call *call)
{
    char *at = strchr(path, '/');
    for (unsigned i = 0; i < control->parts; i++) {
        if (!at || !at[1])
            return false;
        *at = '\0';
        call->parts[i] = at + 1;
        at = i + 1 < control->parts ? strchr(at + 1, '/') : NULL;
    }
    return control->parts || !at;
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

static void run(const struct control *control, struct control_call *call)
{
    struct http_reply *reply = call->reply;
    reply->status = 200;
    reply->content_type = "application/json";
    if (read_query(control, call) && read_body(control, call) && control->run(call)) {
        if (!reply->body.length)
            text_add_string(&reply->body, "{}");
        return;
    }
    reply->status = 400;
    text_add_string(&reply->body, "{\"error\":");
    text_add_json(&reply->body, call->error.data);
    text_add_string(&reply->body, "}");
}

void control_handle(struct emulator *emulator, const struct http_request *request, struct http_reply *reply)
{
    struct control_call call = {.emulator = emulator, .request = request, .reply = reply};
    char *path = text_copy(request->path + strlen(CONTROL_PREFIX));
    const struct control *control = find_control(path);
    if (!control || !split_path(control, path, &call)) {
        reply->status = 400;
        reply->content_type = "application/json";
        text_add_string(&reply->body, "{\"error\":\"unknown control call\",\"path\":");
        text_add_json(&reply->body, request->path);
        text_add_string(&reply->body, "}");
    } else if (strcmp(request->method, control->method) != 0) {
        reply_http_error(reply, 405, "Method Not Allowed", request->path);
        reply->allow = control->method;
    } else {
        run(control, &call);
    }
    json_object_put(call.body);
    text_free(&call.error);
    free(path);
}
