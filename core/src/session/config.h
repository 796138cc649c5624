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

/* The authorities that are trusted: of a file, or of a text, which is a file in memory where there is such a thing. */
struct capauth__ca_store {
    char *file;
    char *pem;
    int fd; /* of the file in memory; -1: none */
};

void capauth__ca_store_free(struct capauth__ca_store *store);
/* Takes it over, in place of the one before; `why`, and the path behind it, are told of it. false: no memory, nothing
 * has changed, and the store is freed. */
bool capauth__config_use_ca_store(struct capauth__config *config, struct capauth__ca_store *store, const char *why,
                                  const char *path);
/* Where gateway calls go, without a slash at the end; appended to `out`. */
bool capauth__gateway_base(const struct capauth__config *config, struct capauth__buffer *out);

#endif
