/* SPDX-License-Identifier: Apache-2.0 */
/* What libraries are known to do without memory: UPSTREAM.md tells of each. */
#ifndef UPSTREAM_H
#define UPSTREAM_H

#include <stdbool.h>

#include "report.h"

/* Whether memory ran out below OpenSSL, which then says that the handshake failed, by one name or another. */
bool upstream_struck_in_tls(const struct report *report);
/* Whether it ran out where OpenSSL then waits for what has come already, until the deadline. */
bool upstream_waits(const struct report *report);
bool upstream_knows_crash(const struct report *report);
/* Also where there are none. */
bool upstream_knows_leaks(const struct report *report);

#endif
