// SPDX-License-Identifier: Apache-2.0
package io.capauth;

/** What a call that succeeded gives. */
abstract class Result<T> {
    static final Result<Void> NOTHING = new Result<Void>() {
        @Override
        Void of(Session session, CallHandle call) {
            return null;
        }
    };

    static final Result<String> TOKEN = new Result<String>() {
        @Override
        String of(Session session, CallHandle call) {
            return session.token();
        }
    };

    static final Result<Reply> REPLY = new Result<Reply>() {
        @Override
        Reply of(Session session, CallHandle call) {
            return new Reply(call);
        }
    };

    abstract T of(Session session, CallHandle call);
}
