// SPDX-License-Identifier: Apache-2.0
package io.capauth;

/** Java counts in long, C in int. */
final class Millis {
    private Millis() {}

    /** What does not fit becomes the nearest that does; C refuses it where that is too much. */
    static int of(long millis) {
        return (int) Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, millis));
    }
}
