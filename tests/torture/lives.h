/* SPDX-License-Identifier: Apache-2.0 */
/* The lives of handles.c, for the table in lives.c, and what both begin with. */
#ifndef LIVES_H
#define LIVES_H

#include "world.h"

void as_customer(struct world *world);

void with_nothing(struct world *world);
void with_client(struct world *world);
void with_session(struct world *world);
void with_export(struct world *world);
void with_certificates(struct world *world);
void with_calls(struct world *world);

int export(struct world *world);
int restore(struct world *world);
int reload(struct world *world);
int new_handles(struct world *world);
int settings(struct world *world);
int cluster(struct world *world);
int certificates(struct world *world);
int options(struct world *world);
int callbacks(struct world *world);
int poll_for_it(struct world *world);
int prepare(struct world *world);
int closing(struct world *world);
int all_of_it(struct world *world);

void is_restored(struct world *world, int code);
void is_whole_query(struct world *world, int code);
void is_one_or_the_other(struct world *world, int code);

#endif
