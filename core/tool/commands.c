/* SPDX-License-Identifier: Apache-2.0 */
#include "calls.h"
#include "kept.h"

#include <stdio.h>
#include <string.h>

/* ---- What is done with a session ---- */

/* What went wrong first. */
static enum status first_of(enum status first, enum status second)
{
    return first != STATUS_DONE ? first : second;
}

static enum status print_token(struct kept *kept, const struct arguments *arguments)
{
    const char *valid_for = arguments->values[OPTION_VALID_FOR];
    int code;
    capauth_call *call = start_ensure(kept->session, valid_for ? options_milliseconds(valid_for) : -1, &code);
    enum status status = status_of(finished(call, code));

    status = first_of(status, kept_save(kept));
    if (status == STATUS_DONE && puts(capauth_session_token(kept->session)) == EOF)
        status = fail(STATUS_SYSTEM, "the token could not be written");
    return status;
}

static enum status print_reply(const capauth_call *call)
{
    size_t length = 0;
    const char *body = capauth_call_body(call, &length);

    if (fwrite(body, 1, length, stdout) != length || fflush(stdout))
        return fail(STATUS_SYSTEM, "the reply could not be written");
    if (capauth_call_ok(call))
        return STATUS_DONE;
    return fail(STATUS_REFUSED, "the gateway refused: HTTP status %d, %s", capauth_call_http_status(call),
                capauth_error_name(capauth_call_refusal(call)));
}

static enum status send_request(struct kept *kept, const struct arguments *arguments)
{
    char **rest = arguments->rest;
    capauth_call *call = NULL;
    int code = capauth_gateway_call(kept->session, rest[0], rest[1], rest[2], NULL, &call);
    enum status status;

    if (call)
        capauth_call_wait(call, -1);
    if (call && !capauth_call_result(call)) {
        status = print_reply(call);
        capauth_call_free(&call);
    } else {
        status = status_of(finished(call, code));
    }
    return first_of(status, kept_save(kept));
}

static enum status sign_out(struct kept *kept, const struct arguments *arguments)
{
    capauth_call *call = NULL;
    int code = capauth_session_sign_out(kept->session, NULL, &call);
    enum status status = status_of(finished(call, code));

    (void)arguments;
    return first_of(status, session_file_remove(&kept->file));
}

/* ---- Commands ---- */

static enum status with_session(enum status (*work)(struct kept *kept, const struct arguments *arguments),
                                const struct arguments *arguments)
{
    struct kept kept;
    enum status status = kept_open(&kept, arguments);

    if (status == STATUS_DONE)
        status = work(&kept, arguments);
    kept_end(&kept);
    return status;
}

enum status command_token(const struct arguments *arguments)
{
    return with_session(print_token, arguments);
}

enum status command_call(const struct arguments *arguments)
{
    return with_session(send_request, arguments);
}

enum status command_sign_out(const struct arguments *arguments)
{
    return with_session(sign_out, arguments);
}

enum status command_diagnose(const struct arguments *arguments)
{
    capauth_client *client = NULL;
    char *lines = NULL, *text = NULL;
    enum status status = settings_of(arguments, &lines);
    int code = capauth_client_new(&client);

    if (status == STATUS_DONE && !code)
        status = settings_apply(lines, client);
    if (status == STATUS_DONE && !code)
        code = capauth_diagnose(client, &text);
    if (code)
        status = fail(status_of(code), "%s", capauth_strerror(code));
    if (text)
        printf("%s\n", text);
    capauth_string_free(&text);
    capauth_client_free(&client);
    wipe_and_free(lines, lines ? strlen(lines) : 0);
    return status;
}
