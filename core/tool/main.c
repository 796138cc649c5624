/* SPDX-License-Identifier: Apache-2.0 */
#include "tool.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct command {
    const char *name;
    enum status (*run)(const struct arguments *arguments);
    int least, most; /* arguments beside the options */
    const char *synopsis;
    const char *help;
};

static const struct command COMMANDS[] = {
    {"sign-in", command_sign_in, 0, 0, "(--cluster NAME | --base-url URL) --brand NAME (--mobile N | --email A)",
     "Signs a customer in and keeps the session. OTP or password are asked for on the\n"
     "terminal, as the brand has it; a wrong one is asked for again.\n"},
    {"token", command_token, 0, 0, "",
     "Prints a valid token, regenerated when needed. It is a secret: anybody who has it\n"
     "acts as the customer.\n"},
    {"call", command_call, 2, 3, "METHOD ENDPOINT [BODY]",
     "Calls one of the brand's endpoints, such as GET customer/get, and prints the body\n"
     "of the reply. The status is 1 when the reply is a refusal.\n"},
    {"sign-out", command_sign_out, 0, 0, "", "Signs out and removes the session.\n"},
    {"check", command_check, 0, 0, "(--cluster NAME | --base-url URL) --brand NAME (--mobile N | --email A)",
     "Signs in, regenerates the token and calls the gateway, and tells each place where the\n"
     "service differs from what is known of the protocol. The report holds no secret and\n"
     "nothing of the customer. Wrong answers are tried only if you agree. Keeps no session.\n"},
    {"diagnose", command_diagnose, 0, 0, "", "Prints what a support request needs. Holds no secret.\n"},
};

static const char OPTIONS[] = "Options:\n"
                              "  --cluster NAME      APAC, APAC2 or EU\n"
                              "  --base-url URL      in place of a cluster: a host of the brand's, or an emulator\n"
                              "  --gateway-url URL   where the brand's endpoints are, if elsewhere\n"
                              "  --ca-file FILE      certificate authorities, in place of the system's\n"
                              "  --brand NAME        the brand\n"
                              "  --mobile NUMBER     who the customer is, with country code\n"
                              "  --email ADDRESS     the same by email\n"
                              "  --device ID         of this device; one is made up otherwise\n"
                              "  --session FILE      where the session is kept; by default\n"
                              "                      $XDG_STATE_HOME/capauth/session, or ~/.local/state/...\n"
                              "  --help, --version\n"
                              "sign-in keeps the first four with the session, for the other commands.\n"
                              "\n"
                              "Exit status: 0 done; 1 refused; 2 wrong use; 3 nobody is signed in (any more);\n"
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
    for (size_t i = 0; i < sizeof COMMANDS / sizeof *COMMANDS; i++)
        printf("  capauth %s %s\n", COMMANDS[i].name, COMMANDS[i].synopsis);
    printf("\n%s", OPTIONS);
    return STATUS_DONE;
}

static enum status help_on(const struct command *command)
{
    printf("usage: capauth %s %s\n\n%s\n%s", command->name, command->synopsis, command->help, OPTIONS);
    return STATUS_DONE;
}

static const struct command *command_named(const char *name)
{
    for (size_t i = 0; i < sizeof COMMANDS / sizeof *COMMANDS; i++)
        if (!strcmp(COMMANDS[i].name, name))
            return &COMMANDS[i];
    return NULL;
}

/* STATUS_DONE and *asked: help was wanted. */
static enum status read_arguments(int count, char **words, struct arguments *arguments, bool *asked)
{
    const char **const values[] = {&arguments->cluster, &arguments->base_url, &arguments->gateway_url,
                                   &arguments->ca_file, &arguments->brand,    &arguments->mobile,
                                   &arguments->email,   &arguments->device,   &arguments->session_file};
    static const struct option names[] = {
        {"cluster", required_argument, NULL, 0},
        {"base-url", required_argument, NULL, 1},
        {"gateway-url", required_argument, NULL, 2},
        {"ca-file", required_argument, NULL, 3},
        {"brand", required_argument, NULL, 4},
        {"mobile", required_argument, NULL, 5},
        {"email", required_argument, NULL, 6},
        {"device", required_argument, NULL, 7},
        {"session", required_argument, NULL, 8},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(count, words, "h", names, NULL)) != -1) {
        if (option == '?')
            return STATUS_USAGE; /* getopt_long has said what is wrong */
        if (option == 'h')
            *asked = true;
        else
            *values[option] = optarg;
    }
    arguments->rest = words + optind;
    return STATUS_DONE;
}

static enum status run(const struct command *command, int count, char **words)
{
    struct arguments arguments = {0};
    bool asked = false;
    enum status status = read_arguments(count, words, &arguments, &asked);
    int given = count - optind;

    if (status != STATUS_DONE)
        return status;
    if (asked)
        return help_on(command);
    if (given < command->least || given > command->most)
        return fail(STATUS_USAGE, "usage: capauth %s %s", command->name, command->synopsis);
    return command->run(&arguments);
}

int main(int count, char **words)
{
    const struct command *command = count > 1 ? command_named(words[1]) : NULL;

    if (command) {
        words[1] = words[0]; /* what getopt_long says begins with it */
        return run(command, count - 1, words + 1);
    }
    if (count > 1 && !strcmp(words[1], "--version")) {
        printf("capauth %s\n", capauth_version());
        return STATUS_DONE;
    }
    if (count > 1 && (!strcmp(words[1], "--help") || !strcmp(words[1], "-h")))
        return help();
    return fail(STATUS_USAGE, count > 1 ? "no command is named %s: see capauth --help" : "see capauth --help%s",
                count > 1 ? words[1] : "");
}
