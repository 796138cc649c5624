// SPDX-License-Identifier: Apache-2.0
package io.capauth.redis;

/** What is stored of a customer. Times are microseconds by Redis's clock; 0: not known. */
final class State {
    static final State NONE = new State("", "", 0, 0);

    final String fence;
    final String text;
    final long stored;
    final long expires;

    State(String fence, String text, long stored, long expires) {
        this.fence = fence;
        this.text = text;
        this.stored = stored;
        this.expires = expires;
    }

    static State of(String[] parts, int first) {
        return new State(
                parts[first], parts[first + 1], Answer.number(parts[first + 2]), Answer.number(parts[first + 3]));
    }

    /** How long the token is still valid; what was stored in the future was stored before the clock went back. */
    long leftMillis(long now) {
        return expires == 0 ? Long.MAX_VALUE : (expires - Math.max(now, stored)) / 1000;
    }

    /** A longer margin than half of the token's life would have a token regenerated that is just new. */
    long marginMillis(long wanted) {
        return expires == 0 ? wanted : Math.min(wanted, (expires - stored) / 2000);
    }
}
