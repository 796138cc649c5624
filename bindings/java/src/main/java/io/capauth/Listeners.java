// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * What C calls, by the name "called". C holds these weakly, the client or session that they speak for strongly: else a
 * listener that knows its session would keep it, and its class loader, from ever being collected. No exception goes
 * back into C.
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

    private abstract static class Callback {
        final Client client;

        Callback(Client client) {
            this.client = client;
        }

        /** Tells the application. */
        abstract void run();

        final void guarded() {
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
        private final Client client;
        private final LogListener listener;

        Log(Client client, LogListener listener) {
            this.client = client;
            this.listener = listener;
        }

        /** C's number of the least severe level that is wanted now; 0: none is. All are, where nobody can tell. */
        int wantedLevel() {
            int level = LogLevel.DEBUG.number;
            if (!(listener instanceof SelectiveLogListener)) {
                return level;
            }
            try {
                while (level > 0 && !((SelectiveLogListener) listener).isLoggable(LogLevel.of(level))) {
                    level--;
                }
                return level;
            } catch (Throwable thrown) {
                uncaught(thrown);
                return LogLevel.DEBUG.number;
            }
        }

        void called(final int level, final byte[] message) {
            new Callback(client) {
                @Override
                void run() {
                    listener.log(LogLevel.of(level), Text.orEmpty(message));
                }
            }.guarded();
        }
    }

    static final class Trace {
        private final Client client;
        private final TraceListener listener;

        Trace(Client client, TraceListener listener) {
            this.client = client;
            this.listener = listener;
        }

        void called(int event, long callId, byte[] operation, int result, int httpStatus, int attempts, int millis) {
            final TraceEvent what = new TraceEvent(
                    event, callId, Text.orEmpty(operation), result, httpStatus, attempts, millis);
            new Callback(client) {
                @Override
                void run() {
                    listener.trace(what);
                }
            }.guarded();
        }
    }

    static final class Change {
        private final Session session;
        final List<ChangeListener> listeners = new CopyOnWriteArrayList<ChangeListener>();

        Change(Session session) {
            this.session = session;
        }

        void called() {
            for (final ChangeListener listener : listeners) {
                new Callback(session.client) {
                    @Override
                    void run() {
                        listener.changed(session);
                    }
                }.guarded();
            }
        }
    }
}
