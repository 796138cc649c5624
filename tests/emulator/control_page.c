/* What the page shows and does beyond the calls that tests use. */
#include "control_call.h"
#include "member.h"
#include "overview.h"
#include "page.h"
#include "text.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

bool get_phone(struct control_call *call)
{
    int64_t limit;
    if (!control_number(call, "limit", 6, &limit))
        return false;
    struct outbox_query query = {.brand = call->brand, .limit = (unsigned)limit};
    outbox_write_states(&call->emulator->outbox, &query, &call->reply->body);
    return true;
}

bool get_exchanges(struct control_call *call)
{
    int64_t limit;
    if (!control_number(call, "limit", 6, &limit))
        return false;
    records_write(&call->emulator->records, call->brand ? call->brand->name : NULL, (unsigned)limit,
                  &call->reply->body);
    return true;
}

static bool wants_secrets(struct control_call *call, bool *secrets)
{
    const char *value = request_query(call->request, "secrets");
    *secrets = value && strcmp(value, "true") == 0;
    if (!value || *secrets || strcmp(value, "false") == 0)
        return true;
    return text_refuse(&call->error, "parameter \"secrets\" must be true or false");
}

bool get_exchange(struct control_call *call)
{
    bool secrets;
    const char *id = call->parts[0];
    if (!wants_secrets(call, &secrets))
        return false;
    if (text_is_digits(id) && strlen(id) < 19 &&
        record_write_whole(&call->emulator->records, strtoull(id, NULL, 10), secrets, &call->reply->body))
        return true;
    call->is_absent = true;
    return text_refuse(&call->error, "there is no exchange \"%s\", or it is no longer kept", id);
}

bool get_overview(struct control_call *call)
{
    overview_write(call->emulator, call->brand, &call->reply->body);
    return true;
}

bool get_events(struct control_call *call)
{
    if (call->emulator->events.listeners >= MOST_LISTENERS)
        return text_refuse(&call->error, "%d pages listen already", MOST_LISTENERS);
    call->reply->content_type = "text/event-stream";
    call->reply->streams = strcmp(call->request->method, "HEAD") != 0;
    return true;
}

bool get_page(struct control_call *call)
{
    if (page_write_file(call->parts[0], call->reply))
        return true;
    call->is_absent = true;
    return text_refuse(&call->error, "the page has no file \"%s\"", call->parts[0]);
}

static bool read_minutes(struct control_call *call, int64_t *minutes)
{
    struct json_object *value = json_object_object_get(call->body, "minutes");
    *minutes = value ? json_object_get_int64(value) : 30;
    if (!value || (json_object_is_type(value, json_type_int) && *minutes >= 1 && *minutes <= 43200))
        return true;
    return member_refuse(&call->error, "minutes", "must be a number from 1 to 43200");
}

static void lock_both(struct control_call *call, struct customer *customer, int64_t minutes)
{
    int64_t now_ms = brand_now_ms(call->emulator, customer->brand);
    for (unsigned factor = 0; factor < FACTORS; factor++)
        customer->locks[factor] =
            (struct lock){.until_ms = minutes ? now_ms + minutes * 60000 : 0, .code = 1518, .by_control = true};
}

bool put_lock(struct control_call *call)
{
    static const char *const members[] = {"minutes", NULL};
    struct customer *customer;
    int64_t minutes;
    if ((call->body && !members_known(call->body, members, &call->error)) || !read_minutes(call, &minutes) ||
        !control_customer(call, &customer))
        return false;
    lock_both(call, customer, minutes);
    return true;
}

bool delete_lock(struct control_call *call)
{
    struct customer *customer;
    if (!control_customer(call, &customer))
        return false;
    lock_both(call, customer, 0);
    return true;
}

bool delete_tokens(struct control_call *call)
{
    struct customer *customer;
    if (!control_customer(call, &customer))
        return false;
    issued_revoke(call->emulator, customer);
    return true;
}
