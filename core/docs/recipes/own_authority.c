#include <capauth/capauth.h>
#include <stdio.h>

#define SERVER "https://127.0.0.1:8443" /* one with an authority of its own, ca.pem */
#define OTHER_KEY "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static void attempt(const char *what, const char *ca_file, const char *pinned_keys)
{
    capauth_client *client = NULL;
    int rc = capauth_client_new(&client);

    if (!rc)
        rc = capauth_client_set_base_url(client, SERVER);
    if (!rc && ca_file)
        rc = capauth_client_set_ca_file(client, ca_file);
    if (!rc && pinned_keys)
        rc = capauth_client_set_pinned_keys(client, pinned_keys);
    if (!rc)
        rc = capauth_client_prepare(client); /* connects, and sends nothing */
    /* The message says why, and which store was used. CAPAUTH_E_TLS is not to be repeated. */
    printf("%s: %s\n", what, rc ? capauth_client_error_message(client) : "connected");
    capauth_client_free(&client);
}

int main(void)
{
    attempt("the system's authorities", NULL, NULL);
    attempt("its own authority", "ca.pem", NULL);
    attempt("and a pin of another key", "ca.pem", OTHER_KEY);
    return 0;
}
