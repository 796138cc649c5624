// SPDX-License-Identifier: Apache-2.0
package io.capauth.redis;

import java.util.concurrent.TimeUnit;

/** What one thread does, and others of this process wait for. */
final class Flight {
    /** Another state than the known one, or null. */
    State state;
    /** Why there is none, or null. */
    RuntimeException failure;
    private boolean landed;

    synchronized void land(State state, RuntimeException failure) {
        this.state = state;
        this.failure = failure;
        landed = true;
        notifyAll();
    }

    /** False when it is still in flight at {@code end}, by System.nanoTime(), or the thread was interrupted. */
    synchronized boolean await(long end) {
        try {
            while (!landed) {
                long millis = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
                if (millis <= 0) {
                    return false;
                }
                wait(millis);
            }
        } catch (InterruptedException interruption) {
            Thread.currentThread().interrupt();
            return false;
        }
        return true;
    }
}
