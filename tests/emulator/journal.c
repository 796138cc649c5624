#include "journal.h"

#include "clock.h"

#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void note_free(struct note *note)
{
    free(note->brand);
    free(note->customer);
    text_free(&note->reason);
    memset(note, 0, sizeof *note);
}

void note_add(struct text *reason, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    note_add_arguments(reason, format, arguments);
    va_end(arguments);
}

void note_add_arguments(struct text *reason, const char *format, va_list arguments)
{
    text_add_string(reason, reason->length ? "; " : "");
    text_add_arguments(reason, format, arguments);
}

static void entry_free(struct journal_entry *entry)
{
    free(entry->method);
    free(entry->path);
    note_free(&entry->note);
    memset(entry, 0, sizeof *entry);
}

/* What came from a client could pretend to be a line of its own, or move the terminal's cursor. */
static void add_escaped(struct text *line, const char *before, const char *text, unsigned char last_escaped)
{
    text_add_string(line, before);
    for (const char *c = text; *c; c++) {
        if ((unsigned char)*c <= last_escaped || *c == 0x7f)
            text_add_format(line, "\\x%02x", (unsigned)(unsigned char)*c);
        else
            text_add(line, c, 1);
    }
}

static void add_field(struct text *line, const char *word)
{
    add_escaped(line, " ", word && *word ? word : "-", ' ');
}

static void add_time(struct text *line, int64_t at_ms)
{
    char time[CLOCK_ISO_SIZE];
    clock_iso(at_ms, time);
    text_add_string(line, time);
}

/* Whoever does not read what we print must not make us wait: a pipe that is full loses the line. A pipe that
 * can be written to has room for 4096 bytes. */
static void print(struct text *line)
{
    struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
    size_t length = line->length < 4095 ? line->length : 4095;
    line->data[length] = '\n';
    if (poll(&out, 1, 0) == 1 && (out.revents & POLLOUT) && write(STDERR_FILENO, line->data, length + 1) < 0)
        return; /* nobody is left to be told */
}

static void print_entry(const struct journal_entry *entry)
{
    struct text line = {0};
    add_time(&line, entry->at_ms);
    add_field(&line, entry->method);
    add_field(&line, entry->path);
    add_field(&line, entry->note.brand);
    add_field(&line, entry->note.customer);
    text_add_format(&line, entry->status ? " %u" : " -", entry->status);
    text_add_format(&line, entry->note.code ? " %d" : " -", entry->note.code);
    if (entry->note.reason.length)
        add_escaped(&line, ": ", entry->note.reason.data, ' ' - 1);
    print(&line);
    text_free(&line);
}

void journal_add(struct journal *journal, int64_t at_ms, const char *method, const char *path, unsigned status,
                 struct note *note)
{
    struct journal_entry *entry = &journal->entries[journal->count++ % JOURNAL_SIZE];
    entry_free(entry);
    entry->at_ms = at_ms;
    entry->method = text_copy(method);
    entry->path = text_copy(path);
    entry->status = status;
    entry->note = *note;
    memset(note, 0, sizeof *note);
    if (!journal->quiet)
        print_entry(entry);
}

void journal_otp(const struct journal *journal, int64_t at_ms, const char *brand, const char *customer, const char *otp,
                 const char *to, const char *channel)
{
    struct text line = {0};
    if (journal->quiet)
        return;
    add_time(&line, at_ms);
    text_add_format(&line, " OTP %s", otp);
    add_field(&line, brand);
    add_field(&line, customer);
    text_add_string(&line, " to");
    add_field(&line, to);
    text_add_string(&line, " by");
    add_field(&line, channel);
    print(&line);
    text_free(&line);
}

static void write_entry(const struct journal_entry *entry, struct text *json)
{
    const char *const texts[][2] = {
        {"method", entry->method},
        {"path", entry->path},
        {"brand", entry->note.brand},
        {"customer", entry->note.customer},
        {"reason", entry->note.reason.length ? entry->note.reason.data : NULL},
    };
    char time[CLOCK_ISO_SIZE];
    clock_iso(entry->at_ms, time);
    text_add_format(json, "{\"time\":\"%s\"", time);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        text_add_format(json, ",\"%s\":", texts[i][0]);
        text_add_json(json, texts[i][1]);
    }
    text_add_format(json, entry->status ? ",\"status\":%u" : ",\"status\":null", entry->status);
    text_add_format(json, entry->note.code ? ",\"code\":%d}" : ",\"code\":null}", entry->note.code);
}

void journal_write(const struct journal *journal, const char *brand, unsigned limit, struct text *json)
{
    uint64_t oldest = journal->count > JOURNAL_SIZE ? journal->count - JOURNAL_SIZE : 0;
    unsigned written = 0;
    text_add_string(json, "{\"requests\":[");
    for (uint64_t at = journal->count; at > oldest && (!limit || written < limit); at--) {
        const struct journal_entry *entry = &journal->entries[(at - 1) % JOURNAL_SIZE];
        if (brand && !(entry->note.brand && text_equal_nocase(entry->note.brand, brand)))
            continue;
        text_add_string(json, written++ ? "," : "");
        write_entry(entry, json);
    }
    text_add_string(json, "]}");
}

void journal_free(struct journal *journal)
{
    for (size_t i = 0; i < JOURNAL_SIZE; i++)
        entry_free(&journal->entries[i]);
}
