// SPDX-License-Identifier: Apache-2.0
package io.capauth;

/** The time that somebody is ready to wait, in slices: between two of them an interrupt is seen. */
final class Slices {
    static final int MILLIS = 100;

    private final String operation;
    private final long millis;
    private final long start = System.nanoTime();

    /** A negative time is without limit. */
    Slices(String operation, long millis) {
        this.operation = operation;
        this.millis = millis;
    }

    /**
     * How long to wait next; 0 when the time is over.
     *
     * @throws CancelledException if the thread was interrupted; its status stays set
     */
    int next() {
        long left = millis < 0 ? MILLIS : millis - (System.nanoTime() - start) / 1000000;
        if (millis == 0 || left <= 0) {
            return 0;
        }
        if (Thread.currentThread().isInterrupted()) {
            throw CapauthException.of(ErrorCode.CANCELLED, operation,
                    operation + ": the thread was interrupted while it waited");
        }
        return (int) Math.min(left, MILLIS);
    }
}
