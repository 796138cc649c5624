/* Whole files. */
#ifndef EMULATOR_FILE_H
#define EMULATOR_FILE_H

#include <stdbool.h>
#include <sys/types.h>

struct text;

/* False, with errno set. */
bool file_read(const char *path, struct text *content);
/* Puts the whole content in place at once: readers see nothing or all of it. `only_if_absent` leaves a file that is
 * there already as it is; so of two emulators that start together one makes the authority, and both use it. False,
 * with errno set. */
bool file_write(const char *path, const struct text *content, mode_t mode, bool only_if_absent);

#endif
