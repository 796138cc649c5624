/* SPDX-License-Identifier: Apache-2.0 */
#include "session/config.h"

#include <stdio.h>
#include <unistd.h>

#include "base/platform.h"
#include "base/secret.h"

void capauth__config_set_ca_source(struct capauth__config *config, const char *why, const char *path)
{
    char text[4200];

    snprintf(text, sizeof text, "%s%s", why, path);
    (void)capauth__replace(&config->net.ca_source, text); /* only told, in diagnose and TLS errors */
}

void capauth__config_free_ca_memory(struct capauth__config *config)
{
    if (config->net.ca_memory_fd >= 0)
        close(config->net.ca_memory_fd);
    config->net.ca_memory_fd = -1;
    capauth__wipe_free(&config->net.ca_pem);
}

bool capauth__config_init(struct capauth__config *config)
{
    const char *file = capauth__environment("SSL_CERT_FILE");
    const char *why = "SSL_CERT_FILE: ";

    config->net.ca_memory_fd = -1;
#define NUMBER(name, member, least, most, value, check) config->member = value;
#include "generated/settings.def"
    if (!file) {
        file = capauth__system_ca_file();
        why = "system: ";
    }
    if (file)
        capauth__config_set_ca_source(config, why, file);
    return (!file || capauth__replace(&config->net.ca_file, file)) &&
           capauth__replace(&config->net.user_agent, "capauth/" CAPAUTH_BUILD_VERSION);
}

void capauth__config_free(struct capauth__config *config)
{
    capauth__config_free_ca_memory(config);
    capauth__headers_free(&config->net.headers);
#define TEXT_MEMBER(member) capauth__wipe_free(&config->member);
#include "generated/settings.def"
    capauth__wipe_free(&config->cluster_gateway);
    capauth__wipe_free(&config->net.ca_source);
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
