/* SPDX-License-Identifier: Apache-2.0 */
/* The headers of requests that capauth sets itself. */
#ifndef CAPAUTH_HEADERS_H
#define CAPAUTH_HEADERS_H

#include "base/header.h"

/* Of gateway calls: whose they are. */
#define CAPAUTH__HEADER_TOKEN "cap_authorization"
#define CAPAUTH__HEADER_BRAND "cap_brand"
#define CAPAUTH__HEADER_DEVICE "cap_device_id"
#define CAPAUTH__HEADER_IDENTIFIER_TYPE "cap_identifier_type"
#define CAPAUTH__HEADER_IDENTIFIER "cap_identifier_value"
#define CAPAUTH__HEADER_MOBILE "cap_mobile"
#define CAPAUTH__HEADER_ACCESS_TOKEN "Authorization"
#define CAPAUTH__HEADER_ID_TOKEN "X-CAP-EXTERNAL-OAUTH-ID-TOKEN"

/* The same as capauth__header_fault for one that an application wants to add. */
const char *capauth__added_header_fault(const char *name, const char *value, const char **subject);

#endif
