/* SPDX-License-Identifier: Apache-2.0 */
/* Half a sign-in, in C: `begin` asks for an OTP, prints the export and waits; `finish` goes on from its text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <capauth/capauth.h>

static void must(int rc, const char *message)
{
    if (rc) {
        fprintf(stderr, "%s: %s\n", capauth_error_name(rc), message);
        exit(1);
    }
}

static const char *setting(const char *name)
{
    const char *value = getenv(name);

    must(value ? CAPAUTH_OK : CAPAUTH_E_INVALID_ARGUMENT, name);
    return value;
}

static void begin(capauth_client *client)
{
    capauth_session *customer = NULL;
    char *text = NULL;

    must(capauth_session_new(client, CAPAUTH_FLOW_MOBILE, "DocDemo", &customer), capauth_client_error_message(client));
    must(capauth_session_set_identifier(customer, CAPAUTH_IDENTIFIER_MOBILE, setting("HANDOVER_MOBILE")), "identifier");
    must(capauth_session_set_device_id(customer, "device-1"), "device");
    must(capauth_token_generate(customer, NULL, NULL), capauth_session_error_message(customer));
    must(capauth_otp_generate(customer, NULL, NULL), capauth_session_error_message(customer));
    must(capauth_session_export(customer, &text), "export");
    puts(text);
    fflush(stdout);
    for (;;)
        pause();
}

static void finish(capauth_client *client)
{
    static char text[65536];
    capauth_session *customer = NULL;

    if (!fgets(text, sizeof text, stdin))
        must(CAPAUTH_E_INVALID_ARGUMENT, "nothing to restore");
    must(capauth_session_restore(client, text, &customer), capauth_client_error_message(client));
    must(capauth_otp_validate(customer, setting("HANDOVER_OTP"), NULL, NULL), capauth_session_error_message(customer));
    printf("%s %s\n", capauth_session_role(customer), capauth_session_signed_in(customer) ? "true" : "false");
    capauth_session_free(&customer);
}

int main(int argc, char **argv)
{
    capauth_client *client = NULL;

    must(capauth_client_new(&client), "client");
    must(capauth_client_set_base_url(client, setting("CAPAUTH_URL")), capauth_client_error_message(client));
    must(capauth_client_set_ca_file(client, setting("CAPAUTH_CA_FILE")), capauth_client_error_message(client));
    if (argc == 2 && !strcmp(argv[1], "begin"))
        begin(client);
    else if (argc == 2 && !strcmp(argv[1], "finish"))
        finish(client);
    else
        must(CAPAUTH_E_INVALID_ARGUMENT, "begin or finish?");
    capauth_client_free(&client);
    return 0;
}
