/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of steps share. */
#ifndef STEPS_H
#define STEPS_H

#include "world.h"

/* One that there is; NULL: there is none. */
struct customer *customer_chosen(void);
int number_of(const struct customer *customer);

void step_start(void);
void step_block(void);
/* What the session advises, and the service agrees. */
void step_go_on(void);
void step_prepare(void);

#endif
