// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import org.jspecify.annotations.Nullable;

/** What is known of a sign-in's OTP: only what happened, nothing guessed. */
public final class Otp {
    private final long sentAtMillis;
    private final String destination;
    private final String channel;
    private final int wrongAnswers;

    Otp(long sentAtMillis, String destination, String channel, int wrongAnswers) {
        this.sentAtMillis = sentAtMillis;
        this.destination = destination;
        this.channel = channel;
        this.wrongAnswers = wrongAnswers;
    }

    /** By the server's clock; 0 when none was sent in this sign-in. */
    public long sentAtMillis() {
        return sentAtMillis;
    }

    /** Masked, such as 9199******93; null for none. */
    public @Nullable String destination() {
        return destination;
    }

    /** The fallback channel that was asked for; null for none. */
    public @Nullable String channel() {
        return channel;
    }

    /** How many wrong ones the Auth Engine has refused since. */
    public int wrongAnswers() {
        return wrongAnswers;
    }
}
