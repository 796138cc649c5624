/* SPDX-License-Identifier: Apache-2.0 */
/* What a client was set up with. The members are rows of core/settings.json, save those that take more than one. */
#ifndef CAPAUTH_CONFIG_H
#define CAPAUTH_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/secret.h"
#include "net/config.h"

struct capauth__config {
#include "generated/session_config.h"
    struct capauth__net_config net;
    char *cluster_gateway; /* where gateway calls go, unless gateway_url says otherwise */
    int64_t clock_offset_ms;
};

/* Defaults, and the one look at the environment. false: no memory. */
bool capauth__config_init(struct capauth__config *config);
void capauth__config_free(struct capauth__config *config);

/* Notes in words why this CA store: `why`, and the path behind it. */
void capauth__config_set_ca_source(struct capauth__config *config, const char *why, const char *path);
/* Gives back the certificates that were given as text. */
void capauth__config_free_ca_memory(struct capauth__config *config);
/* Where gateway calls go, without a slash at the end; appended to `out`. */
bool capauth__gateway_base(const struct capauth__config *config, struct capauth__buffer *out);

#endif
