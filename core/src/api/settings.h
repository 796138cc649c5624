/* SPDX-License-Identifier: Apache-2.0 */
/* The settings of a client: defaults, and the setters of the public header. The rows are core/settings.json's. */
#ifndef CAPAUTH_SETTINGS_H
#define CAPAUTH_SETTINGS_H

#include <stdbool.h>

#include "session/client.h"

/* For the setters that are more than a row, with the client's mutex held: what they return. */
int capauth__set_proxy(capauth_client *client, const char *proxy);

#endif
