/* SPDX-License-Identifier: Apache-2.0 */
/* URLs as the transport reads them, since it is the transport that follows them. */
#ifndef CAPAUTH_URL_H
#define CAPAUTH_URL_H

#include <stdbool.h>

#include "net/config.h"

/* What the two functions below answer where there was no memory to look: it is no fault of the text. */
extern const char capauth__unchecked[];

/* NULL, or what is wrong with it. `loopback_only`: plain http is refused for other hosts. */
const char *capauth__url_fault(const char *url, bool loopback_only);

/* As RFC 6454 compares origins: scheme and host in lower case, no default port. No slash at the end. The caller's to
 * free; NULL: it is no URL, or there was no memory. */
char *capauth__url_normal(const char *url);
/* Of a URL in this form. */
bool capauth__url_is_loopback(const char *normal);

/* NULL, or what is wrong with a proxy, which libcurl would repeat, password and all, in its error message. */
const char *capauth__proxy_fault(const char *text);
/* With the scheme http where it has none. The caller's to free; NULL: no memory. */
char *capauth__proxy_normal(const char *text);
bool capauth__has_scheme(const char *url, const char *scheme);
bool capauth__has_proxy(const struct capauth__net_config *config);
/* The proxy that a request to this URL, which is normal, goes through; NULL: none. */
const char *capauth__proxy_of(const struct capauth__net_config *config, const char *url);

#endif
