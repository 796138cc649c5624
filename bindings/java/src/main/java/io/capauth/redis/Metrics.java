// SPDX-License-Identifier: Apache-2.0
package io.capauth.redis;

import io.capauth.CapauthException;
import java.util.concurrent.TimeUnit;

/** Tells the application's listener, if there is one. */
final class Metrics {
    private final StoreListener listener;

    Metrics(StoreListener listener) {
        this.listener = listener;
    }

    /** {@code begun} is of System.nanoTime(); {@code failure} may be null. */
    void count(StoreEvent.Kind kind, long begun, CapauthException failure) {
        if (listener == null) {
            return;
        }
        long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun);
        try {
            listener.happened(new StoreEvent(kind, millis, failure == null ? null : failure.name()));
        } catch (RuntimeException theirs) { // the listener's failure is not the operation's
            Thread thread = Thread.currentThread();
            thread.getUncaughtExceptionHandler().uncaughtException(thread, theirs);
        }
    }
}
