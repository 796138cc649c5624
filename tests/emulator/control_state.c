/* What happened and what time it is: to be read, moved and cleared. */
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

bool control_number(struct control_call *call, const char *name, size_t most_digits, int64_t *number)
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

bool get_outbox(struct control_call *call)
{
    int64_t limit, wait_ms;
    struct outbox_query query = {.brand = call->brand};
    if (!control_number(call, "limit", 6, &limit) || !control_number(call, "waitMs", 6, &wait_ms) ||
        !control_number(call, "after", 15, &query.after_ms))
        return false;
    char *identifier = read_identifier(call);
    query.identifier = identifier;
    query.limit = (unsigned)limit;
    if (!outbox_write(&call->emulator->outbox, &query, &call->reply->body) && call->request->waited_ms < wait_ms)
        call->reply->wait_ms = wait_ms - call->request->waited_ms;
    free(identifier);
    return true;
}

bool get_log(struct control_call *call)
{
    int64_t most;
    if (!control_number(call, "limit", 6, &most))
        return false;
    journal_write(&call->emulator->journal, call->brand ? call->brand->name : NULL, (unsigned)most, &call->reply->body);
    return true;
}

bool get_export(struct control_call *call)
{
    export_file(call->emulator, NULL, &call->reply->body);
    return true;
}

bool get_clock(struct control_call *call)
{
    const struct emulator *emulator = call->emulator;
    int64_t now_ms = call->brand ? brand_now_ms(emulator, call->brand) : clock_now_ms(&emulator->clock);
    text_add_format(&call->reply->body, "{\"now\":%lld}", (long long)now_ms / 1000);
    return true;
}

bool get_operations(struct control_call *call)
{
    operations_describe(&call->reply->body);
    return true;
}

bool get_codes(struct control_call *call)
{
    codes_describe(&call->reply->body);
    return true;
}

bool get_settings(struct control_call *call)
{
    settings_describe(&call->reply->body);
    return true;
}

bool get_health(struct control_call *call)
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

bool post_clock(struct control_call *call)
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

bool post_fault(struct control_call *call)
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

bool get_requests(struct control_call *call)
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
bool post_reset(struct control_call *call)
{
    static const char *const members[] = {"brand", NULL};
    struct emulator *emulator = call->emulator;
    if (call->body && (!members_known(call->body, members, &call->error) || !read_body_brand(call)))
        return false;
    sessions_end_of(emulator, call->brand, NULL);
    outbox_clear(&emulator->outbox, call->brand);
    faults_clear(&emulator->faults, call->brand);
    issued_clear(&emulator->issued, call->brand);
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
