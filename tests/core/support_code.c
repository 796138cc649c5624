/* SPDX-License-Identifier: Apache-2.0 */
/* Apart from the other sentences, for tests without a client need it too. */
#include "support.h"

void check_code(int actual, int expected, const char *what, const char *file, int line)
{
    if (actual != expected) {
        print_error("%s gives %d %s, not %d %s\n", what, actual, capauth_error_name(actual), expected,
                    capauth_error_name(expected));
        _fail(file, line);
    }
}
