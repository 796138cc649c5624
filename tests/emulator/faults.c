#include "faults.h"

#include "brand.h"
#include "text.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

/* The members that say what goes wrong: exactly one of them. */
static const struct kind {
    const char *name;
    enum fault_kind kind;
    long long least, most;
} kinds[] = {
    {"delayMs", FAULT_DELAY, 0, 600000},
    {"truncateAfter", FAULT_TRUNCATE, 0, 1048576},
    {"status", FAULT_STATUS, 200, 599},
    {"reset", FAULT_RESET_BEFORE, 0, 0},
};

static const char *const other_members[] = {"path", "brand", "count", "body", "headers"};

static const struct kind *find_kind(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

static bool is_other_member(const char *name)
{
    for (size_t i = 0; i < sizeof other_members / sizeof other_members[0]; i++)
        if (strcmp(other_members[i], name) == 0)
            return true;
    return false;
}

static bool read_number(struct json_object *value, const char *name, long long least, long long most, long long *number,
                        struct text *error)
{
    *number = json_object_get_int64(value);
    if (json_object_is_type(value, json_type_int) && *number >= least && *number <= most)
        return true;
    text_add_format(error, "\"%s\" must be a number from %lld to %lld", name, least, most);
    return false;
}

static bool read_reset(struct json_object *value, struct fault *fault, struct text *error)
{
    const char *when = json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
    fault->kind = strcmp(when, "after") == 0 ? FAULT_RESET_AFTER : FAULT_RESET_BEFORE;
    if (strcmp(when, "before") == 0 || strcmp(when, "after") == 0)
        return true;
    text_add_string(error, "\"reset\" must be \"before\" or \"after\"");
    return false;
}

static bool read_kind(struct json_object *object, struct fault *fault, struct text *error)
{
    unsigned found = 0;
    struct json_object_iterator at = json_object_iter_begin(object), end = json_object_iter_end(object);
    for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
        const char *name = json_object_iter_peek_name(&at);
        struct json_object *value = json_object_iter_peek_value(&at);
        const struct kind *kind = find_kind(name);
        if (!kind && !is_other_member(name)) {
            text_add_format(error, "unknown member \"%s\"", name);
            return false;
        }
        if (!kind)
            continue;
        found++;
        fault->kind = kind->kind;
        if (strcmp(name, "reset") == 0 ? !read_reset(value, fault, error)
                                       : !read_number(value, name, kind->least, kind->most, &fault->number, error))
            return false;
    }
    if (found != 1)
        text_add_string(error, "exactly one of delayMs, reset, truncateAfter, status is required");
    return found == 1;
}

static bool header_is_ours(const char *name)
{
    static const char *const ours[] = {"Content-Length", "Transfer-Encoding", "Connection", "Trailer", "Upgrade"};
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (text_equal_nocase(ours[i], name))
            return true;
    return false;
}

static bool header_is_valid(const char *name, struct json_object *value)
{
    static const char token[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    if (!json_object_is_type(value, json_type_string) || !*name || name[strspn(name, token)])
        return false;
    size_t length = (size_t)json_object_get_string_len(value);
    const char *text = json_object_get_string(value);
    return length && length <= 8192 && !text_has_control(text, length);
}

static bool check_headers(struct json_object *headers, struct text *error)
{
    if (!headers)
        return true;
    if (!json_object_is_type(headers, json_type_object)) {
        text_add_string(error, "\"headers\" must be an object of strings");
        return false;
    }
    struct json_object_iterator at = json_object_iter_begin(headers), end = json_object_iter_end(headers);
    for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
        const char *name = json_object_iter_peek_name(&at);
        if (header_is_ours(name))
            return text_refuse(error, "header \"%s\" is set by the emulator itself", name);
        if (!header_is_valid(name, json_object_iter_peek_value(&at)))
            return text_refuse(error, "header \"%s\": HTTP does not allow this name or value", name);
    }
    return true;
}

