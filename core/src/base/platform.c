/* SPDX-License-Identifier: Apache-2.0 */
#include "base/platform.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <capauth/capauth.h>

#ifdef __linux__
#include <sys/auxv.h>
#include <sys/syscall.h>
#endif

/* Of the clocks that never go back, this one runs on while the device sleeps; macOS has it by the other name. */
#ifndef CLOCK_BOOTTIME
#define CLOCK_BOOTTIME CLOCK_MONOTONIC
#endif

/* A time_t of 32 bits, as armeabi-v7a has it, turns negative in 2038. No clock is before 1970: read without a sign, it
 * goes on until 2106. */
static int64_t seconds_of(const struct timespec *now)
{
    return now->tv_sec < 0 ? now->tv_sec + (INT64_C(1) << 32) : now->tv_sec;
}

static int64_t clock_us(clockid_t clock)
{
    struct timespec now;

    if (clock_gettime(clock, &now))
        return 0;
    return seconds_of(&now) * 1000000 + now.tv_nsec / 1000;
}

int64_t capauth__monotonic_us(void)
{
    return clock_us(CLOCK_MONOTONIC);
}

int64_t capauth__monotonic_ms(void)
{
    return clock_us(CLOCK_MONOTONIC) / 1000;
}

int64_t capauth__boottime_ms(void)
{
    return clock_us(CLOCK_BOOTTIME) / 1000;
}

int64_t capauth__realtime_ms(void)
{
    return clock_us(CLOCK_REALTIME) / 1000;
}

#ifdef __APPLE__ /* a condition knows no clock but the wall's, but a time from now */
void capauth__condition_init(pthread_cond_t *condition)
{
    pthread_cond_init(condition, NULL);
}

static int wait_until(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t due_us)
{
    int64_t left_us = due_us - capauth__monotonic_us();
    struct timespec left = {.tv_sec = (time_t)(left_us / 1000000), .tv_nsec = (long)(left_us % 1000000) * 1000};

    return left_us <= 0 ? ETIMEDOUT : pthread_cond_timedwait_relative_np(condition, mutex, &left);
}
#else
void capauth__condition_init(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

static int wait_until(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t due_us)
{
    struct timespec until = {.tv_sec = (time_t)(due_us / 1000000), .tv_nsec = (long)(due_us % 1000000) * 1000};

    return pthread_cond_timedwait(condition, mutex, &until);
}
#endif

int capauth__condition_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t due_us)
{
    return due_us == INT64_MAX ? pthread_cond_wait(condition, mutex) : wait_until(condition, mutex, due_us);
}

int capauth__socket(int family, int type, int protocol)
{
#ifdef SOCK_CLOEXEC
    return socket(family, type | SOCK_CLOEXEC, protocol);
#else
    int fd = socket(family, type, protocol);

    if (fd >= 0)
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    return fd;
#endif
}

uint64_t capauth__descriptor_identity(int fd)
{
    struct stat about;

    return fstat(fd, &about) ? 0 : (uint64_t)about.st_ino;
}

#ifdef SYS_memfd_create
/* Not without /proc, nor for an application on Android, whose policy keeps it from opening a memory file by name. */
static bool can_be_opened(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}
#endif

int capauth__descriptor_shortage(void)
{
    int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    int reason = fd < 0 && (errno == EMFILE || errno == ENFILE) ? errno : 0;

    if (fd >= 0)
        close(fd);
    return reason;
}

void capauth__system_error(int number, char *text, size_t size)
{
    if (strerror_r(number, text, size))
        snprintf(text, size, "error %d", number);
}

int capauth__system_code(int number)
{
    return number == ENOMEM ? CAPAUTH_E_NO_MEMORY : CAPAUTH_E_SYSTEM;
}

int capauth__memory_file(const char *text, size_t length, char *path, size_t size)
{
#ifdef SYS_memfd_create
    /* By number: Android's C library has the function only from API 30. 1 is MFD_CLOEXEC. */
    int fd = (int)syscall(SYS_memfd_create, "capauth", 1U);

    if (fd < 0)
        return -1;
    for (size_t done = 0; done < length;) {
        ssize_t written = write(fd, text + done, length - done);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            close(fd);
            return -1;
        }
        done += (size_t)written;
    }
    snprintf(path, size, "/proc/self/fd/%d", fd);
    if (can_be_opened(path))
        return fd;
    close(fd);
    return -1;
#else
    (void)text, (void)length, (void)path, (void)size;
    return -1;
#endif
}

#ifdef MADV_WIPEONFORK
enum { MARK_SIZE = 1 }; /* of a page, which is the least there is */

const volatile unsigned char *capauth__fork_mark_new(void)
{
    unsigned char *mark = mmap(NULL, MARK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (mark == MAP_FAILED)
        return NULL;
    if (madvise(mark, MARK_SIZE, MADV_WIPEONFORK)) { /* before Linux 4.14 */
        munmap(mark, MARK_SIZE);
        return NULL;
    }
    *mark = 1;
    return mark;
}

void capauth__fork_mark_free(const volatile unsigned char *mark)
{
    if (mark)
        munmap((void *)(uintptr_t)mark, MARK_SIZE);
}
#else
const volatile unsigned char *capauth__fork_mark_new(void)
{
    return NULL;
}

void capauth__fork_mark_free(const volatile unsigned char *mark)
{
    (void)mark;
}
#endif

static bool has_more_rights_than_its_caller(void)
{
#ifdef __linux__
    return getauxval(AT_SECURE) != 0;
#else
    return issetugid() != 0;
#endif
}

const char *capauth__environment(const char *name)
{
    const char *value = has_more_rights_than_its_caller() ? NULL : getenv(name); /* NOLINT(concurrency-mt-unsafe) */

    return value && *value ? value : NULL;
}

bool capauth__environment_is_hostile(const char *name)
{
    return has_more_rights_than_its_caller() && getenv(name); /* NOLINT(concurrency-mt-unsafe) */
}

const char *capauth__system_ca_file(void)
{
    static const char *const files[] = {
        "/etc/ssl/certs/ca-certificates.crt", /* Debian, Ubuntu, Arch, Gentoo */
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* Fedora, RHEL */
        "/etc/pki/tls/certs/ca-bundle.crt", /* older RHEL */
        "/etc/ssl/ca-bundle.pem", /* openSUSE */
        "/etc/ssl/cert.pem", /* Alpine, macOS, the BSDs */
        "/usr/local/share/certs/ca-root-nss.crt", /* FreeBSD */
    };

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (access(files[i], R_OK) == 0)
            return files[i];
    }
    return NULL;
}
