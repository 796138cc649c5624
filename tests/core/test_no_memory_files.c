/* SPDX-License-Identifier: Apache-2.0 */
/* CA certificates as text where a memory file cannot be opened by its name. Runs with preload_no_memory_files. */
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

static int open_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int count = 0;

    assert_non_null(folder);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

static capauth_client *client_that_trusts(const char *pem)
{
    capauth_client *client = NULL;

    assert_code(capauth_client_new(&client), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(client, shared->url), CAPAUTH_OK);
    assert_code(capauth_client_set_ca_pem(client, pem), CAPAUTH_OK);
    return client;
}

TEST(descriptors_cannot_be_opened_by_name_here)
{
    assert_int_equal(open("/proc/self/fd/0", O_RDONLY), -1);
    assert_int_equal(errno, EACCES);
}

TEST(a_ca_as_text_signs_in)
{
    char *pem = text_of_file(shared->ca_file);
    capauth_client *client = client_that_trusts(pem);
    capauth_session *customer = new_mobile(client, "DocDemo", "919999999993");

    sign_in(shared, customer);
    assert_true(capauth_session_signed_in(customer));
    capauth_session_free(&customer);
    capauth_client_free(&client);
    free(pem);
}

TEST(a_ca_as_text_is_all_that_is_trusted)
{
    char *system_store = text_of_file("/etc/ssl/certs/ca-certificates.crt");
    capauth_client *client = client_that_trusts(system_store);

    assert_code(capauth_client_prepare(client), CAPAUTH_E_TLS);
    capauth_client_free(&client);
    free(system_store);
}

TEST(no_descriptor_is_kept_for_it)
{
    char *pem = text_of_file(shared->ca_file);
    capauth_client *client = NULL;
    int before;

    assert_code(capauth_client_new(&client), CAPAUTH_OK);
    before = open_descriptors();
    assert_code(capauth_client_set_ca_pem(client, pem), CAPAUTH_OK);
    assert_int_equal(open_descriptors(), before);
    capauth_client_free(&client);
    free(pem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(descriptors_cannot_be_opened_by_name_here),
        cmocka_unit_test(a_ca_as_text_signs_in),
        cmocka_unit_test(a_ca_as_text_is_all_that_is_trusted),
        cmocka_unit_test(no_descriptor_is_kept_for_it),
    };

    return cmocka_run_group_tests(tests, start_shared, stop_shared);
}
