/* SPDX-License-Identifier: Apache-2.0 */
/* Made by core/generate.py from settings.json; do not edit. */
    int connect_timeout_ms;
    int max_connections;
    int http2;
    char *ca_file;
    char *ca_pem;
    char *tls_min;
    char *pinned_keys;
    char *client_cert;
    char *client_key;
    char *user_agent;