static bool read_fault(struct json_object *object, struct fault *fault, struct text *error)
{
    struct json_object *path = json_object_object_get(object, "path"), *count = NULL;
    if (!json_object_is_type(path, json_type_string)) {
        text_add_string(error, "\"path\" must be a string");
        return false;
    }
    fault->path = text_copy(json_object_get_string(path));
    fault->count = 1;
    if (json_object_object_get_ex(object, "count", &count) &&
        !read_number(count, "count", 1, 1000000000, &fault->count, error))
        return false;
    if (!read_kind(object, fault, error))
        return false;
    fault->body = json_object_get(json_object_object_get(object, "body"));
    fault->headers = json_object_get(json_object_object_get(object, "headers"));
    if (fault->kind != FAULT_STATUS && (fault->body || fault->headers)) {
        text_add_string(error, "\"body\" and \"headers\" go with \"status\" only");
        return false;
    }
    return check_headers(fault->headers, error);
}

struct fault *fault_read(struct json_object *object, const struct brand *brand, struct text *error)
{
    struct fault *fault = memory_new(sizeof *fault);
    fault->brand = brand;
    if (read_fault(object, fault, error))
        return fault;
    fault_free(fault);
    return NULL;
}

void faults_add(struct faults *faults, struct fault *fault)
{
    struct fault **slot = &faults->first;
    while (*slot)
        slot = &(*slot)->next;
    *slot = fault;
}

struct fault *faults_take(struct faults *faults, const char *path, const struct brand *brand, bool skip_delays,
                          bool *last)
{
    for (struct fault **slot = &faults->first; *slot; slot = &(*slot)->next) {
        struct fault *fault = *slot;
        if (strcmp(fault->path, path) != 0 || (fault->brand && fault->brand != brand) ||
            (skip_delays && fault->kind == FAULT_DELAY))
            continue;
        *last = --fault->count == 0;
        if (*last)
            *slot = fault->next;
        return fault;
    }
    return NULL;
}

void fault_free(struct fault *fault)
{
    json_object_put(fault->body);
    json_object_put(fault->headers);
    free(fault->path);
    free(fault);
}

void faults_clear(struct faults *faults, const struct brand *brand)
{
    struct fault **slot = &faults->first;
    while (*slot) {
        struct fault *fault = *slot;
        if (brand && fault->brand != brand) {
            slot = &fault->next;
        } else {
            *slot = fault->next;
            fault_free(fault);
        }
    }
}

static void write_fault(const struct fault *fault, struct text *json)
{
    static const char *const names[] = {
        [FAULT_DELAY] = "delayMs",          [FAULT_RESET_BEFORE] = "reset", [FAULT_RESET_AFTER] = "reset",
        [FAULT_TRUNCATE] = "truncateAfter", [FAULT_STATUS] = "status",
    };
    bool resets = fault->kind == FAULT_RESET_BEFORE || fault->kind == FAULT_RESET_AFTER;
    text_add_string(json, "{\"path\":");
    text_add_json(json, fault->path);
    text_add_string(json, ",\"brand\":");
    text_add_json(json, fault->brand ? fault->brand->name : NULL);
    text_add_format(json, ",\"count\":%lld,\"%s\":", fault->count, names[fault->kind]);
    if (resets)
        text_add_json(json, fault->kind == FAULT_RESET_AFTER ? "after" : "before");
    else
        text_add_format(json, "%lld", fault->number);
    if (fault->body)
        text_add_format(json, ",\"body\":%s", json_object_to_json_string(fault->body));
    if (fault->headers)
        text_add_format(json, ",\"headers\":%s", json_object_to_json_string(fault->headers));
    text_add_string(json, "}");
}

void faults_write(const struct faults *faults, const struct brand *brand, struct text *json)
{
    const char *comma = "";
    text_add_string(json, "{\"faults\":[");
    for (const struct fault *fault = faults->first; fault; fault = fault->next) {
        if (brand && fault->brand != brand)
            continue;
        text_add_string(json, comma);
        write_fault(fault, json);
        comma = ",";
    }
    text_add_string(json, "]}");
}
