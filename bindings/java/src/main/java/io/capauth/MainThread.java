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
            Class<?> looper = Class.forName("android.os.Looper", false, MainThread.class.getClassLoader());
            return looper.getMethod(name);
        } catch (ReflectiveOperationException e) {
            return null;
        } catch (LinkageError e) {
            return null;
        }
    }

    /** @throws IllegalStateException on Android's main looper */
    static void refuse(String what) {
        if (isCurrent()) {
            throw new IllegalStateException(what + " would block the main thread: use its start... or async() form");
        }
    }

    private static boolean isCurrent() {
        if (MY_LOOPER == null || MAIN_LOOPER == null) {
            return false;
        }
        try {
            Object mine = MY_LOOPER.invoke(null);
            return mine != null && mine == MAIN_LOOPER.invoke(null);
        } catch (ReflectiveOperationException e) {
            return false; // a stub of android.jar's, which throws: a unit test, not a phone
        } catch (LinkageError e) {
            return false;
        }
    }
}
