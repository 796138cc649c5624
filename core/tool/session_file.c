/* SPDX-License-Identifier: Apache-2.0 */
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LARGEST = 1024 * 1024 };

static char *joined(const char *one, const char *two)
{
    size_t size = strlen(one) + strlen(two) + 1;
    char *both = malloc(size);

    if (both)
        snprintf(both, size, "%s%s", one, two);
    return both;
}

/* $XDG_STATE_HOME, else ~/.local/state; NULL: neither is known. */
static char *usual_path(void)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");

    if (state && *state == '/')
        return joined(state, "/capauth/session");
    return home && *home ? joined(home, "/.local/state/capauth/session") : NULL;
}

/* The folders of a path, for their owner alone; those that are there stay as they are. */
static void make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(path, 0700); /* opening the file says what is wrong */
        *slash = '/';
    }
}

static enum status take_lock(struct session_file *file)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char *name = joined(file->path, ".lock");

    if (!name)
        return fail(STATUS_SYSTEM, "no memory");
    file->lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file->lock < 0)
        fail(STATUS_SYSTEM, "%s: %s", name, strerror(errno));
    free(name);
    while (file->lock >= 0 && fcntl(file->lock, F_SETLKW, &whole) < 0)
        if (errno != EINTR)
            return fail(STATUS_SYSTEM, "%s cannot be locked: %s", file->path, strerror(errno));
    return file->lock < 0 ? STATUS_SYSTEM : STATUS_DONE;
}

enum status session_file_open(struct session_file *file, const char *path)
{
    file->lock = -1;
    file->path = path ? joined(path, "") : usual_path();
    if (!file->path)
        return fail(STATUS_SYSTEM, "neither HOME nor XDG_STATE_HOME is set: give --session FILE");
    if (!path)
        make_folders(file->path);
    return take_lock(file);
}

void session_file_close(struct session_file *file)
{
    if (file->lock >= 0)
        close(file->lock);
    free(file->path);
}

static enum status check_kind(const char *path, int descriptor, size_t *size)
{
    struct stat about;

    if (fstat(descriptor, &about))
        return fail(STATUS_SYSTEM, "%s: %s", path, strerror(errno));
    if (!S_ISREG(about.st_mode) || about.st_size > LARGEST)
        return fail(STATUS_SYSTEM, "%s is no session", path);
    if (about.st_mode & 077)
        return fail(STATUS_SYSTEM, "%s can be read by others: chmod 600 it, or sign in again", path);
    *size = (size_t)about.st_size;
    return STATUS_DONE;
}

static enum status read_all(const char *path, int descriptor, char **text)
{
    size_t size = 0, length = 0;
    enum status status = check_kind(path, descriptor, &size);
    char *all = status == STATUS_DONE ? calloc(1, size + 1) : NULL;
    ssize_t count = 1;

    while (all && length < size && count > 0) {
        count = read(descriptor, all + length, size - length);
        length += count > 0 ? (size_t)count : 0;
    }
    if (all && length == size) {
        *text = all;
        return STATUS_DONE;
    }
    wipe_and_free(all, size + 1);
    return status == STATUS_DONE ? fail(STATUS_SYSTEM, "%s cannot be read", path) : status;
}

enum status session_file_read(const struct session_file *file, char **text)
{
    int descriptor = open(file->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    enum status status;

    if (descriptor < 0 && errno == ENOENT)
        return fail(STATUS_SIGN_IN_FIRST, "nobody is signed in: there is no %s", file->path);
    if (descriptor < 0)
        return fail(STATUS_SYSTEM, "%s: %s", file->path, strerror(errno));
    status = read_all(file->path, descriptor, text);
    close(descriptor);
    return status;
}

static bool written(int descriptor, const char *text)
{
    size_t length = strlen(text);

    while (length > 0) {
        ssize_t count = write(descriptor, text, length);

        if (count < 0)
            return false;
        text += count;
        length -= (size_t)count;
    }
    return !fsync(descriptor);
}

/* Beside it first, so that a crash leaves the old one or the new one. The lock keeps the name ours. */
static bool replace(const char *path, const char *beside, const char *text)
{
    int descriptor;
    bool good;

    (void)unlink(beside); /* of a process that was killed */
    descriptor = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0)
        return false;
    good = written(descriptor, text);
    if (close(descriptor) || !good || rename(beside, path)) {
        int why = errno;

        (void)unlink(beside);
        errno = why;
        return false;
    }
    return true;
}

enum status session_file_write(const struct session_file *file, const char *text)
{
    char *beside = joined(file->path, ".new");
    enum status status = STATUS_DONE;

    if (!beside)
        return fail(STATUS_SYSTEM, "no memory");
    if (!replace(file->path, beside, text))
        status = fail(STATUS_SYSTEM, "%s cannot be written: %s", file->path, strerror(errno));
    free(beside);
    return status;
}

enum status session_file_remove(const struct session_file *file)
{
    if (unlink(file->path) && errno != ENOENT)
        return fail(STATUS_SYSTEM, "%s cannot be removed: %s", file->path, strerror(errno));
    return STATUS_DONE;
}
