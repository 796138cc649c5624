// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import java.lang.reflect.Method;

/** Android's main thread, which draws: it may not wait. Elsewhere there is none. */
final class MainThread {
    private static final Method MY_LOOPER = looper("myLooper");
    private static final Method MAIN_LOOPER = looper("getMainLooper");

    private MainThread() {}

    private static Method looper(String name) {
        try {
            return Class.forName("android.os.Looper").getMethod(name);
        } catch (ReflectiveOperationException e) {
            return null;
        }
    }

    /** @throws IllegalStateException on Android's main looper */
    static void refuse(String what) {
        if (MY_LOOPER == null || MAIN_LOOPER == null) {
            return;
        }
        try {
            Object mine = MY_LOOPER.invoke(null);
            if (mine != null && mine == MAIN_LOOPER.invoke(null)) {
                throw new IllegalStateException(what + " would block the main thread: use its start... or async() form");
            }
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("android.os.Looper cannot be asked", e);
        }
    }
}
