// SPDX-License-Identifier: Apache-2.0
package android.os;

/** Stands in for Android's, so that a test can be the main thread; or for the stub in android.jar, which throws. */
public final class Looper {
    private static final Looper MAIN = new Looper();
    private static final ThreadLocal<Looper> MINE = new ThreadLocal<Looper>();

    private static volatile RuntimeException stub;

    private Looper() {}

    public static Looper getMainLooper() {
        return checked(MAIN);
    }

    public static Looper myLooper() {
        return checked(MINE.get());
    }

    private static Looper checked(Looper looper) {
        if (stub != null) {
            throw stub;
        }
        return looper;
    }

    public static void asStub(String message, Runnable what) {
        stub = new RuntimeException(message);
        try {
            what.run();
        } finally {
            stub = null;
        }
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
