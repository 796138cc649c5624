#include "record.h"

#include "clock.h"
#include "http.h"
#include "mask.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_BODY = 16384, MOST_SIZE = 16777216 };

static void free_parts(struct record *record)
{
    text_free(&record->request.headers);
    text_free(&record->request.body);
    text_free(&record->reply.headers);
    text_free(&record->reply.body);
    record->size = 0;
}

static void free_record(struct record *record)
{
    free(record->method);
    free(record->path);
    free(record->query);
    free(record->brand);
    free(record->customer);
    free(record->reason);
    free_parts(record);
    memset(record, 0, sizeof *record);
}

static void add_header(void *data, const char *name, const char *value)
{
    struct text *headers = data;
    text_add_string(headers, headers->length ? ",[" : "[");
    text_add_json(headers, name);
    text_add_string(headers, ",");
    text_add_json(headers, value ? value : "");
    text_add_string(headers, "]");
}

static void add_parameter(void *data, const char *name, const char *value)
{
    struct text *query = data;
    text_add_string(query, query->length ? "&" : "?");
    text_add_url(query, name);
    if (value) {
        text_add_string(query, "=");
        text_add_url(query, value);
    }
}

struct record *record_begin(struct records *records, const struct http_request *request)
{
    struct record *record = &records->kept[records->count++ % RECORDS_KEPT];
    struct text query = {0};
    records->size -= record->size;
    free_record(record);
    record->method = text_copy(request->method);
    record->path = text_copy(request->path);
    request_each(request, REQUEST_QUERY, add_parameter, &query);
    record->query = query.data;
    request_each(request, REQUEST_HEADERS, add_header, &record->request.headers);
    record_body(&record->request, request->body, request->length);
    return record;
}

void record_note(struct record *record, const struct note *note)
{
    record->brand = text_copy(note->brand);
    record->customer = text_copy(note->customer);
    record->reason = note->reason.length ? text_copy(note->reason.data) : NULL;
    record->code = note->code;
}

void record_reply_header(struct record *record, const char *name, const char *value)
{
    add_header(&record->reply.headers, name, value);
}

void record_body(struct record_part *part, const char *body, size_t length)
{
    part->length = length;
    if (length)
        text_add(&part->body, body, length < MOST_BODY ? length : MOST_BODY);
}

void record_finish(struct records *records, struct record *record)
{
    record->size = record->request.headers.length + record->request.body.length + record->reply.headers.length +
                   record->reply.body.length;
    records->size += record->size;
    if (records->count > RECORDS_KEPT && records->oldest_whole < records->count - RECORDS_KEPT)
        records->oldest_whole = records->count - RECORDS_KEPT;
    while (records->size > MOST_SIZE) {
        struct record *oldest = &records->kept[records->oldest_whole++ % RECORDS_KEPT];
        records->size -= oldest->size;
        free_parts(oldest);
    }
}

static const struct record *find(const struct records *records, uint64_t number)
{
    bool kept = number && number <= records->count && number + RECORDS_KEPT > records->count;
    return kept ? &records->kept[(number - 1) % RECORDS_KEPT] : NULL;
}

static void add_members(const struct record *record, struct text *json)
{
    const char *const texts[][2] = {
        {"method", record->method}, {"path", record->path},         {"query", record->query},
        {"brand", record->brand},   {"customer", record->customer}, {"reason", record->reason},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        text_add_format(json, ",\"%s\":", texts[i][0]);
        text_add_json(json, texts[i][1]);
    }
    text_add_format(json, ",\"atMs\":%lld,\"tookMs\":%lld,\"fault\":%s", (long long)record->at_ms,
                    (long long)record->took_ms, record->fault ? "true" : "false");
    text_add_format(json, record->status ? ",\"status\":%u" : ",\"status\":null", record->status);
    text_add_format(json, record->code ? ",\"code\":%d" : ",\"code\":null", record->code);
}

void record_write(const struct records *records, uint64_t number, struct text *json)
{
    text_add_format(json, "{\"id\":%llu", (unsigned long long)number);
    add_members(find(records, number), json);
    text_add_string(json, "}");
}

void records_write(const struct records *records, const char *brand, unsigned limit, struct text *json)
{
    const struct record *record;
    unsigned written = 0;
    text_add_string(json, "{\"exchanges\":[");
    for (uint64_t number = records->count; (record = find(records, number)); number--) {
        if (limit && written == limit)
            break;
        if (brand && !(record->brand && text_equal_nocase(record->brand, brand)))
            continue;
        text_add_string(json, written++ ? "," : "");
        record_write(records, number, json);
    }
    text_add_string(json, "]}");
}

static void write_headers(const struct text *headers, bool secrets, struct text *json)
{
    struct text list = {0};
    text_add_format(&list, "[%s]", headers->length ? headers->data : "");
    if (secrets)
        text_add(json, list.data, list.length);
    else
        mask_headers(list.data, json);
    text_free(&list);
}

static void write_part(const char *name, const struct record_part *part, bool secrets, struct text *json)
{
    struct text masked = {0};
    if (!secrets)
        mask_body(part->body.data, part->body.length, &masked);
    const struct text *shown = secrets ? &part->body : &masked;
    text_add_format(json, ",\"%s\":{\"length\":%zu,\"kept\":%zu,\"headers\":", name, part->length, part->body.length);
    write_headers(&part->headers, secrets, json);
    text_add_string(json, ",\"body\":");
    text_add_json(json, shown->length ? shown->data : "");
    text_add_string(json, "}");
    text_free(&masked);
}

bool record_write_whole(const struct records *records, uint64_t number, bool secrets, struct text *json)
{
    const struct record *record = find(records, number);
    if (!record)
        return false;
    text_add_format(json, "{\"id\":%llu", (unsigned long long)number);
    add_members(record, json);
    text_add_format(json, ",\"whole\":%s", record->size ? "true" : "false");
    write_part("request", &record->request, secrets, json);
    write_part("reply", &record->reply, secrets, json);
    text_add_string(json, "}");
    return true;
}

void records_clear(struct records *records)
{
    for (size_t i = 0; i < RECORDS_KEPT; i++)
        free_record(&records->kept[i]);
    memset(records, 0, sizeof *records);
}
