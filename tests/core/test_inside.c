/* SPDX-License-Identifier: Apache-2.0 */
/* A build that carries libraries says which: the capauth_diagnose here is compiled as in a package of ours. */
#include "support.h"

#include <string.h>

/* In place of the core's own. */
#define CAPAUTH_BUILD_VERSION "0"
#define CAPAUTH_INSIDE "zlib 1:1.2.13, openssl 3.0.17-1~deb12u2"
#include "api/diagnose.c" /* NOLINT(bugprone-suspicious-include) */

TEST(a_package_that_carries_libraries_says_which)
{
    char *text = NULL;

    assert_code(capauth_diagnose(NULL, &text), CAPAUTH_OK);
    assert_non_null(strstr(text, "\njson-c "));
    assert_non_null(strstr(text, "\ninside: zlib 1:1.2.13, openssl 3.0.17-1~deb12u2\n"));
    capauth_string_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_package_that_carries_libraries_says_which),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
