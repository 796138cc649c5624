#include "state.h"

#include "export.h"
#include "file.h"
#include "http.h"
#include "options.h"
#include "place.h"
#include "platform.h"
#include "seed.h"
#include "text.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void complain(struct text *error, const char *path, const char *content, size_t offset, const char *reason)
{
    struct place place = place_of(content, offset);
    text_add_format(error, "%s:%zu:%zu: %s", path, place.line, place.column, reason);
}

static struct json_object *parse(const char *path, const struct text *content, struct text *error)
{
    const char *text = content->data ? content->data : "", *reason = NULL;
    size_t offset = 0;
    struct json_object *file = json_read_at(text, content->length, &reason, &offset);
    if (!file)
        complain(error, path, text, offset, reason);
    return file;
}

/* The file at PATH as JSON, and set up in the emulator. NULL, with the reason and its place in `error`, if it will not
 * do; some of it may have been set up then. */
static struct json_object *load(struct emulator *emulator, const char *path, struct text *error)
{
    struct text content = {0}, reason = {0};
    struct seed_place place = {0};
    if (!file_read(path, &content)) {
        text_add_format(error, "cannot read %s: %s", path, platform_error());
        text_free(&content);
        return NULL;
    }
    struct json_object *file = parse(path, &content, error);
    if (file && !seed_file(emulator, file, &place, &reason)) {
        complain(error, path, content.data, seed_offset(content.data, &place, reason.data), reason.data);
        json_object_put(file);
        file = NULL;
    }
    text_free(&reason);
    text_free(&content);
    return file;
}

/* The secret of the command line, or that of the saved state, or a new one. */
static void start_signer(struct emulator *emulator, const struct options *options, struct json_object *saved)
{
    struct json_object *secret = json_object_object_get(saved, "secret");
    if (options->secret)
        emulator->secret = text_copy(options->secret);
    else
        emulator->secret = secret ? text_copy(json_object_get_string(secret)) : jwt_random_secret();
    emulator->signer = jwt_signer_new(emulator->secret);
}

/* The brand file is read even where the saved state counts: a reset goes back to it. */
static bool fill(struct emulator *emulator, const struct options *options, struct json_object **saved,
                 struct text *error)
{
    bool resumes = options->save_file && access(options->save_file, F_OK) == 0;
    if (options->brand_file && !(emulator->brand_file = load(emulator, options->brand_file, error)))
        return false;
    if (!options->brand_file && !resumes)
        seed_defaults(emulator);
    if (!resumes)
        return true;
    if (options->brand_file)
        map_clear(&emulator->brands, brand_free);
    *saved = load(emulator, options->save_file, error);
    return *saved != NULL;
}

struct emulator *emulator_new(const struct options *options, struct text *error)
{
    struct emulator *emulator = memory_new(sizeof *emulator);
    struct json_object *saved = NULL;
    clock_start(&emulator->clock);
    emulator->options = options;
    emulator->outbox.events = &emulator->events;
    emulator->journal.quiet = options->quiet;
    bool ok = fill(emulator, options, &saved, error);
    start_signer(emulator, options, saved);
    json_object_put(saved);
    if (ok)
        return emulator;
    emulator_free(emulator);
    return NULL;
}

void emulator_free(struct emulator *emulator)
{
    sessions_end_of(emulator, NULL, NULL);
    map_clear(&emulator->sessions.by_id, NULL);
    outbox_clear(&emulator->outbox, NULL);
    faults_clear(&emulator->faults, NULL);
    revoked_clear(&emulator->revoked);
    map_clear(&emulator->counts, free);
    map_clear(&emulator->brands, brand_free);
    json_object_put(emulator->brand_file);
    journal_free(&emulator->journal);
    records_clear(&emulator->records);
    issued_clear(&emulator->issued, NULL);
    events_free(&emulator->events);
    jwt_signer_free(emulator->signer);
    free(emulator->secret);
    free(emulator);
}

bool state_save(const struct emulator *emulator, const char *path, struct text *error)
{
    struct text json = {0};
    export_file(emulator, emulator->secret, &json);
    bool ok = file_write(path, &json, 0600, false);
    if (!ok)
        text_add_format(error, "cannot write %s: %s", path, platform_error());
    text_free(&json);
    return ok;
}

bool brand_file_reload(struct emulator *emulator, struct text *error)
{
    const char *path = emulator->options->brand_file;
    if (!path) {
        text_add_string(error, "there is no --brands file to read again");
        return false;
    }
    /* First where it does no harm. */
    struct options scratch_options = {.brand_file = path, .quiet = true};
    struct emulator *scratch = emulator_new(&scratch_options, error);
    if (!scratch)
        return false;
    struct json_object *file = json_object_get(scratch->brand_file);
    emulator_free(scratch);
    struct seed_place place = {0};
    bool ok = seed_file(emulator, file, &place, error);
    if (ok) {
        json_object_put(emulator->brand_file);
        emulator->brand_file = file;
    } else {
        json_object_put(file);
    }
    return ok;
}
