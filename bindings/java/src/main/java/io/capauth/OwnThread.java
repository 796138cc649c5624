// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import java.lang.reflect.Constructor;
import java.util.concurrent.ThreadFactory;

/**
 * Makes the client's thread. It takes nothing over from the thread that happens to be the first to start a call:
 * neither its context class loader, which it would keep from being collected, nor its thread-locals (Java 9 and later;
 * before that nobody can refuse those).
 */
final class OwnThread implements ThreadFactory {
    private static final Constructor<Thread> BARE = bare();

    private static Constructor<Thread> bare() {
        try {
            return Thread.class.getConstructor(
                    ThreadGroup.class, Runnable.class, String.class, long.class, boolean.class);
        } catch (NoSuchMethodException e) {
            return null;
        }
    }

    @Override
    public Thread newThread(Runnable task) {
        Thread thread = made(task);
        thread.setDaemon(true);
        thread.setPriority(Thread.NORM_PRIORITY);
        thread.setContextClassLoader(OwnThread.class.getClassLoader());
        return thread;
    }

    private static Thread made(Runnable task) {
        if (BARE != null) {
            try {
                return BARE.newInstance(null, task, "capauth", 0L, false);
            } catch (ReflectiveOperationException e) {
                return new Thread(task, "capauth");
            }
        }
        return new Thread(task, "capauth");
    }
}
