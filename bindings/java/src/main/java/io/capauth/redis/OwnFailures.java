// SPDX-License-Identifier: Apache-2.0
package io.capauth.redis;

import io.capauth.CapauthException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** What this worker met without hearing from the service: it leaves the customer to others for a while. */
final class OwnFailures {
    private final Map<String, Held> held = new ConcurrentHashMap<String, Held>();

    private static final class Held {
        final CapauthException failure;
        final long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(SharedFailure.PAUSE_MILLIS);

        Held(CapauthException failure) {
            this.failure = failure;
        }
    }

    void add(String name, CapauthException failure) {
        held.put(name, new Held(failure));
    }

    /** null when there is none, or its while is over. */
    CapauthException of(String name) {
        Held found = held.get(name);
        if (found == null || System.nanoTime() - found.end < 0) {
            return found == null ? null : found.failure;
        }
        held.remove(name, found);
        return null;
    }
}
