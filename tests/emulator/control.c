#include "control.h"

#include "access.h"
#include "auth.h"
#include "control_call.h"
#include "counts.h"
#include "export.h"
#include "gateway.h"
#include "member.h"
#include "seed.h"
#include "text.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

static bool read_number(struct control_call *call, const char *name, size_t most_digits, int64_t *number)
{
    const char *text = request_query(call->request, name);
    *number = text ? strtoll(text, NULL, 10) : 0;
    if (!text || (text_is_digits(text) && strlen(text) <= most_digits))
        return true;
    return text_refuse(&call->error, "parameter \"%s\" must be a number of at most %zu digits", name, most_digits);
}

/* In a query a plus means a blank, and many who look for a mobile number forget it. */
static char *read_identifier(const struct control_call *call)
{
    char *identifier = text_copy(request_query(call->request, "identifier"));
    if (!identifier || outbox_knows(&call->emulator->outbox, identifier))
        return identifier;
    for (char *c = identifier; *c; c++)
        if (*c == ' ')
            *c = '+';
    return identifier;
}

static bool get_outbox(struct control_call *call)
{
    int64_t limit, wait_ms;
    struct outbox_query query = {.brand = call->brand};
    if (!read_number(call, "limit", 6, &limit) || !read_number(call, "waitMs", 6, &wait_ms) ||
        !read_number(call, "after", 15, &query.after_ms))
        return false;
    char *identifier = read_identifier(call);
    query.identifier = identifier;
    query.limit = (unsigned)limit;
    if (!outbox_write(&call->emulator->outbox, &query, &call->reply->body) && call->request->waited_ms < wait_ms)
        call->reply->wait_ms = wait_ms - call->request->waited_ms;
    free(identifier);
    return true;
}

static bool get_log(struct control_call *call)
{
    int64_t most;
    if (!read_number(call, "limit", 6, &most))
        return false;
    journal_write(&call->emulator->journal, call->brand ? call->brand->name : NULL, (unsigned)most, &call->reply->body);
    return true;
}

static bool get_export(struct control_call *call)
{
    export_file(call->emulator, NULL, &call->reply->body);
    return true;
}

static bool get_clock(struct control_call *call)
{
    const struct emulator *emulator = call->emulator;
    int64_t now_ms = call->brand ? brand_now_ms(emulator, call->brand) : clock_now_ms(&emulator->clock);
    text_add_format(&call->reply->body, "{\"now\":%lld}", (long long)now_ms / 1000);
    return true;
}

static bool get_operations(struct control_call *call)
{
    operations_describe(&call->reply->body);
    return true;
}

static bool get_codes(struct control_call *call)
{
    codes_describe(&call->reply->body);
    return true;
}

static bool get_settings(struct control_call *call)
{
    settings_describe(&call->reply->body);
    return true;
}

static bool get_health(struct control_call *call)
{
    (void)call;
    return true;
}

/* The brand that a body names; absent and null leave the query's. */
static bool read_body_brand(struct control_call *call)
{
    struct json_object *name = json_object_object_get(call->body, "brand");
    if (!name)
        return true;
    const char *text = json_object_get_string(name);
    call->brand = json_object_is_type(name, json_type_string) ? brand_find(call->emulator, text) : NULL;
    if (!call->brand)
        text_add_format(&call->error, "unknown brand \"%s\"", text);
    return call->brand != NULL;
}

static bool advance(struct control_call *call, double seconds)
{
    struct clock *clock = &call->emulator->clock;
    if (call->brand)
        return clock_advance_offset(clock, &call->brand->clock_offset_ms, seconds);
    return clock_advance(clock, seconds);
}

static bool read_advance(struct control_call *call)
{
    struct json_object *seconds = json_object_object_get(call->body, "advanceSeconds");
    if (!json_object_is_type(seconds, json_type_int) && !json_object_is_type(seconds, json_type_double))
        return member_refuse(&call->error, "advanceSeconds", "must be a number");
    if (!advance(call, json_object_get_double(seconds)))
        return member_refuse(&call->error, "advanceSeconds", "would move the clock out of the years 1970 to 9999");
    sessions_sweep(call->emulator);
    return true;
}

