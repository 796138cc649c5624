/* SPDX-License-Identifier: Apache-2.0 */
/* Exports: what can be read is written, read and written again as the same text. */
#include "fuzz.h"

#include <string.h>

#include "base/secret.h"
#include "protocol/export.h"

static char *written(const struct capauth__export *export)
{
    char *text = capauth__export_write(&export->state, export->origin);

    HOLDS(text);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = text_of(data, size), *first, *second;
    struct capauth__export export, again;
    const char *why = NULL;
    int result = capauth__export_read(text, &export, &why);

    HOLDS(result == CAPAUTH_OK || (result == CAPAUTH_E_INVALID_ARGUMENT && why));
    if (result == CAPAUTH_OK) {
        first = written(&export);
        HOLDS(capauth__export_read(first, &again, &why) == CAPAUTH_OK);
        second = written(&again);
        HOLDS(!strcmp(first, second));
        HOLDS(capauth__state_same_customer(&export.state, &again.state));
        capauth__export_free(&again);
        capauth__wipe_free(&first);
        capauth__wipe_free(&second);
    }
    capauth__export_free(&export);
    free(text);
    return 0;
}
