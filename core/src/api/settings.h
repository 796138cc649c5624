/* SPDX-License-Identifier: Apache-2.0 */
/* The settings of a client: defaults, and the setters of the public header. */
#ifndef CAPAUTH_SETTINGS_H
#define CAPAUTH_SETTINGS_H

#include <stdbool.h>

#include "session/client.h"

/* Defaults, and the one look at the environment. */
bool capauth__config_init(struct capauth__config *config);
void capauth__config_free(struct capauth__config *config);
/* Where gateway calls go, without a slash at the end; appended to `out`. */
bool capauth__gateway_base(const struct capauth__config *config, struct capauth__buffer *out);

#endif