static bool post_clock(struct control_call *call)
{
    static const char *const members[] = {"advanceSeconds", "held", "brand", NULL};
    bool held, holds = json_object_object_get(call->body, "held") != NULL;
    bool advances = json_object_object_get(call->body, "advanceSeconds") != NULL;
    if (!members_known(call->body, members, &call->error) || !read_body_brand(call) ||
        !member_flag(call->body, "held", &held, &call->error))
        return false;
    if ((advances || !holds) && !read_advance(call))
        return false;
    if (holds)
        clock_hold(&call->emulator->clock, held);
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
    if (!read_body_brand(call))
        return false;
    struct fault *fault = fault_read(call->body, call->brand, &call->error);
    if (!fault)
        return false;
    if (!path_is_served(call->emulator, fault->path)) {
        text_add_format(&call->error, "no path of the service: \"%s\"", fault->path);
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

static void clear_brand(const char *name, void *value, void *data)
{
    (void)name;
    (void)data;
    brand_clear(value);
}

/* Clears what happened; clock, secret and brand settings stay. */
static bool post_reset(struct control_call *call)
{
    static const char *const members[] = {"brand", NULL};
    struct emulator *emulator = call->emulator;
    if (call->body && (!members_known(call->body, members, &call->error) || !read_body_brand(call)))
        return false;
    sessions_end_of(emulator, call->brand, NULL);
    outbox_clear(&emulator->outbox, call->brand);
    faults_clear(&emulator->faults, call->brand);
    if (call->brand) {
        brand_clear(call->brand);
    } else {
        map_each(&emulator->brands, clear_brand, NULL);
        map_clear(&emulator->counts, free);
        revoked_clear(&emulator->revoked);
    }
    seed_again(emulator, call->brand);
    return true;
}

static const char *const brand_query[] = {"brand", NULL};
static const char *const outbox_query[] = {"brand", "identifier", "limit", "after", "waitMs", NULL};
static const char *const log_query[] = {"brand", "limit", NULL};
static const char *const no_query[] = {NULL};

enum body { NO_BODY, BODY, OPTIONAL_BODY };

static control_run get_index;

static const struct control {
    const char *method, *name;
    unsigned parts; /* of the path behind the name; the last takes all that is left */
    enum body body;
    const char *const *query;
    control_run *run;
} controls[] = {
    {"GET", "", 0, NO_BODY, no_query, get_index},
    {"GET", "health", 0, NO_BODY, no_query, get_health},
    {"GET", "operations", 0, NO_BODY, no_query, get_operations},
    {"GET", "codes", 0, NO_BODY, no_query, get_codes},
    {"GET", "settings", 0, NO_BODY, no_query, get_settings},
    {"GET", "log", 0, NO_BODY, log_query, get_log},
    {"GET", "export", 0, NO_BODY, no_query, get_export},
    {"GET", "outbox", 0, NO_BODY, outbox_query, get_outbox},
    {"GET", "requests", 0, NO_BODY, brand_query, get_requests},
    {"GET", "clock", 0, NO_BODY, brand_query, get_clock},
    {"POST", "clock", 0, BODY, no_query, post_clock},
    {"POST", "reset", 0, OPTIONAL_BODY, brand_query, post_reset},
    {"GET", "faults", 0, NO_BODY, brand_query, get_faults},
    {"POST", "faults", 0, BODY, no_query, post_fault},
    {"DELETE", "faults", 0, NO_BODY, brand_query, delete_faults},
    {"GET", "brands", 0, NO_BODY, no_query, get_brands},
    {"GET", "brands", 1, NO_BODY, no_query, get_brand},
    {"PUT", "brands", 1, BODY, no_query, put_brand},
    {"DELETE", "brands", 1, NO_BODY, no_query, delete_brand},
    {"GET", "customers", 0, NO_BODY, brand_query, get_customers},
    {"GET", "customers", 3, NO_BODY, no_query, get_customer},
    {"PUT", "customers", 3, BODY, no_query, put_customer},
    {"DELETE", "customers", 3, NO_BODY, no_query, delete_customer},
    {"GET", "gateway", 0, NO_BODY, brand_query, get_gateways},
    {"GET", "gateway", 2, NO_BODY, no_query, get_gateway},
    {"PUT", "gateway", 2, BODY, no_query, put_gateway},
    {"DELETE", "gateway", 2, NO_BODY, no_query, delete_gateway},
};

enum { CONTROL_COUNT = sizeof controls / sizeof controls[0] };

/* {"calls":["GET /_emulator/outbox?brand=&identifier=",...]} */
static bool get_index(struct control_call *call)
{
    static const char *const parts[] = {"", "/{brand}", "/{brand}/{endpoint}", "/{brand}/{identifierType}/{value}"};
    struct text *json = &call->reply->body;
    text_add_string(json, "{\"calls\":[");
    for (size_t i = 0; i < CONTROL_COUNT; i++) {
        const struct control *control = &controls[i];
        text_add_format(json, "%s\"%s " CONTROL_PREFIX "%s", i ? "," : "", control->method, control->name);
        text_add_string(json, parts[control->parts]);
        for (size_t name = 0; control->query[name]; name++)
            text_add_format(json, "%c%s=", name ? '&' : '?', control->query[name]);
        text_add_string(json, "\"");
    }
    text_add_string(json, "]}");
    return true;
}

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
