/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     fuzz_TARGET RUNS FILE...
 *
 * tries every file as it is, and then RUNS inputs that are made of them: the same ones each time. What this cannot
 * find, since it does not see which way an input takes, libFuzzer may, and AFL++. An input that breaks something is
 * kept in fuzz-found.TARGET.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LONGEST = 4096 };

struct input {
    uint8_t bytes[LONGEST];
    size_t size;
};

/* xorshift32: any generator would do that is the same everywhere. */
static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static size_t below(uint32_t *state, size_t limit)
{
    return limit ? next_random(state) % limit : 0;
}

static void read_input(const char *path, struct input *input)
{
    FILE *file = fopen(path, "rb");

    if (!file) {
        perror(path);
        exit(2);
    }
    input->size = fread(input->bytes, 1, LONGEST, file);
    fclose(file);
}

/* What parsers stumble over. */
static const char *const words[] = {"\"",
                                    "\\",
                                    "\\u0000",
                                    "\\ud800",
                                    "{",
                                    "}",
                                    "[",
                                    "]",
                                    ",",
                                    ":",
                                    "null",
                                    "true",
                                    "-1",
                                    "1e400",
                                    "9223372036854775808",
                                    "\xc3",
                                    "\xed\xa0\x80",
                                    "\xef\xbb\xbf",
                                    ".",
                                    "=",
                                    "//",
                                    "@",
                                    "%00",
                                    "\r\n",
                                    "[::1]",
                                    " "};

static void insert(struct input *input, size_t at, const void *bytes, size_t length)
{
    if (input->size + length > LONGEST)
        return;
    memmove(input->bytes + at + length, input->bytes + at, input->size - at);
    memcpy(input->bytes + at, bytes, length);
    input->size += length;
}

static void take_out(struct input *input, size_t at, size_t length)
{
    if (length > input->size - at)
        length = input->size - at;
    memmove(input->bytes + at, input->bytes + at + length, input->size - at - length);
    input->size -= length;
}

static void change(struct input *input, const struct input *other, uint32_t *state)
{
    size_t at = below(state, input->size + 1), from = below(state, other->size + 1);
    const char *word = words[below(state, sizeof words / sizeof words[0])];

    switch (below(state, 5)) {
    case 0:
        if (at < input->size)
            input->bytes[at] ^= (uint8_t)(1U << below(state, 8));
        break;
    case 1:
        if (at < input->size)
            input->bytes[at] = (uint8_t)next_random(state);
        break;
    case 2:
        insert(input, at, word, strlen(word));
        break;
    case 3:
        take_out(input, at, 1 + below(state, 16));
        break;
    default:
        insert(input, at, other->bytes + from, below(state, other->size - from + 1));
    }
}

/* ---- What is found ---- */

static struct input tried; /* what is being tried */
static char found_path[256];

/* Only what may be done while a program ends. */
static void keep_found(void)
{
    int fd = open(found_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    if (fd < 0 || write(fd, tried.bytes, tried.size) < 0 || write(STDERR_FILENO, found_path, strlen(found_path)) < 0)
        _exit(3);
    close(fd);
}

static void on_signal(int number)
{
    keep_found();
    signal(number, SIG_DFL);
    raise(number);
}

/* The sanitizers end a program without a signal. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void watch(const char *program)
{
    static const int signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTERM};
    const char *name = strrchr(program, '_');

    snprintf(found_path, sizeof found_path, "fuzz-found.%s", name ? name + 1 : program);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        signal(signals[i], on_signal);
    if (__sanitizer_set_death_callback)
        __sanitizer_set_death_callback(keep_found);
}

static void try(const struct input *input)
{
    tried = *input;
    LLVMFuzzerTestOneInput(tried.bytes, tried.size);
}

/* For tests/fuzz/figure, which sums them up. */
static void write_figure(const char *program, long inputs)
{
    const char *folder = getenv("CAPAUTH_FIGURES"), *name = strrchr(program, '/');
    char path[4096];
    FILE *file;

    if (!folder)
        return;
    (void)mkdir(folder, 0755);
    snprintf(path, sizeof path, "%s/fuzz.targets", folder);
    (void)mkdir(path, 0755);
    snprintf(path, sizeof path, "%s/fuzz.targets/%s", folder, name ? name + 1 : program);
    if ((file = fopen(path, "w"))) {
        fprintf(file, "%ld\n", inputs);
        fclose(file);
    }
}

int main(int count, char **arguments)
{
    long runs = count > 1 ? strtol(arguments[1], NULL, 10) : 0;
    size_t files = count > 2 ? (size_t)count - 2 : 0;
    struct input *seeds = calloc(files + 1, sizeof *seeds); /* the last is the one that is tried */
    struct input *input = seeds + files;
    uint32_t state = 1;

    if (!files || !seeds) {
        fprintf(stderr, "%s RUNS FILE...\n", arguments[0]);
        free(seeds);
        return 2;
    }
    watch(arguments[0]);
    for (size_t i = 0; i < files; i++) {
        read_input(arguments[i + 2], &seeds[i]);
        try(&seeds[i]);
    }
    for (long run = 0; run < runs; run++) {
        *input = seeds[below(&state, files)];
        for (size_t changes = 1 + below(&state, 6); changes; changes--)
            change(input, &seeds[below(&state, files)], &state);
        try(input);
    }
    write_figure(arguments[0], runs + (long)files);
    printf("%ld inputs of %zu files\n", runs, files);
    free(seeds);
    return 0;
}
