/* SPDX-License-Identifier: Apache-2.0 */
/* What the application is told, and what it does then. */
#ifndef CALLBACKS_H
#define CALLBACKS_H

#include "world.h"

void listen_to_client(void);
/* For the changes of a customer. */
void listen_to_customer(struct customer *customer, bool at_all);

#endif
