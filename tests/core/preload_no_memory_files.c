/* SPDX-License-Identifier: Apache-2.0 */
/* LD_PRELOAD: no open descriptor can be opened again by its name, as for applications on Android or without /proc. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <dlfcn.h>

typedef int open_function(const char *path, int flags, ...);
typedef FILE *fopen_function(const char *path, const char *mode);

static bool is_refused(const char *path)
{
    if (strncmp(path, "/proc/self/fd/", 14) != 0)
        return false;
    errno = EACCES;
    return true;
}

static int open_by(const char *name, const char *path, int flags, unsigned mode)
{
    open_function *next;
    void *symbol = dlsym(RTLD_NEXT, name);

    memcpy(&next, &symbol, sizeof next);
    return is_refused(path) ? -1 : next(path, flags, mode);
}

static FILE *fopen_by(const char *name, const char *path, const char *mode)
{
    fopen_function *next;
    void *symbol = dlsym(RTLD_NEXT, name);

    memcpy(&next, &symbol, sizeof next);
    return is_refused(path) ? NULL : next(path, mode);
}

#define OPEN(NAME)                                                                                                     \
    __attribute__((visibility("default"))) int NAME(const char *path, int flags, ...)                                  \
    {                                                                                                                  \
        unsigned mode = 0;                                                                                             \
        va_list more;                                                                                                  \
                                                                                                                       \
        va_start(more, flags);                                                                                         \
        if (flags & O_CREAT)                                                                                           \
            mode = va_arg(more, unsigned);                                                                             \
        va_end(more);                                                                                                  \
        return open_by(#NAME, path, flags, mode);                                                                      \
    }

#define FOPEN(NAME)                                                                                                    \
    __attribute__((visibility("default"))) FILE *NAME(const char *path, const char *mode)                              \
    {                                                                                                                  \
        return fopen_by(#NAME, path, mode);                                                                            \
    }

OPEN(open)
OPEN(open64)
FOPEN(fopen)
FOPEN(fopen64)
