/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream.h"

#include <stdio.h>
#include <string.h>

#include "trace.h"

/* Each by its heading in UPSTREAM.md. */

/* Whether memory ran out below one of "EVP_MD_fetch" and its kin; or in a copy of a name below "EVP_DigestVerifyInit"
 * and its kin, which fetch by functions that have no name outside. */
static bool struck_in_a_fetch(const struct report *report)
{
    char frame[256];
    bool copies = false;

    for (int i = 0; i < report->struck.depth; i++) {
        trace_name(report->struck.at[i], frame, sizeof frame);
        copies = copies || strstr(frame, ":CRYPTO_strndup") || strstr(frame, ":CRYPTO_strdup");
        if (strstr(frame, ":EVP_") && (copies || !strcmp(frame + strlen(frame) - strlen("_fetch"), "_fetch")))
            return true;
    }
    return false;
}

static bool is_known(const struct report *report, const struct leak *leak)
{
    char name[256];

    trace_name(leak->caller, name, sizeof name);
    if (!strncmp(name, "ld-linux", strlen("ld-linux"))) /* "Stacks of threads that have ended" */
        return true;
    /* "Each thread's errors", and ERR_set_debug's copies of where they came from. */
    if (!strncmp(name, "libcrypto.so.3:ERR_", strlen("libcrypto.so.3:ERR_")) ||
        !strcmp(name, "libcrypto.so.3:CRYPTO_strdup"))
        return true;
    /* "A name of an algorithm" */
    return !strncmp(name, "libcrypto.so.3:", strlen("libcrypto.so.3:")) && struck_in_a_fetch(report);
}

static bool struck_in(const struct report *report, const char *name)
{
    char library[128];

    for (int i = 0; i < report->struck.depth; i++) {
        trace_library(report->struck.at[i], library, sizeof library);
        if (!strncmp(library, name, strlen(name)))
            return true;
    }
    return false;
}

bool upstream_struck_in_tls(const struct report *report)
{
    return struck_in(report, "libssl.") || struck_in(report, "libcrypto.");
}

/* "A connection that cannot go on says that it wants to read" */
bool upstream_waits(const struct report *report)
{
    return struck_in(report, "libssl.");
}

bool upstream_knows_crash(const struct report *report)
{
    (void)report;
    return false; /* there is none that capauth does not avoid */
}

bool upstream_knows_leaks(const struct report *report)
{
    for (int i = 0; i < report->leak_count; i++) {
        if (!is_known(report, &report->leaks[i]))
            return false;
    }
    return true;
}
