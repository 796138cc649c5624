#include "file.h"

#include "text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

bool file_read(const char *path, struct text *content)
{
    FILE *file = fopen(path, "rb");
    char buffer[8192];
    size_t length;
    if (!file)
        return false;
    while ((length = fread(buffer, 1, sizeof buffer, file)) > 0)
        text_add(content, buffer, length);
    bool ok = !ferror(file);
    fclose(file);
    return ok;
}

static bool write_all(int file, const struct text *content)
{
    size_t done = 0;
    while (done < content->length) {
        ssize_t count = write(file, content->data + done, content->length - done);
        if (count < 0 && errno != EINTR)
            return false;
        done += count > 0 ? (size_t)count : 0;
    }
    return fsync(file) == 0;
}

/* A temporary file beside `path` with this content; its name, or NULL with errno set. */
static char *write_beside(const char *path, const struct text *content, mode_t mode)
{
    struct text name = {0};
    text_add_format(&name, "%s.XXXXXX", path);
    int file = mkstemp(name.data);
    bool ok = file >= 0 && fchmod(file, mode) == 0 && write_all(file, content);
    int problem = errno;
    if (file >= 0)
        ok = close(file) == 0 && ok;
    if (ok)
        return name.data;
    if (file >= 0)
        unlink(name.data);
    text_free(&name);
    errno = problem;
    return NULL;
}

bool file_write(const char *path, const struct text *content, mode_t mode, bool only_if_absent)
{
    char *name = write_beside(path, content, mode);
    if (!name)
        return false;
    bool ok = only_if_absent ? link(name, path) == 0 || errno == EEXIST : rename(name, path) == 0;
    int problem = errno;
    if (only_if_absent || !ok)
        unlink(name);
    free(name);
    errno = problem;
    return ok;
}
