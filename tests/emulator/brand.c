#include "brand.h"

#include "emulator.h"
#include "text.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

struct brand *brand_find(const struct emulator *emulator, const char *name)
{
    char *key = text_lower(name);
    struct brand *brand = map_get(&emulator->brands, key);
    free(key);
    return brand;
}

struct brand *brand_get(struct emulator *emulator, const char *name)
{
    struct brand *brand = brand_find(emulator, name);
    if (brand)
        return brand;
    brand = memory_new(sizeof *brand);
    brand->name = text_copy(name);
    brand->upper = text_upper(name);
    char *key = text_lower(name);
    struct text organisation = {0};
    text_add_format(&organisation, "%llu|%s.till", 100000 + (unsigned long long)++emulator->last_organisation, key);
    brand->organisation = organisation.data;
    settings_init(&brand->settings);
    map_put(&emulator->brands, key, brand);
    free(key);
    return brand;
}

int64_t brand_now_ms(const struct emulator *emulator, const struct brand *brand)
{
    return clock_now_ms(&emulator->clock) + brand->clock_offset_ms;
}

void gateway_reply_free(void *reply)
{
    struct gateway_reply *configured = reply;
    if (configured)
        free(configured->body);
    free(configured);
}

static void free_customer(void *value)
{
    struct customer *customer = value;
    for (unsigned i = 0; i < customer->identity_count; i++) {
        struct identity *identity = customer->identities[i];
        for (unsigned k = 0; k < identity->former_count; k++)
            free(identity->former[k]);
        free(identity->former);
        free(identity->value);
        free(identity);
    }
    free(customer->identities);
    for (unsigned factor = 0; factor < FACTORS; factor++)
        free(customer->credentials[factor].password);
    free(customer->contact_mobile);
    free(customer->contact_email);
    json_object_put(customer->profile);
    free(customer->id);
    free(customer);
}

void brand_clear(struct brand *brand)
{
    map_clear(&brand->by_identity, NULL);
    map_clear(&brand->by_id, free_customer);
    map_clear(&brand->gateway, gateway_reply_free);
    map_clear(&brand->counts, free);
    otp_limits_clear(&brand->otp_limits);
}

void brand_free(void *value)
{
    struct brand *brand = value;
    brand_clear(brand);
    settings_free(&brand->settings);
    free(brand->name);
    free(brand->upper);
    free(brand->organisation);
    free(brand);
}

void brand_delete(struct emulator *emulator, struct brand *brand)
{
    char *key = text_lower(brand->name);
    sessions_end_of(emulator, brand, NULL);
    outbox_clear(&emulator->outbox, brand);
    faults_clear(&emulator->faults, brand);
    issued_clear(&emulator->issued, brand);
    map_remove(&emulator->brands, key);
    brand_free(brand);
    free(key);
}

struct customer *customer_find(const struct brand *brand, enum identifier_type type, const char *value)
{
    char *key = identity_text(type, value);
    struct customer *customer = map_get(&brand->by_identity, key);
    free(key);
    return customer;
}

struct customer *customer_find_by_id(const struct brand *brand, const char *id)
{
    return id ? map_get(&brand->by_id, id) : NULL;
}

/* Numbers are never given twice, so that a token from before a reset names nobody. */
static char *next_id(struct emulator *emulator, const struct brand *brand)
{
    struct text id = {0};
    do {
        id.length = 0;
        text_add_format(&id, "%llu", 4000000 + (unsigned long long)++emulator->last_customer);
    } while (map_get(&brand->by_id, id.data));
    return id.data;
}

struct customer *customer_new(struct emulator *emulator, struct brand *brand, const char *id)
{
    struct customer *customer = memory_new(sizeof *customer);
    customer->brand = brand;
    customer->id = id ? text_copy(id) : next_id(emulator, brand);
    map_put(&brand->by_id, customer->id, customer);
    return customer;
}

void customer_remove(struct customer *customer)
{
    struct brand *brand = customer->brand;
    for (unsigned i = 0; i < customer->identity_count; i++) {
        char *key = identity_text(customer->identities[i]->type, customer->identities[i]->value);
        map_remove(&brand->by_identity, key);
        free(key);
    }
    map_remove(&brand->by_id, customer->id);
    free_customer(customer);
}

void customer_delete(struct emulator *emulator, struct customer *customer)
{
    customer->established = true; /* so that its last session does not take it along */
    sessions_end_of(emulator, NULL, customer);
    customer_remove(customer);
}

bool customer_is_unused(const struct customer *customer, int64_t now_ms)
{
    if (customer->established || customer->session_count || customer->contact_mobile || customer->contact_email)
        return false;
    for (unsigned factor = 0; factor < FACTORS; factor++)
        if (customer->locks[factor].until_ms > now_ms)
            return false;
    return true;
}
