/* What there is at the start, and what is left at the end. */
#ifndef EMULATOR_STATE_H
#define EMULATOR_STATE_H

#include "emulator.h"

#include <stdbool.h>

struct options;
struct text;

/* An emulator with what the options name: the saved state if there is one, else the brand file, else the usual
 * brands. NULL, with the reason in `error`, if a file has an error. */
struct emulator *emulator_new(const struct options *options, struct text *error);
void emulator_free(struct emulator *emulator);

/* Writes the export and the secret, for the next start. */
bool state_save(const struct emulator *emulator, const char *path, struct text *error);
/* Reads the brand file once more and sets up what it names, as PUT would. False, with the reason in `error` and nothing
 * changed, if it has an error. */
bool brand_file_reload(struct emulator *emulator, struct text *error);

#endif
