/* SPDX-License-Identifier: Apache-2.0 */
#include "session/config.h"

#include <stdio.h>
#include <unistd.h>

#include "base/platform.h"
#include "base/secret.h"

void capauth__ca_store_free(struct capauth__ca_store *store)
{
    if (store->fd >= 0)
        close(store->fd);
    store->fd = -1;
    capauth__wipe_free(&store->file);
    capauth__wipe_free(&store->pem);
}

static void free_ca_store(struct capauth__net_config *net)
{
    struct capauth__ca_store store = {.file = net->ca_file, .pem = net->ca_pem, .fd = net->ca_memory_fd};

    capauth__ca_store_free(&store);
    capauth__wipe_free(&net->ca_source);
}

bool capauth__config_use_ca_store(struct capauth__config *config, struct capauth__ca_store *store, const char *why,
                                  const char *path)
{
    struct capauth__net_config *net = &config->net;
    char source[4200];
    char *copy;

    snprintf(source, sizeof source, "%s%s", why, path);
    if (!(copy = capauth__duplicate(source))) {
        capauth__ca_store_free(store);
        return false;
    }
    free_ca_store(net);
    net->ca_file = store->file;
    net->ca_pem = store->pem;
    net->ca_memory_fd = store->fd;
    net->ca_source = copy;
    return true;
}

/* The one look at the environment. */
static bool use_usual_ca_store(struct capauth__config *config)
{
    const char *file = capauth__environment("SSL_CERT_FILE");
    const char *why = file ? "SSL_CERT_FILE: " : "system: ";
    struct capauth__ca_store store = {.fd = -1};

    if (!file && !(file = capauth__system_ca_file()))
        return true;
    store.file = capauth__duplicate(file);
    return store.file && capauth__config_use_ca_store(config, &store, why, file);
}

bool capauth__config_init(struct capauth__config *config)
{
    config->net.ca_memory_fd = -1;
#define NUMBER(name, member, least, most, value, check) config->member = value;
#include "generated/settings.def"
    return use_usual_ca_store(config) && capauth__replace(&config->net.user_agent, "capauth/" CAPAUTH_BUILD_VERSION);
}

void capauth__config_free(struct capauth__config *config)
{
    free_ca_store(&config->net);
    config->net.ca_file = config->net.ca_pem = NULL;
    capauth__headers_free(&config->net.headers);
#define TEXT_MEMBER(member) capauth__wipe_free(&config->member);
#include "generated/settings.def"
    capauth__wipe_free(&config->cluster_gateway);
    capauth__wipe_free(&config->net.https_proxy);
    capauth__wipe_free(&config->net.http_proxy);
    capauth__wipe_free(&config->net.no_proxy);
}

bool capauth__gateway_base(const struct capauth__config *config, struct capauth__buffer *out)
{
    if (config->gateway_url)
        return capauth__buffer_text(out, config->gateway_url);
    if (config->cluster_gateway)
        return capauth__buffer_text(out, config->cluster_gateway);
    return capauth__buffer_text(out, config->base_url) && capauth__buffer_text(out, "/mobile");
}
