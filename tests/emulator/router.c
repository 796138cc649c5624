#include "router.h"

#include "auth.h"
#include "control.h"
#include "counts.h"
#include "gateway.h"
#include "page.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

static void serve(struct emulator *emulator, const struct http_request *request, struct json_object *body,
                  const char *problem, struct http_reply *reply)
{
    const char *method, *endpoint = gateway_endpoint(emulator, request->path);
    if (endpoint) {
        gateway_handle(emulator, request, endpoint, reply);
    } else if (!auth_knows_path(request->path, &method)) {
        reply_http_error(reply, 404, "Not Found", request->path);
    } else if (strcmp(request->method, method) != 0) {
        reply_http_error(reply, 405, "Method Not Allowed", request->path);
        reply->allow = text_copy(method);
    } else {
        auth_handle(emulator, request, body, problem, reply);
    }
}

/* The body's brand, or at the gateway the header's. */
static struct brand *brand_of(const struct emulator *emulator, const struct http_request *request,
                              struct json_object *body)
{
    struct json_object *name = NULL;
    const char *header = request_header(request, "cap_brand");
    if (body && json_object_object_get_ex(body, "brand", &name) && json_object_is_type(name, json_type_string))
        return brand_find(emulator, json_object_get_string(name));
    return header ? brand_find(emulator, header) : NULL;
}

static void reply_as_fault_says(const struct fault *fault, struct http_reply *reply)
{
    bool is_text = json_object_is_type(fault->body, json_type_string);
    reply->status = (unsigned)fault->number;
    reply->headers = fault->headers;
    if (!fault->body)
        return;
    reply->content_type = is_text ? "text/html;charset=UTF-8" : "application/json";
    if (is_text)
        text_add(&reply->body, json_object_get_string(fault->body), (size_t)json_object_get_string_len(fault->body));
    else
        text_add_string(&reply->body, json_object_to_json_string_ext(fault->body, JSON_C_TO_STRING_PLAIN |
                                                                                      JSON_C_TO_STRING_NOSLASHESCAPE));
}

/* What a fault does beside or instead of serving; false: the request is not processed. */
static bool apply_fault(const struct fault *fault, struct outcome *outcome)
{
    struct text *reason = &outcome->reply.note.reason;
    outcome->fault = true;
    switch (fault->kind) {
    case FAULT_DELAY:
        note_add(reason, "fault: delayed by %lld ms", fault->number);
        outcome->delay_ms += fault->number;
        return true;
    case FAULT_TRUNCATE:
        note_add(reason, "fault: cut after %lld bytes", fault->number);
        outcome->truncate_after = fault->number;
        return true;
    case FAULT_RESET_AFTER:
        note_add(reason, "fault: processed, then the connection is reset");
        outcome->resets = true;
        return true;
    case FAULT_RESET_BEFORE:
        note_add(reason, "fault: the connection is reset");
        outcome->resets = true;
        return false;
    case FAULT_STATUS:
        note_add(reason, "fault: not processed");
        reply_as_fault_says(fault, &outcome->reply);
        return false;
    }
    return true;
}

/* One fault strikes a request. A delay that goes on after it would hide the later ones for long, and so does not
 * count: what it delays may fail, too. */
static bool apply_faults(struct emulator *emulator, const struct http_request *request, const struct brand *brand,
                         struct outcome *outcome)
{
    bool processed = true, last = false;
    struct fault *fault = faults_take(&emulator->faults, request->path, brand, false, &last);
    if (fault && fault->kind == FAULT_DELAY && !last) {
        apply_fault(fault, outcome);
        fault = faults_take(&emulator->faults, request->path, brand, true, &last);
    }
    if (fault)
        processed = apply_fault(fault, outcome);
    if (last)
        outcome->used_up = fault;
    return processed;
}

