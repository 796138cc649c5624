/* SPDX-License-Identifier: Apache-2.0 */
/* Made by core/generate.py from settings.json; do not edit. */
    char *base_url;
    char *gateway_url;
    int timeout_ms;
    int max_retries;
    int refresh_margin_ms;
    int auto_refresh;
    int allow_http;
    int cap_mobile;
