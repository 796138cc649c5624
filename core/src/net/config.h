/* SPDX-License-Identifier: Apache-2.0 */
/* What the transport is told once, before its first exchange. It keeps the pointer and changes nothing. */
#ifndef CAPAUTH_NET_CONFIG_H
#define CAPAUTH_NET_CONFIG_H

#include "base/header.h"

struct capauth__net_config {
#include "generated/net_config.h" /* one for each of the net's settings in core/settings.json */
    int ca_memory_fd; /* ca_pem as a file, which ca_file names then; -1: none */
    char *ca_source; /* in words: why this CA store */
    char *https_proxy; /* for origins with https; with its scheme; NULL: none */
    char *http_proxy;
    char *no_proxy; /* hosts, as curl's manual lists them */
    struct capauth__header *headers; /* go with every request */
};

#endif
