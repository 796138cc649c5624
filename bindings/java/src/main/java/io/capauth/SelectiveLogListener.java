// SPDX-License-Identifier: Apache-2.0
package io.capauth;

/** A {@link LogListener} that does not want each message: what it does not want is not even written. */
public interface SelectiveLogListener extends LogListener {
    /**
     * Whether messages of that level are wanted now. Asked when an operation starts, on the thread that starts it, from
     * the least severe level on until one is wanted.
     */
    boolean isLoggable(LogLevel level);
}
