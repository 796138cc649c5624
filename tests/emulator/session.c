#include "session.h"

#include "emulator.h"
#include "text.h"

#include <openssl/rand.h>
#include <stdlib.h>

/* A flood of token generates must not fill the memory before its sessions expire: beyond this many
 * the oldest go first. */
enum { MOST_SESSIONS = 200000, FIRST_SWEEP = 4096 };

static char *new_session_id(void)
{
    unsigned char r[16];
    struct text id = {0};
    if (RAND_bytes(r, sizeof r) != 1)
        abort();
    r[6] = (unsigned char)((r[6] & 0x0f) | 0x40);
    r[8] = (unsigned char)((r[8] & 0x3f) | 0x80);
    text_add_format(&id, "P-%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", r[0], r[1], r[2],
                    r[3], r[4], r[5], r[6], r[7], r[8], r[9], r[10], r[11], r[12], r[13], r[14], r[15]);
    return id.data;
}

static void make_room(struct emulator *emulator)
{
    struct sessions *sessions = &emulator->sessions;
    if (sessions->by_id.count < sessions->sweep_at || sessions->by_id.count < FIRST_SWEEP)
        return;
    sessions_sweep(emulator);
    while (sessions->by_id.count >= MOST_SESSIONS)
        session_end(emulator, sessions->oldest);
    size_t next = sessions->by_id.count * 2;
    sessions->sweep_at = next > MOST_SESSIONS ? MOST_SESSIONS : next;
}

struct session *session_new(struct emulator *emulator, enum factor factor, struct customer *customer,
                            enum identifier_type type, const char *value)
{
    customer->session_count++; /* before making room, which may remove a customer without sessions */
    make_room(emulator);
    const struct settings *settings = &customer->brand->settings;
    int64_t minutes = factor == FIRST_FACTOR ? settings->session_minutes : settings->mfa_session_minutes;
    struct session *session = memory_new(sizeof *session);
    session->id = new_session_id();
    session->factor = factor;
    session->customer = customer;
    session->type = type;
    session->value = text_copy(value);
    session->started_ms = brand_now_ms(emulator, customer->brand);
    session->expires_ms = session->started_ms + minutes * 60000;
    session->older = emulator->sessions.newest;
    if (session->older)
        session->older->newer = session;
    else
        emulator->sessions.oldest = session;
    emulator->sessions.newest = session;
    map_put(&emulator->sessions.by_id, session->id, session);
    return session;
}

static bool has_expired(const struct emulator *emulator, const struct session *session)
{
    return brand_now_ms(emulator, session->customer->brand) >= session->expires_ms;
}

struct session *session_find(struct emulator *emulator, const char *id)
{
    struct session *session = map_get(&emulator->sessions.by_id, id);
    return session && !has_expired(emulator, session) ? session : NULL;
}

void session_end(struct emulator *emulator, struct session *session)
{
    struct sessions *sessions = &emulator->sessions;
    outbox_close(&emulator->outbox, session->message, has_expired(emulator, session) ? OTP_OPEN : OTP_VOID);
    *(session->older ? &session->older->newer : &sessions->oldest) = session->newer;
    *(session->newer ? &session->newer->older : &sessions->newest) = session->older;
    map_remove(&sessions->by_id, session->id);
    session->customer->session_count--;
    if (customer_is_unused(session->customer, brand_now_ms(emulator, session->customer->brand)))
        customer_remove(session->customer);
    free(session->id);
    free(session->value);
    free(session->device);
    free(session->first_identity);
    free(session->otp);
    free(session->first_password);
    free(session);
}

void sessions_sweep(struct emulator *emulator)
{
    for (struct session *session = emulator->sessions.oldest, *next; session; session = next) {
        next = session->newer;
        if (has_expired(emulator, session))
            session_end(emulator, session);
    }
}

void sessions_end_of(struct emulator *emulator, const struct brand *brand, const struct customer *customer)
{
    for (struct session *session = emulator->sessions.oldest, *next; session; session = next) {
        next = session->newer;
        if ((!brand || session->customer->brand == brand) && (!customer || session->customer == customer))
            session_end(emulator, session);
    }
}
