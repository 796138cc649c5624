/* A program outside the tree: it must compile, link and run with nothing but the installed package. */
#include <capauth/capauth.h>

#include <stdio.h>

int main(void)
{
    capauth_client *client = NULL;
    int rc = capauth_client_new(&client);

    capauth_client_free(&client);
    printf("%s %s\n", capauth_version(), capauth_strerror(rc));
    return rc;
}
