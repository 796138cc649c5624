/* SPDX-License-Identifier: Apache-2.0 */
/* What the transport is told once, before its first exchange. It keeps the pointer and changes nothing. */
#ifndef CAPAUTH_NET_CONFIG_H
#define CAPAUTH_NET_CONFIG_H

#include "base/header.h"

struct capauth__net_config {
    int connect_timeout_ms;
    int max_connections;
    int http2;
    char *ca_file;
    char *ca_pem;
    int ca_memory_fd; /* ca_pem as a file, which ca_file names then; -1: none */
    char *ca_source; /* in words: why this CA store */
    char *tls_min; /* "1.2", "1.3"; NULL: 1.2 */
    char *pinned_keys;
    char *client_cert;
    char *client_key;
    char *https_proxy; /* for origins with https; with its scheme; NULL: none */
    char *http_proxy;
    char *no_proxy; /* hosts, as curl's manual lists them */
    char *user_agent;
    struct capauth__header *headers; /* go with every request */
};

#endif
