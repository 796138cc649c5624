/* SPDX-License-Identifier: Apache-2.0 */
#include "session/in_flight.h"

void capauth__call_join_session(capauth_call *call)
{
    call->session_next = call->session->calls;
    call->session->calls = call;
}

void capauth__call_stop_waiting(capauth_call *call)
{
    for (capauth_call **link = &call->session->regeneration.waiters; *link; link = &(*link)->waiter_next) {
        if (*link == call) {
            *link = call->waiter_next;
            break;
        }
    }
    call->waits_for_token = false;
}

void capauth__call_leave_session(capauth_call *call)
{
    capauth_session *session = call->session;

    for (capauth_call **link = &session->calls; *link; link = &(*link)->session_next) {
        if (*link == call) {
            *link = call->session_next;
            break;
        }
    }
    if (session->exclusive == call)
        session->exclusive = NULL;
    if (call->waits_for_token)
        capauth__call_stop_waiting(call);
}

void capauth__cancel_calls(capauth_session *session, bool sign_outs_too)
{
    for (capauth_call *call = session->calls; call; call = call->session_next) {
        if (sign_outs_too || call->request.operation != CAPAUTH__SIGN_OUT)
            capauth__inbox_cancel(&call->task);
    }
}
