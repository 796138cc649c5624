// SPDX-License-Identifier: Apache-2.0
package io.capauth.redis;

import org.jspecify.annotations.Nullable;

/** What a {@link StoreListener} is told. */
public final class StoreEvent {
    /** What became of a customer's token. */
    public enum Kind {
        /** It was valid. */
        HIT,
        /** Another worker brought a new one. */
        WAIT,
        /** We brought a new one. */
        REGENERATION,
        /** Our regeneration failed. */
        FAILURE,
        /** Another worker's regeneration failed. */
        SHARED_FAILURE
    }

    private final Kind kind;
    private final long millis;
    private final @Nullable String error;

    StoreEvent(Kind kind, long millis, @Nullable String error) {
        this.kind = kind;
        this.millis = millis;
        this.error = error;
    }

    /** What became of the token. */
    public Kind kind() {
        return kind;
    }

    /** How long it took. */
    public long millis() {
        return millis;
    }

    /** The name of the error, like "DEADLINE"; null when nothing failed. */
    public @Nullable String error() {
        return error;
    }

    @Override
    public String toString() {
        return "StoreEvent(" + kind + ", " + millis + " ms" + (error == null ? "" : ", " + error) + ")";
    }
}