static void serve_or_fail(struct emulator *emulator, const struct http_request *request, struct outcome *outcome)
{
    const char *problem = NULL;
    struct json_object *body = json_read(request->body, request->length, &problem);
    struct brand *brand = brand_of(emulator, request, body);
    counts_add(&emulator->counts, request->method, request->path);
    if (brand)
        counts_add(&brand->counts, request->method, request->path);
    if (apply_faults(emulator, request, brand, outcome))
        serve(emulator, request, body, problem, &outcome->reply);
    else if (body)
        auth_note_customer(body, &outcome->reply.note);
    if (brand) {
        outcome->reply.clock_offset_ms = brand->clock_offset_ms;
        outcome->delay_ms += settings_latency_ms(&brand->settings);
        if (!outcome->reply.note.brand)
            outcome->reply.note.brand = text_copy(brand->name);
    }
    json_object_put(body);
}

static void record_headers(const struct http_reply *reply, struct record *record)
{
    char date[CLOCK_DATE_SIZE];
    clock_date(record->at_ms, date);
    record_reply_header(record, "Date", date);
    if (reply->content_type)
        record_reply_header(record, "Content-Type", reply->content_type);
    if (reply->allow)
        record_reply_header(record, "Allow", reply->allow);
    if (!reply->headers)
        return;
    json_object_object_foreach(reply->headers, name, value)
    {
        record_reply_header(record, name, json_object_get_string(value));
    }
}

/* For the page: what was asked and answered, as a whole. */
static void keep_record(struct emulator *emulator, const struct http_request *request, const struct outcome *outcome,
                        int64_t now_ms)
{
    const struct http_reply *reply = &outcome->reply;
    struct record *record = record_begin(&emulator->records, request);
    struct text summary = {0};
    record->at_ms = now_ms;
    record->took_ms = request->took_ms + outcome->delay_ms;
    record->status = outcome->resets ? 0 : reply->status;
    record->fault = outcome->fault;
    record_note(record, &reply->note);
    record_headers(reply, record);
    record_body(&record->reply, reply->body.data, reply->body.length);
    record_finish(&emulator->records, record);
    if (!emulator->events.listeners)
        return;
    record_write(&emulator->records, emulator->records.count, &summary);
    events_add(&emulator->events, "exchange", summary.data);
    text_free(&summary);
}

/* What the page reads by itself would fill the log. */
static bool is_worth_a_line(const struct http_request *request, const struct outcome *outcome)
{
    return !outcome->reply.streams && !(request_header(request, PAGE_HEADER) && strcmp(request->method, "GET") == 0);
}

void route(struct emulator *emulator, const struct http_request *request, struct outcome *outcome)
{
    bool control = control_is_path(request->path) || page_is_asked_for(request);
    bool preflight = strcmp(request->method, "OPTIONS") == 0;
    if (!control && (preflight || request->too_long))
        counts_add(&emulator->counts, request->method, request->path);
    if (control && !control_admits(emulator, request, &outcome->reply)) {
        /* the reply says so */
    } else if (request->too_long) {
        reply_http_error(&outcome->reply, 413, "Payload Too Large", request->path);
    } else if (preflight) {
        outcome->reply.status = 204; /* a preflight: the server adds its headers */
    } else if (control) {
        control_handle(emulator, request, &outcome->reply);
    } else {
        serve_or_fail(emulator, request, outcome);
    }
    if (outcome->reply.wait_ms)
        return; /* it is not over yet */
    int64_t now_ms = clock_now_ms(&emulator->clock) + outcome->reply.clock_offset_ms;
    if (!control)
        keep_record(emulator, request, outcome, now_ms);
    if (!control || is_worth_a_line(request, outcome))
        journal_add(&emulator->journal, now_ms, request->method, request->path,
                    outcome->resets ? 0 : outcome->reply.status, &outcome->reply.note);
}

void outcome_free(struct outcome *outcome)
{
    text_free(&outcome->reply.body);
    note_free(&outcome->reply.note);
    free(outcome->reply.allow);
    if (outcome->used_up)
        fault_free(outcome->used_up);
}
