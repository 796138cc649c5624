// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * The calls of a client that somebody started, and the one thread that moves them on. It begins with the first of them
 * and ends with the client, or after a while without any, so that a client which nobody closes can be collected.
 */
final class Calls implements Runnable {
    private static final int IDLE_MILLIS = 10000;
    /** How long the thread waits at a time: it looks then whether it is idle. */
    private static final int SLICE_MILLIS = 1000;

    private final NativeClient client;
    private final Executor executor;
    private final boolean background;
    private final Map<Long, Call<?>> inFlight = new HashMap<Long, Call<?>>();
    private final Queue<Call<?>> handOut = new ArrayDeque<Call<?>>(); // for nextDone, where there is no thread
    private Thread thread;
    private boolean closed;

    /** What next_done gives: a pointer that belongs to a Call. */
    private static final class Borrowed extends NativeCall {
        long address;

        @Override
        void fill(long given) {
            address = given;
        }
    }

    Calls(NativeClient client, Executor executor, boolean background) {
        this.client = client;
        this.executor = executor;
        this.background = background;
    }

    <T> Call<T> started(Call<T> call) {
        if (call.address != 0) {
            synchronized (this) {
                inFlight.put(call.address, call);
                if (background && !closed && thread == null) {
                    thread = new Thread(this, "capauth");
                    thread.setDaemon(true);
                    thread.start();
                }
            }
            call.settle(); // it may have ended before it was known here
        }
        return call;
    }

    void ended(Call<?> call) {
        synchronized (this) {
            if (inFlight.get(call.address) == call) {
                inFlight.remove(call.address);
                if (!background) {
                    handOut.add(call);
                }
            }
        }
    }

    Call<?> nextDone() {
        synchronized (this) {
            return handOut.poll();
        }
    }

    /** Tells the calls that have ended so. */
    void deliver() {
        Borrowed next = new Borrowed();
        while (Native.client_next_done(client, next) == 1) {
            Call<?> call;
            synchronized (this) {
                call = inFlight.get(next.address); // not there: a blocking operation's, or known already
            }
            if (call != null) {
                call.settle();
            }
        }
    }

    /** After the client was closed: everything has ended. Told by the thread, if there is one. */
    void close() {
        synchronized (this) {
            closed = true;
            if (thread != null) {
                return;
            }
        }
        settleAll();
    }

    /** After a session was closed. */
    void closedSession() {
        synchronized (this) {
            if (thread != null) {
                return;
            }
        }
        deliver();
    }

    private void settleAll() {
        ArrayList<Call<?>> all;
        synchronized (this) {
            all = new ArrayList<Call<?>>(inFlight.values());
        }
        for (Call<?> call : all) {
            call.settle();
        }
    }

    @Override
    public void run() {
        long busy = System.nanoTime();
        while (true) {
            Native.client_poll(client, SLICE_MILLIS);
            deliver();
            synchronized (this) {
                if (!inFlight.isEmpty()) {
                    busy = System.nanoTime();
                }
                if (closed || (System.nanoTime() - busy) / 1000000 >= IDLE_MILLIS) {
                    thread = null;
                    break;
                }
            }
        }
        settleAll(); // of a closed client; else there is none
    }

    void post(Executor chosen, Runnable delivery) {
        Executor by = chosen == null ? executor : chosen;
        try {
            if (by == null) {
                delivery.run();
            } else {
                by.execute(delivery);
            }
        } catch (RejectedExecutionException e) {
            return; // the application shut its executor down: there is nobody to tell any more
        } catch (RuntimeException e) {
            Listeners.uncaught(e);
        }
    }
}
