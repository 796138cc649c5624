// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import java.lang.reflect.Method;

/** Java 21's: while one waits inside C it holds on to its carrier, of which there are few. */
final class VirtualThreads {
    private static final Method IS_VIRTUAL = isVirtual();

    private VirtualThreads() {}

    private static Method isVirtual() {
        try {
            return Thread.class.getMethod("isVirtual");
        } catch (NoSuchMethodException e) {
            return null;
        }
    }

    /** Whether this code runs on one. */
    static boolean current() {
        try {
            return IS_VIRTUAL != null && (Boolean) IS_VIRTUAL.invoke(Thread.currentThread());
        } catch (ReflectiveOperationException e) {
            return false; // in the preview of Java 19 and 20 it may not be asked
        }
    }
}
