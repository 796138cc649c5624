/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs that measure capauth itself share. */
#ifndef CUSTOMER_H
#define CUSTOMER_H

#include <capauth/capauth.h>

#include "measure.h"

capauth_client *bench_client(int max_connections);
capauth_session *bench_session(capauth_client *client);
/* One customer more, signed in, blocking. */
capauth_session *bench_signed_in(capauth_client *client);
/* Starts what comes next for the customer; 0 when there is nothing more. */
int bench_start_next(capauth_session *session, capauth_call **call);

#endif
