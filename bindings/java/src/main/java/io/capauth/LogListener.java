// SPDX-License-Identifier: Apache-2.0
package io.capauth;

/**
 * Gets what a client has to tell; a {@link SelectiveLogListener} only what it wants. Called on the thread that next
 * leaves a wait or a blocking operation, one message at a time. Waiting on the same client inside is refused.
 */
public interface LogListener {
    /** The message never holds a secret or a whole identifier. */
    void log(LogLevel level, String message);
}
