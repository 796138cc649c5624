/* The files of page/, built into the program by page/embed.cmake. */
#ifndef EMULATOR_PAGE_FILES_H
#define EMULATOR_PAGE_FILES_H

#include <stddef.h>

struct page_file {
    const char *name; /* NULL behind the last */
    const unsigned char *data; /* ends with a NUL that does not count */
    size_t length;
};

extern const struct page_file page_files[];

#endif
