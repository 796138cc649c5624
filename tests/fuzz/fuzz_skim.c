/* SPDX-License-Identifier: Apache-2.0 */
/* The skimmer against json-c, which builds trees: both take the same texts for objects, and find the same in them. */
#include "fuzz.h"

#include <string.h>

#include <capauth/capauth.h>

#include "base/skim.h"
#include "json_c.h"

static const char *const names[] = {"status", "code", "message", "token"};

enum { NAMES = sizeof names / sizeof names[0] };

/* The same text, or none. */
static void check_text(bool there, const struct capauth__buffer *skimmed, const char *built)
{
    HOLDS(!skimmed->failed);
    HOLDS(there == (built != NULL));
    HOLDS(!there || !strcmp(skimmed->data, built));
}

static void check_texts(const struct capauth__span *span, const capauth__json *value)
{
    struct capauth__buffer text = {0}, message = {0};
    bool has_text = capauth__span_text(span, &text), has_message = capauth__span_message(span, &message);

    check_text(has_text, &text, capauth__json_text(value));
    check_text(has_message, &message, capauth__json_message(value));
    capauth__buffer_free(&text);
    capauth__buffer_free(&message);
}

static void check_value(const struct capauth__span *span, const capauth__json *value)
{
    int64_t skimmed = 0, built = 0;
    bool no_memory = false, found = capauth__span_integer(span, &skimmed, &no_memory);
    bool odd = is_odd(value);

    HOLDS(capauth__json_integer(value, &built) == found || (odd && !found));
    HOLDS(!found || skimmed == built);
    HOLDS(odd || capauth__span_boolean(span, -1, &no_memory) == capauth__json_boolean(value, -1));
    HOLDS(!no_memory);
    check_texts(span, value);
}

static void check_list(const struct capauth__span *span, const capauth__json *value)
{
    struct capauth__span first;
    size_t skimmed = 0, built = 0;
    bool is_list = capauth__skim_list(span, &first, &skimmed);

    HOLDS(is_list == capauth__json_length(value, &built));
    HOLDS(!is_list || skimmed == built);
    if (is_list && skimmed)
        check_value(&first, capauth__json_element(value, 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct capauth__span values[NAMES];
    capauth__json *root = NULL;
    char *text = text_of(data, size);
    bool is_object = capauth__skim_object(text, size, names, values, NAMES);

    bool is_built = capauth__json_parse(text, size, &root) == CAPAUTH_OK && capauth__json_is_object(root);

    HOLDS(is_built || !is_object);
    HOLDS(is_object || !is_built || may_be_more_than_json(text));
    for (size_t i = 0; is_object && !names_may_differ(text) && i < NAMES; i++) {
        check_value(&values[i], capauth__json_member(root, names[i]));
        check_list(&values[i], capauth__json_member(root, names[i]));
    }
    capauth__json_free(root);
    free(text);
    return 0;
}
