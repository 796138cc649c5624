/* SPDX-License-Identifier: Apache-2.0 */
#include "picture.h"

#include "support.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/secret.h"

static char *text(const char *value)
{
    char *copy = capauth__duplicate(value);

    assert_non_null(copy);
    return copy;
}

struct capauth__state full_state(int flow)
{
    return (struct capauth__state){
        .identity = {.flow = flow,
                     .brand = text("Brand"),
                     .identifier_type = CAPAUTH_IDENTIFIER_MOBILE,
                     .identifier = text("919999922332"),
                     .contact_type = CAPAUTH_IDENTIFIER_EMAIL,
                     .contact = text("c@brand.example"),
                     .device_id = text("D1"),
                     .access_token = text("AT"),
                     .id_token = text("IT")},
        .session_id = text("S1"),
        .token = text("T1"),
        .key = text("K1"),
        .authorized_token = text("A1"),
        .claims = {.role = "OLD", .customer_id = "42", .expires_at_ms = 2000, .issued_at_ms = 1000},
        .app_registered = 1,
        .registered_for_password = 0,
        .next_step = CAPAUTH_STEP_PASSWORD_CREATE,
        .otp = {.sent_at_ms = 7, .wrong_answers = 2, .channel = text("EMAIL"), .destination = "91********32"},
        .refresh_off = true,
        .validate_unknown = true,
        .other_identifier = text("918888800000"),
        .unknown_members = text("\"x\":1"),
        .changes = 9,
        .stamp = {.sign_in = 3, .token = 5, .key = 7},
    };
}

struct painter {
    struct picture picture;
    size_t count;
};

static void paint(struct painter *painter, const char *name, const char *value)
{
    assert_true(painter->count < PICTURE_ROWS);
    painter->picture.name[painter->count] = name;
    snprintf(painter->picture.value[painter->count++], sizeof painter->picture.value[0], "%s", value ? value : "-");
}

static void paint_number(struct painter *painter, const char *name, int64_t number)
{
    char digits[24];

    snprintf(digits, sizeof digits, "%" PRId64, number);
    paint(painter, name, digits);
}

static void paint_identity(struct painter *painter, const struct capauth__identity *identity)
{
    paint_number(painter, "flow", identity->flow);
    paint(painter, "brand", identity->brand);
    paint_number(painter, "identifier_type", identity->identifier_type);
    paint(painter, "identifier", identity->identifier);
    paint_number(painter, "contact_type", identity->contact_type);
    paint(painter, "contact", identity->contact);
    paint(painter, "device_id", identity->device_id);
    paint(painter, "access_token", identity->access_token);
    paint(painter, "id_token", identity->id_token);
}

static void paint_claims(struct painter *painter, const struct capauth__claims *claims)
{
    paint(painter, "role", claims->role);
    paint(painter, "customer_id", claims->customer_id);
    paint_number(painter, "expires_at", claims->expires_at_ms);
    paint_number(painter, "issued_at", claims->issued_at_ms);
}

static void paint_otp(struct painter *painter, const struct capauth__otp *otp)
{
    paint_number(painter, "otp.sent_at", otp->sent_at_ms);
    paint_number(painter, "otp.wrong_answers", otp->wrong_answers);
    paint(painter, "otp.channel", otp->channel);
    paint(painter, "otp.destination", otp->destination);
}

static void paint_stamp(struct painter *painter, const struct capauth__state *state, const char *name, uint64_t stamp)
{
    if (stamp == state->changes)
        paint(painter, name, "new");
    else
        paint_number(painter, name, (int64_t)stamp);
}

struct picture picture_of(const struct capauth__state *state)
{
    struct painter painter = {0};

    paint_identity(&painter, &state->identity);
    paint(&painter, "session_id", state->session_id);
    paint(&painter, "token", state->token);
    paint(&painter, "key", state->key);
    paint(&painter, "authorized_token", state->authorized_token);
    paint_claims(&painter, &state->claims);
    paint_number(&painter, "app_registered", state->app_registered);
    paint_number(&painter, "registered_for_password", state->registered_for_password);
    paint(&painter, "next_step", capauth_step_name(state->next_step));
    paint_otp(&painter, &state->otp);
    paint_number(&painter, "refresh_off", state->refresh_off);
    paint_number(&painter, "validate_unknown", state->validate_unknown);
    paint(&painter, "other_identifier", state->other_identifier);
    paint(&painter, "unknown_members", state->unknown_members);
    paint_stamp(&painter, state, "stamp.sign_in", state->stamp.sign_in);
    paint_stamp(&painter, state, "stamp.token", state->stamp.token);
    paint_stamp(&painter, state, "stamp.key", state->stamp.key);
    assert_int_equal(painter.count + 1, PICTURE_ROWS);
    paint_number(&painter, "changes", (int64_t)state->changes);
    return painter.picture;
}

const char *picture_differences(const struct picture *before, const struct picture *after)
{
    static char out[2048];
    size_t length = 0;

    out[0] = '\0';
    for (size_t i = 0; i < PICTURE_ROWS; i++) {
        if (strcmp(before->value[i], after->value[i]) != 0)
            length += (size_t)snprintf(out + length, sizeof out - length, "%s%s=%s", length ? " " : "", after->name[i],
                                       after->value[i]);
        assert_true(length < sizeof out);
    }
    return out;
}
