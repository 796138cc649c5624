// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import java.lang.ref.WeakReference;

/**
 * What C calls, by the name "called". C holds these strongly, so they hold the application's objects weakly: else a
 * listener that knows its session would keep it from ever being collected. No exception goes back into C.
 */
final class Listeners {
    /** The client whose callback this thread is in. */
    private static final ThreadLocal<Client> CALLING = new ThreadLocal<Client>();

    private Listeners() {}

    /** Whether this thread is in a callback of that client, where waiting for it is refused. */
    static boolean calling(Client client) {
        return CALLING.get() == client;
    }

    /** An exception that nobody is there to catch: the thread's handler is told, as if it had ended a thread. */
    static void uncaught(Throwable thrown) {
        Thread thread = Thread.currentThread();
        try {
            Thread.UncaughtExceptionHandler handler = thread.getUncaughtExceptionHandler();
            if (handler != null) {
                handler.uncaughtException(thread, thrown);
            }
        } catch (Throwable ignored) {
            return; // as the virtual machine does, which asks the handler of a thread that ends
        }
    }

    private abstract static class Callback implements Runnable {
        final Client client;

        Callback(Client client) {
            this.client = client;
        }

        void guarded() {
            Client outer = CALLING.get();
            CALLING.set(client);
            try {
                run();
            } catch (Throwable thrown) {
                uncaught(thrown);
            } finally {
                if (outer == null) {
                    CALLING.remove();
                } else {
                    CALLING.set(outer);
                }
            }
        }
    }

    static final class Log {
        private final WeakReference<Client> client;

        Log(Client client) {
            this.client = new WeakReference<Client>(client);
        }

        void called(final int level, final byte[] message) {
            final Client to = client.get();
            if (to != null) {
                new Callback(to) {
                    @Override
                    public void run() {
                        to.log.log(LogLevel.of(level), Text.orEmpty(message));
                    }
                }.guarded();
            }
        }
    }

    static final class Trace {
        private final WeakReference<Client> client;

        Trace(Client client) {
            this.client = new WeakReference<Client>(client);
        }

        void called(int event, long callId, byte[] operation, int result, int httpStatus, int attempts, int millis) {
            final Client to = client.get();
            final TraceEvent what = new TraceEvent(
                    event, callId, Text.orEmpty(operation), result, httpStatus, attempts, millis);
            if (to != null) {
                new Callback(to) {
                    @Override
                    public void run() {
                        to.trace.trace(what);
                    }
                }.guarded();
            }
        }
    }

    static final class Change {
        private final WeakReference<Session> session;

        Change(Session session) {
            this.session = new WeakReference<Session>(session);
        }

        void called() {
            final Session of = session.get();
            final ChangeListener listener = of == null ? null : of.changeListener;
            if (listener != null) {
                new Callback(of.client) {
                    @Override
                    public void run() {
                        listener.changed(of);
                    }
                }.guarded();
            }
        }
    }
}
