/* SPDX-License-Identifier: Apache-2.0 */
/* The Auth Engine's requests, written from values, and its replies, read into values. */
#ifndef CAPAUTH_WIRE_H
#define CAPAUTH_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/secret.h"
#include "protocol/operation.h"
#include "protocol/reply.h"
#include "protocol/state.h"

/* ---- Requests ---- */

/* What an operation may be given beside its arguments; NULL: it was not. */
struct capauth__extras {
    const char *first_password;
    const char *fallback_channel;
    const char *otp_hash;
    int64_t otp_timestamp_ms;
};

/* Where secrets stand in a body, as JSON writes them. */
struct capauth__secrets {
    struct {
        size_t offset;
        size_t length;
    } at[8];
    size_t count;
};

/* These append. A failure is in the buffer: check it at the end. */
void capauth__wire_url(const struct capauth__request_form *form, const char *base_url,
                       const struct capauth__extras *extras, struct capauth__buffer *url);
void capauth__wire_body(const struct capauth__request_form *form, const struct capauth__state *state,
                        const struct capauth__arguments *arguments, const struct capauth__extras *extras,
                        struct capauth__buffer *body, struct capauth__secrets *secrets);

/* ---- Replies: there is a NUL behind each body ---- */

/* CAPAUTH_OK: a status was there, read `success`. CAPAUTH_E_PROTOCOL: it is no reply of the Auth Engine.
 * CAPAUTH_E_NO_MEMORY. Free it in every case. */
int capauth__wire_reply(const char *body, size_t length, struct capauth__reply *reply);
void capauth__reply_free(struct capauth__reply *reply);
/* What a plain-text body says, as one line that fits into `out`; "" for HTML and for what is not UTF-8. */
void capauth__wire_plain_text(const char *body, size_t length, char *out, size_t size);
/* The return code for a refusal: the Auth Engine's own number where it is one, else CAPAUTH_E_REFUSED. */
int capauth__refusal(int64_t code);

/* A reply of the gateway, in any of its shapes. */
struct capauth__gateway_status {
    bool known; /* it has one of the shapes that carry a status */
    bool unreadable; /* it begins like a JSON object, and is none */
    bool refused;
    bool expired; /* the token was refused */
    int64_t code;
    char *message; /* a copy, or NULL */
};

/* CAPAUTH_OK or CAPAUTH_E_NO_MEMORY. */
int capauth__wire_gateway_reply(int http_status, const char *body, size_t length,
                                struct capauth__gateway_status *status);

#endif
