// SPDX-License-Identifier: Apache-2.0
package android.os;

/** Stands in for Android's, so that a test can be the main thread. */
public final class Looper {
    private static final Looper MAIN = new Looper();
    private static final ThreadLocal<Looper> MINE = new ThreadLocal<Looper>();

    private Looper() {}

    public static Looper getMainLooper() {
        return MAIN;
    }

    public static Looper myLooper() {
        return MINE.get();
    }

    public static void asMain(Runnable what) {
        MINE.set(MAIN);
        try {
            what.run();
        } finally {
            MINE.remove();
        }
    }
}
