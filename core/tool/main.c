/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct command {
    const char *name;
    enum status (*run)(const struct arguments *arguments);
    int options; /* the bit of those that it takes */
    int least, most; /* arguments beside the options */
    const char *synopsis;
    const char *help;
};

#define CUSTOMER                                                                                                       \
    "(--cluster NAME | --base-url URL) --brand NAME\n"                                                                 \
    "          (--mobile NUMBER | --email ADDRESS | --username NAME | --external-id ID) [options]"

static const struct command COMMANDS[] = {
    {"sign-in", command_sign_in, FOR_SIGN_IN, 0, 0, CUSTOMER,
     "Signs a customer in and keeps the session, with the options that lead to the service.\n"
     "OTP or password are asked for on the terminal, as the brand has it, and again for a\n"
     "second factor; a wrong one may be typed again, twice.\n"},
    {"token", command_token, FOR_TOKEN, 0, 0, "[--valid-for SECONDS] [--session FILE]",
     "Prints a valid token, regenerated when needed. It is a secret: anybody who has it\n"
     "acts as the customer.\n"},
    {"call", command_call, FOR_CALL, 2, 3, "METHOD ENDPOINT [BODY] [--session FILE]",
     "Calls one of the brand's endpoints, such as GET customer/get, and prints the body\n"
     "of the reply. The status is 1 when the reply is a refusal.\n"},
    {"sign-out", command_sign_out, FOR_SIGN_OUT, 0, 0, "[--session FILE]", "Signs out and removes the session.\n"},
    {"check", command_check, FOR_CHECK, 0, 0, CUSTOMER,
     "Signs in, regenerates the token and calls the gateway, and tells each place where the\n"
     "service differs from what is known of the protocol. The report holds no secret and\n"
     "nothing of the customer. A wrong answer, a password, a second factor and the expiry\n"
     "of the token are each tried only if you agree. Keeps no session.\n"},
    {"diagnose", command_diagnose, FOR_DIAGNOSE, 0, 0, "[options]",
     "Prints what a support request needs. Holds no secret.\n"},
};
enum { COMMAND_COUNT = sizeof COMMANDS / sizeof *COMMANDS };

static const char STATUSES[] = "Exit status: 0 done; 1 refused; 2 wrong use; 3 nobody is signed in (any more);\n"
                               "4 network or service trouble, try later; 5 file, terminal or system; 6 it may have\n"
                               "been done, but no valid reply came.\n";

enum status fail(enum status status, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    fputs("capauth: ", stderr);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): started above; clang 14 loses sight of it */
    vfprintf(stderr, format, values);
    fputc('\n', stderr);
    va_end(values);
    return status;
}

enum status status_of(int code)
{
    switch (code) {
    case CAPAUTH_OK:
        return STATUS_DONE;
    case CAPAUTH_E_INVALID_ARGUMENT:
    case CAPAUTH_E_UNSUPPORTED:
        return STATUS_USAGE;
    case CAPAUTH_E_SIGN_IN_REQUIRED:
        return STATUS_SIGN_IN_FIRST;
    case CAPAUTH_E_RESOLVE:
    case CAPAUTH_E_CONNECT:
    case CAPAUTH_E_NETWORK:
    case CAPAUTH_E_TLS:
    case CAPAUTH_E_DEADLINE:
    case CAPAUTH_E_SERVICE:
    case CAPAUTH_E_PROTOCOL:
    case CAPAUTH_E_RATE_LIMITED:
        return STATUS_TRY_LATER;
    case CAPAUTH_E_UNKNOWN_OUTCOME:
        return STATUS_UNKNOWN;
    case CAPAUTH_E_NO_MEMORY:
    case CAPAUTH_E_SYSTEM:
    case CAPAUTH_E_INTERNAL:
        return STATUS_SYSTEM;
    default:
        return STATUS_REFUSED;
    }
}

static enum status help(void)
{
    puts("capauth keeps a customer of Capillary's Auth Engine signed in, for people and scripts.\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        printf("  capauth %s %s\n", COMMANDS[i].name, COMMANDS[i].synopsis);
    printf("\ncapauth COMMAND --help explains a command and its options; --version tells the version.\n%s", STATUSES);
    return STATUS_DONE;
}

static enum status help_on(const struct command *command)
{
    printf("usage: capauth %s %s\n\n%s\nOptions:\n", command->name, command->synopsis, command->help);
    options_print(command->options);
    printf("\n%s", STATUSES);
    return STATUS_DONE;
}

static const struct command *command_named(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (!strcmp(COMMANDS[i].name, name))
            return &COMMANDS[i];
    return NULL;
}

static enum status no_command(const char *name)
{
    if (!name)
        return fail(STATUS_USAGE, "which command? See capauth --help");
    fprintf(stderr, "capauth: no command is named %s; they are", name);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(stderr, "%s %s", i ? "," : "", COMMANDS[i].name);
    fputc('\n', stderr);
    return STATUS_USAGE;
}

/* What is too much is not repeated: it may be a password that somebody wanted to give. */
static enum status wrong_number(const struct command *command, const struct arguments *arguments)
{
    if (arguments->values[OPTION_PASSWORD])
        return fail(STATUS_USAGE, "a password is never given on the command line: --password asks for it");
    return fail(STATUS_USAGE, "usage: capauth %s %s", command->name, command->synopsis);
}

static enum status run(const struct command *command, int count, char **words)
{
    struct arguments arguments = {0};
    enum status status = options_read(count, words, command->options, &arguments);
    int given = 0;

    if (status != STATUS_DONE)
        return status;
    if (arguments.values[OPTION_HELP])
        return help_on(command);
    while (arguments.rest[given])
        given++;
    if (given < command->least || given > command->most)
        return wrong_number(command, &arguments);
    return command->run(&arguments);
}

int main(int count, char **words)
{
    const char *name = count > 1 ? words[1] : NULL;
    const struct command *command = name ? command_named(name) : NULL;

    if (command) {
        words[1] = words[0]; /* what getopt_long says begins with it */
        return run(command, count - 1, words + 1);
    }
    if (name && !strcmp(name, "--version")) {
        printf("capauth %s\n", capauth_version());
        return STATUS_DONE;
    }
    if (name && (!strcmp(name, "--help") || !strcmp(name, "-h") || !strcmp(name, "help")))
        return help();
    return no_command(name);
}
