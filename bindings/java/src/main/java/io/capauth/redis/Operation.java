// SPDX-License-Identifier: Apache-2.0
package io.capauth.redis;

import io.capauth.Options;
import io.capauth.Session;

/** An operation of a session: {@code (session, options) -> { session.validateOtp(otp, options); return null; }}. */
public interface Operation<T> {
    /** {@code options} carry the deadline that the lock leaves: pass them on. */
    T run(Session session, Options options);
}
