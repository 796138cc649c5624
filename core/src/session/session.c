/* SPDX-License-Identifier: Apache-2.0 */
#include "session/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "protocol/export.h"

/* ---- Life ---- */

void capauth__session_lock(const capauth_session *session)
{
    capauth__lock(&session->client->process, &session->mutex);
}

void capauth__session_unlock(const capauth_session *session)
{
    capauth__unlock(&session->client->process, &session->mutex);
}

capauth_session *capauth__session_create(capauth_client *client, struct capauth__state *state)
{
    capauth_session *session = calloc(1, sizeof *session);

    if (!session) {
        capauth__state_wipe(state);
        return NULL;
    }
    session->client = client;
    session->references = 1;
    session->handle_alive = true;
    session->state = *state;
    capauth__wipe(state, sizeof *state);
    pthread_mutex_init(&session->mutex, NULL);
    capauth__client_hold(client);
    return session;
}

void capauth__session_hold(capauth_session *session)
{
    atomic_fetch_add(&session->references, 1);
}

static void observer_free(struct capauth__observer *observer);

void capauth__session_release(capauth_session *session)
{
    if (atomic_fetch_sub(&session->references, 1) != 1)
        return;
    observer_free(session->observer);
    capauth__state_wipe(&session->state);
    capauth__wipe_free(&session->regeneration.failure.detail);
    capauth__reasons_free(&session->reasons);
    capauth__destroy_mutex(&session->client->process, &session->mutex);
    free(session);
}

void capauth__session_set_error(capauth_session *session, const char *message)
{
    capauth__reason_set(&session->reasons, message);
}

int capauth__session_no_memory(capauth_session *session)
{
    capauth__session_set_error(session, capauth_strerror(CAPAUTH_E_NO_MEMORY));
    return CAPAUTH_E_NO_MEMORY;
}

int capauth__session_open(capauth_session *session)
{
    int result = session ? capauth__client_check(session->client) : CAPAUTH_E_INVALID_ARGUMENT;

    if (result && result != CAPAUTH_E_CLOSED)
        return result;
    capauth__session_lock(session);
    if (!result && !session->closed)
        return CAPAUTH_OK;
    capauth__session_set_error(session, capauth_strerror(CAPAUTH_E_CLOSED));
    capauth__session_unlock(session);
    return CAPAUTH_E_CLOSED;
}

/* ---- Who is told ---- */

/* One change, on its way to the application. */
struct change_notice {
    struct capauth__notice notice; /* first: the queue knows only this */
    capauth_session *session;
    struct capauth__observer *observer;
};

/* A listener, and a notice made with it, for a change that finds no memory for one of its own. */
struct capauth__observer {
    atomic_int references; /* the session, notices */
    struct capauth__listener *listener;
    struct change_notice spare;
    bool spare_queued; /* this and the next: the notices' mutex */
    bool spare_again; /* there was one more such change, before the first was told */
};

static void observer_free(struct capauth__observer *observer)
{
    if (observer && atomic_fetch_sub(&observer->references, 1) == 1) {
        capauth__listener_release(observer->listener);
        free(observer);
    }
}

static void tell_change(struct capauth__notice *notice)
{
    const struct change_notice *change = (struct change_notice *)notice;
    const struct capauth__listener *listener = change->observer->listener;

    if (atomic_load(&change->session->handle_alive))
        listener->callback.change(change->session, listener->data);
}

/* Whether the spare notice goes once more, for a change that came meanwhile. */
static bool goes_again(struct change_notice *change)
{
    struct capauth__observer *observer = change->observer;
    struct capauth__notices *notices = observer->listener->notices;
    bool again;

    if (change != &observer->spare)
        return false;
    capauth__notices_lock(notices);
    again = observer->spare_queued = observer->spare_again;
    observer->spare_again = false;
    if (again)
        capauth__notices_push_locked(notices, &change->notice);
    capauth__notices_unlock(notices);
    return again;
}

static void end_change(struct capauth__notice *notice)
{
    struct change_notice *change = (struct change_notice *)notice;
    struct capauth__observer *observer = change->observer;
    capauth_session *session = change->session;

    if (goes_again(change))
        return;
    if (change != &observer->spare)
        free(change);
    observer_free(observer);
    capauth__session_release(session);
}

static void push_change(struct capauth__notices *notices, capauth_session *session, struct change_notice *change)
{
    change->notice.tell = tell_change;
    change->notice.end = end_change;
    change->session = session;
    change->observer = session->observer;
    atomic_fetch_add(&change->observer->references, 1);
    capauth__session_hold(session);
    capauth__notices_push_locked(notices, &change->notice);
}

/* Never lost for lack of memory. There is an observer. */
static void notify(capauth_session *session)
{
    struct capauth__observer *observer = session->observer;
    struct capauth__notices *notices = observer->listener->notices;
    struct change_notice *change = calloc(1, sizeof *change);

    capauth__notices_lock(notices);
    if (change) {
        push_change(notices, session, change);
    } else if (observer->spare_queued) {
        observer->spare_again = true;
    } else {
        observer->spare_queued = true;
        push_change(notices, session, &observer->spare);
    }
    capauth__notices_unlock(notices);
}

bool capauth__session_observe(capauth_session *session, struct capauth__listener *listener)
{
    struct capauth__observer *observer = NULL;

    if (listener && !(observer = calloc(1, sizeof *observer)))
        return false;
    if (observer) {
        observer->references = 1;
        observer->listener = listener;
    }
    observer_free(session->observer);
    session->observer = observer;
    return true;
}

/* ---- How it changes ---- */

char *capauth__session_export(const capauth_session *session)
{
    char *text;

    capauth__client_lock(session->client);
    text = capauth__export_write(&session->state, session->client->config.base_url);
    capauth__client_unlock(session->client);
    return text;
}

/*
 * A change is anything that an export would show: so the exports before and after are compared, where somebody
 * observes. Without memory for them it is told of anyway.
 */
void capauth__session_change(capauth_session *session, struct capauth__state *next)
{
    char *before = session->observer ? capauth__session_export(session) : NULL;
    char *after;

    capauth__state_swap(&session->state, next);
    if (!session->observer)
        return;
    after = capauth__session_export(session);
    if (!before || !after || strcmp(before, after) != 0)
        notify(session);
    capauth__wipe_free(&before);
    capauth__wipe_free(&after);
}

int capauth__session_end_operation(capauth_session *session, struct capauth__ending *ending)
{
    struct capauth__state next;
    bool new_token;
    int result = capauth__state_after(&session->state, ending, &next);

    if (result)
        return result;
    new_token = next.token && next.token != session->state.token;
    capauth__session_change(session, &next);
    if (new_token)
        capauth__server_clock_check(session->client, &session->state.claims);
    return CAPAUTH_OK;
}
