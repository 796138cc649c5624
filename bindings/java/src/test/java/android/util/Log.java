// SPDX-License-Identifier: Apache-2.0
package android.util;

/** Stands in for Android's, for the example. */
public final class Log {
    private Log() {}

    public static int w(String tag, String message, Throwable why) {
        throw new AssertionError(message, why);
    }
}
