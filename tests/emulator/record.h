/* The last exchanges of the service's paths, with headers and bodies: for the page, which shows what was asked and
 * answered. The secrets in them are masked unless they are asked for. */
#ifndef EMULATOR_RECORD_H
#define EMULATOR_RECORD_H

#include "journal.h"
#include "text.h"

#include <stdbool.h>
#include <stdint.h>

struct http_request;

enum { RECORDS_KEPT = 1000 };

/* One side of an exchange. */
struct record_part {
    struct text headers; /* [name, value] as JSON, with commas between */
    struct text body; /* as much of it as is kept */
    size_t length; /* of the whole body */
};

struct record {
    int64_t at_ms, took_ms;
    char *method, *path, *query;
    unsigned status; /* 0: the connection was reset instead */
    char *brand, *customer, *reason; /* each may be NULL */
    int code; /* 0: none */
    bool fault; /* one struck */
    struct record_part request, reply;
    size_t size; /* of headers and bodies; 0 once they are no longer kept */
};

struct records {
    struct record kept[RECORDS_KEPT];
    uint64_t count; /* ever added; a record's number is the count when it was added, from 1 */
    uint64_t oldest_whole; /* the first number whose headers and bodies are kept */
    size_t size; /* of all headers and bodies */
};

/* A new record, to be filled in and then finished. */
struct record *record_begin(struct records *records, const struct http_request *request);
/* Takes what the note says, without taking it over. */
void record_note(struct record *record, const struct note *note);
void record_reply_header(struct record *record, const char *name, const char *value);
void record_body(struct record_part *part, const char *body, size_t length);
/* Drops the oldest bodies where all of them together are too large. */
void record_finish(struct records *records, struct record *record);

/* Adds the summary of a number that is kept. */
void record_write(const struct records *records, uint64_t number, struct text *json);
/* Adds {"exchanges":[...]} with the summaries, newest first; limit 0 means all. */
void records_write(const struct records *records, const char *brand, unsigned limit, struct text *json);
/* Adds the whole exchange; false if it is not kept. */
bool record_write_whole(const struct records *records, uint64_t number, bool secrets, struct text *json);
void records_clear(struct records *records);

#endif
