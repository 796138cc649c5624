/* SPDX-License-Identifier: Apache-2.0 */
/* What the model's two files share. */
#ifndef MODEL_H
#define MODEL_H

struct customer;
struct capauth_session;

/* A copy in place of the text that was there. */
void replace(char **slot, const char *text);
/* NULL: none, or its handle is gone. */
struct customer *customer_of(const struct capauth_session *session);
/* Counts tokens by their texts and the identifier that they are for. */
void count_token(struct customer *customer);
/* Nothing has changed but what the model has seen coming. */
void customer_look(struct customer *customer);

#endif
