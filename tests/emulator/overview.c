#include "overview.h"

#include "text.h"

enum { MOST_SHOWN = 200 };

struct list {
    const struct emulator *emulator;
    const struct brand *only; /* or NULL */
    struct text *json;
    const struct customer *newest[MOST_SHOWN]; /* a ring */
    size_t count;
};

static void add_text(struct text *json, const char *name, const char *value)
{
    text_add_format(json, "%s\"%s\":", json->data[json->length - 1] == '{' ? "" : ",", name);
    text_add_json(json, value);
}

static void add_number(struct text *json, const char *name, int64_t number)
{
    text_add_format(json, ",\"%s\":%lld", name, (long long)number);
}

static void add_flag(struct text *json, const char *name, bool flag)
{
    text_add_format(json, ",\"%s\":%s", name, flag ? "true" : "false");
}

static void write_brand(const char *key, void *value, void *data)
{
    const struct brand *brand = value;
    struct list *list = data;
    (void)key;
    text_add_string(list->json, list->count++ ? ",{" : "{");
    add_text(list->json, "name", brand->name);
    add_number(list->json, "offsetMs", brand->clock_offset_ms);
    add_number(list->json, "customers", (int64_t)brand->by_id.count);
    text_add_string(list->json, "}");
}

/* Customer numbers grow, so that those seen last are the newest. */
static void collect_customer(const char *id, void *value, void *data)
{
    struct list *list = data;
    (void)id;
    list->newest[list->count++ % MOST_SHOWN] = value;
}

static void collect_customers(const char *key, void *value, void *data)
{
    const struct brand *brand = value;
    struct list *list = data;
    (void)key;
    if (!list->only || list->only == brand)
        map_each_sorted(&brand->by_id, collect_customer, list);
}

static void write_identifiers(const struct customer *customer, struct text *json)
{
    text_add_string(json, ",\"identifiers\":[");
    for (unsigned i = 0; i < customer->identity_count; i++) {
        text_add_string(json, i ? ",{" : "{");
        add_text(json, "type", identifier_type_name(customer->identities[i]->type));
        add_text(json, "value", customer->identities[i]->value);
        text_add_string(json, "}");
    }
    text_add_string(json, "]");
}

static const char *password_state(const struct credential *credential)
{
    return !credential->password ? "none" : credential->confirmed ? "set" : "unconfirmed";
}

static int64_t locked_until(const struct list *list, const struct customer *customer, enum factor factor)
{
    const struct settings *settings = &customer->brand->settings;
    const struct lock *lock = &customer->locks[factor];
    bool locking = factor == FIRST_FACTOR ? settings->account_locking : settings->mfa_account_locking;
    bool holds = (locking || lock->by_control) && brand_now_ms(list->emulator, customer->brand) < lock->until_ms;
    return holds ? lock->until_ms : 0;
}

static void write_customer(const struct list *list, const struct customer *customer)
{
    struct text *json = list->json;
    text_add_string(json, "{");
    add_text(json, "brand", customer->brand->name);
    add_text(json, "customerId", customer->id);
    write_identifiers(customer, json);
    add_text(json, "password", password_state(&customer->credentials[FIRST_FACTOR]));
    add_text(json, "mfaPassword", password_state(&customer->credentials[SECOND_FACTOR]));
    add_flag(json, "mfa", customer->second_factor);
    add_flag(json, "signedInOnce", customer->established);
    add_number(json, "lockedUntilMs", locked_until(list, customer, FIRST_FACTOR));
    add_number(json, "mfaLockedUntilMs", locked_until(list, customer, SECOND_FACTOR));
    text_add_string(json, "}");
}

static void write_customers(struct list *list)
{
    map_each_sorted(&list->emulator->brands, collect_customers, list);
    size_t written = 0;
    for (size_t at = list->count; at && written < MOST_SHOWN; at--) {
        text_add_string(list->json, written++ ? "," : "");
        write_customer(list, list->newest[(at - 1) % MOST_SHOWN]);
    }
}

static void write_session(const struct session *session, struct text *json)
{
    text_add_string(json, "{");
    add_text(json, "id", session->id);
    add_text(json, "brand", session->customer->brand->name);
    add_text(json, "customerId", session->customer->id);
    add_text(json, "type", identifier_type_name(session->type));
    add_text(json, "value", session->value);
    add_text(json, "device", session->device);
    add_number(json, "factor", session->factor == FIRST_FACTOR ? 1 : 2);
    add_number(json, "startedAtMs", session->started_ms);
    add_number(json, "expiresAtMs", session->expires_ms);
    add_number(json, "wrongOtps", session->otp_attempts.count);
    add_number(json, "wrongPasswords", session->password_attempts.count);
    add_number(json, "spent", session->spent);
    add_flag(json, "otpSent", session->otp != NULL);
    text_add_string(json, "}");
}

static void write_sessions(const struct list *list)
{
    size_t written = 0;
    for (const struct session *session = list->emulator->sessions.newest; session && written < MOST_SHOWN;
         session = session->older) {
        const struct brand *brand = session->customer->brand;
        if ((list->only && list->only != brand) || brand_now_ms(list->emulator, brand) >= session->expires_ms)
            continue;
        text_add_string(list->json, written++ ? "," : "");
        write_session(session, list->json);
    }
}

void overview_write(const struct emulator *emulator, const struct brand *only, struct text *json)
{
    struct list list = {.emulator = emulator, .only = only, .json = json};
    text_add_format(json, "{\"nowMs\":%lld", (long long)clock_now_ms(&emulator->clock));
    add_flag(json, "held", emulator->clock.held);
    text_add_string(json, ",\"brands\":[");
    map_each_sorted(&emulator->brands, write_brand, &list);
    text_add_string(json, "],\"customers\":[");
    list.count = 0;
    write_customers(&list);
    text_add_string(json, "],\"sessions\":[");
    write_sessions(&list);
    text_add_string(json, "],\"tokens\":");
    issued_write(emulator, only, MOST_SHOWN, json);
    text_add_string(json, "}");
}
