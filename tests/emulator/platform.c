#include "platform.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/auxv.h>
#endif

const char *platform_error(void)
{
    return strerror(errno); /* NOLINT(concurrency-mt-unsafe): there is one thread */
}

const char *platform_environment(const char *name)
{
#ifdef __linux__
    return secure_getenv(name);
#else
    return issetugid() ? NULL : getenv(name);
#endif
}

uint64_t platform_random(void)
{
    static uint64_t random;
#ifdef __linux__ /* 16 random bytes that the kernel gives every process */
    const void *given = random ? NULL : (const void *)getauxval(AT_RANDOM);
    if (given)
        memcpy(&random, given, sizeof random);
#else
    if (!random)
        arc4random_buf(&random, sizeof random);
#endif
    return random;
}

/* The system calls that set both at once are Linux's own; with one thread nobody can come between. */
static int set_up(int fd)
{
    if (fd >= 0) {
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
        (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    }
    return fd;
}

int platform_socket(int family, int type)
{
    return set_up(socket(family, type, 0));
}

int platform_accept(int listener, struct sockaddr_storage *address, socklen_t *size)
{
#ifdef __linux__
    return accept4(listener, (struct sockaddr *)address, size, SOCK_NONBLOCK | SOCK_CLOEXEC);
#else
    return set_up(accept(listener, (struct sockaddr *)address, size));
#endif
}

/* A handler may do next to nothing: it writes the signal's number into a pipe. */
static int handlers_end;

static void on_signal(int number)
{
    int problem = errno;
    unsigned char byte = (unsigned char)number;
    ssize_t written = write(handlers_end, &byte, 1);
    (void)written; /* fails only when the pipe is full of signals */
    errno = problem;
}

int platform_signals_open(void)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    int ends[2];
    if (pipe(ends))
        return -1;
    handlers_end = set_up(ends[1]);
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        sigaction(numbers[i], &action, NULL);
    return set_up(ends[0]);
}

int platform_signals_take(int signals)
{
    unsigned char byte;
    return read(signals, &byte, 1) == 1 ? byte : 0;
}
