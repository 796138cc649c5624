/* Brands, customers, gateway replies and faults: to be seen, made and deleted. */
#include "control_call.h"

#include "export.h"
#include "member.h"
#include "seed.h"
#include "text.h"

#include <json-c/json.h>
#include <stdlib.h>

static bool is_absent(struct control_call *call, const char *what, const char *name)
{
    call->is_absent = true;
    text_add_format(&call->error, "there is no %s \"%s\"", what, name);
    return false;
}

static bool find_brand(struct control_call *call)
{
    call->brand = brand_find(call->emulator, call->parts[0]);
    return call->brand ? true : is_absent(call, "brand", call->parts[0]);
}

bool control_customer(struct control_call *call, struct customer **customer)
{
    enum identifier_type type = identifier_type_of(call->parts[1]);
    if (!find_brand(call))
        return false;
    *customer = type == NO_IDENTIFIER ? NULL : customer_find(call->brand, type, call->parts[2]);
    return *customer ? true : is_absent(call, "customer", call->parts[2]);
}

static bool find_gateway(struct control_call *call, struct gateway_reply **configured)
{
    if (!find_brand(call))
        return false;
    *configured = map_get(&call->brand->gateway, call->parts[1]);
    return *configured ? true : is_absent(call, "gateway reply for", call->parts[1]);
}

bool get_brands(struct control_call *call)
{
    text_add_string(&call->reply->body, "{\"brands\":");
    export_brands(call->emulator, &call->reply->body);
    text_add_string(&call->reply->body, "}");
    return true;
}

bool get_brand(struct control_call *call)
{
    if (!find_brand(call))
        return false;
    settings_write(&call->brand->settings, true, &call->reply->body);
    return true;
}

bool put_brand(struct control_call *call)
{
    return seed_brand(call->emulator, call->parts[0], call->body, &call->error);
}

bool put_customer(struct control_call *call)
{
    const char *type = call->parts[1];
    if (identifier_type_of(type) == NO_IDENTIFIER) {
        text_add_format(&call->error, "unknown identifier type \"%s\"", type);
        return false;
    }
    return members_known(call->body, customer_members, &call->error) &&
           seed_customer(call->emulator, call->parts[0], type, call->parts[2], call->body, &call->error);
}

bool put_gateway(struct control_call *call)
{
    return members_known(call->body, gateway_members, &call->error) &&
           seed_gateway(call->emulator, call->parts[0], call->parts[1], call->body, &call->error);
}

bool delete_brand(struct control_call *call)
{
    if (!find_brand(call))
        return false;
    brand_delete(call->emulator, call->brand);
    return true;
}

bool get_customers(struct control_call *call)
{
    text_add_string(&call->reply->body, "{\"customers\":");
    export_customers(call->emulator, call->brand, &call->reply->body);
    text_add_string(&call->reply->body, "}");
    return true;
}

bool get_customer(struct control_call *call)
{
    struct customer *customer;
    if (!control_customer(call, &customer))
        return false;
    export_customer(customer, false, &call->reply->body);
    return true;
}

bool delete_customer(struct control_call *call)
{
    struct customer *customer;
    if (!control_customer(call, &customer))
        return false;
    customer_delete(call->emulator, customer);
    return true;
}

bool get_gateways(struct control_call *call)
{
    text_add_string(&call->reply->body, "{\"gateway\":");
    export_gateways(call->emulator, call->brand, &call->reply->body);
    text_add_string(&call->reply->body, "}");
    return true;
}

bool get_gateway(struct control_call *call)
{
    struct gateway_reply *configured;
    if (!find_gateway(call, &configured))
        return false;
    export_gateway(call->brand, call->parts[1], configured, false, &call->reply->body);
    return true;
}

bool delete_gateway(struct control_call *call)
{
    struct gateway_reply *configured;
    if (!find_gateway(call, &configured))
        return false;
    gateway_reply_free(map_remove(&call->brand->gateway, call->parts[1]));
    return true;
}

bool get_faults(struct control_call *call)
{
    faults_write(&call->emulator->faults, call->brand, &call->reply->body);
    return true;
}

bool delete_faults(struct control_call *call)
{
    faults_clear(&call->emulator->faults, call->brand);
    return true;
}
