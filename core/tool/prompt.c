/* SPDX-License-Identifier: Apache-2.0 */
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { LONGEST_ANSWER = 512 };

static const int SIGNALS[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
enum { SIGNAL_COUNT = sizeof SIGNALS / sizeof *SIGNALS };

static volatile sig_atomic_t caught;

static void catch_it(int number)
{
    caught = number;
}

void wipe_and_free(char *text, size_t size)
{
    volatile char *byte = text;

    while (text && size--)
        *byte++ = '\0';
    free(text);
}

static void write_all(int terminal, const char *text)
{
    size_t length = strlen(text);

    while (length > 0) {
        ssize_t written = write(terminal, text, length);

        if (written < 0)
            return; /* the answer will fail too */
        text += written;
        length -= (size_t)written;
    }
}

/* A line without its end; false: there is none, or it is too long, or a signal came. */
static bool read_line(int terminal, char *line)
{
    size_t length = 0;

    while (!caught && length < LONGEST_ANSWER) {
        ssize_t count = read(terminal, line + length, 1);

        if (count == 0 || (count < 0 && errno != EINTR))
            return false;
        if (count == 1 && line[length++] == '\n') {
            line[length - 1] = '\0';
            return true;
        }
    }
    return false;
}

/* With the terminal as it was, the signal does what it would have done. */
static char *answer_from(int terminal, const char *question, bool shown)
{
    struct sigaction ours = {.sa_handler = catch_it}, before[SIGNAL_COUNT];
    char *line = calloc(1, LONGEST_ANSWER + 1);
    struct termios usual, silent;
    bool answered = false;

    caught = 0;
    for (int i = 0; i < SIGNAL_COUNT; i++)
        sigaction(SIGNALS[i], &ours, &before[i]);
    if (line && !tcgetattr(terminal, &usual)) {
        silent = usual;
        if (!shown)
            silent.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(terminal, TCSAFLUSH, &silent);
        write_all(terminal, question);
        answered = read_line(terminal, line);
        tcsetattr(terminal, TCSANOW, &usual);
        if (!shown || !answered)
            write_all(terminal, "\n");
    }
    for (int i = 0; i < SIGNAL_COUNT; i++)
        sigaction(SIGNALS[i], &before[i], NULL);
    if (answered)
        return line;
    wipe_and_free(line, LONGEST_ANSWER + 1);
    if (caught)
        raise(caught);
    return NULL;
}

char *ask(const char *question, bool shown)
{
    int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    char *answer;

    if (terminal < 0) {
        fail(STATUS_SYSTEM, "there is no terminal to ask on: %s", strerror(errno));
        return NULL;
    }
    answer = answer_from(terminal, question, shown);
    close(terminal);
    if (!answer)
        fail(STATUS_SYSTEM, "no answer came");
    return answer;
}

bool agreed(const char *question)
{
    char *answer = ask(question, true);
    bool yes = answer && (*answer == 'y' || *answer == 'Y');

    wipe_and_free(answer, answer ? strlen(answer) : 0);
    return yes;
}

void wait_or_return(const char *notice, int64_t milliseconds)
{
    int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct pollfd typed = {.fd = terminal, .events = POLLIN};
    char line[LONGEST_ANSWER];

    write_all(terminal, notice);
    if (poll(&typed, 1, milliseconds > INT_MAX ? INT_MAX : (int)milliseconds) == 1)
        (void)!read(terminal, line, sizeof line);
    if (terminal >= 0)
        close(terminal);
}
