/* SPDX-License-Identifier: Apache-2.0 */
/* The lists of a session's calls in flight. The session's mutex is held. */
#ifndef CAPAUTH_IN_FLIGHT_H
#define CAPAUTH_IN_FLIGHT_H

#include "session/call.h"

void capauth__call_join_session(capauth_call *call);
/* Also out of the list of those who wait. */
void capauth__call_leave_session(capauth_call *call);
/* Out of the list of those who wait for the session's token. */
void capauth__call_stop_waiting(capauth_call *call);
/* Tells what is in flight to end; its answers change nothing any more. */
void capauth__cancel_calls(capauth_session *session, bool sign_outs_too);

#endif
