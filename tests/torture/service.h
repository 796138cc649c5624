/* SPDX-License-Identifier: Apache-2.0 */
/* The emulator, as a program of its own, and its control calls, which allocate nothing. */
#ifndef SERVICE_H
#define SERVICE_H

#include <stdbool.h>

struct service {
    int process;
    int output;
    int port;
    char url[64];
    char ca_file[64]; /* "": plain HTTP, and only then there are control calls */
};

/* The program that CAPAUTH_EMULATOR names. false: it did not start. */
bool service_start(struct service *service, bool tls);
void service_stop(struct service *service);

/* `what` without "/_emulator/". Its whole answer, valid until the next one. NULL: none came, or not HTTP 200. */
const char *service_control(const struct service *service, const char *method, const char *what, const char *body);
/* How many requests the brand has seen whose method and path begin so: "POST /auth/v1/otp/generate". */
int service_requests(const struct service *service, const char *brand, const char *request);

#endif
