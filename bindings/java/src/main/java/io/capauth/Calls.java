// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;

/**
 * The calls of a client that somebody started, and the one thread that moves them on and tells listeners. It begins with
 * the first of them and ends with the client, or after a while without any, so that a client which nobody closes can be
 * collected. Nothing that an application throws ends it. A client without a thread does all of that in {@link #poll}.
 */
final class Calls implements Runnable {
    private static final int IDLE_MILLIS = 10000;
    /**
     * How long the thread waits in C at a time. What ends a call also ends the wait; only a listener that is added to a
     * call which ended before has to stand in line.
     */
    private static final int SLICE_MILLIS = 100;

    final boolean background;
    private final ClientHandle client;
    private final Executor executor;
    private final Map<Long, Call<?>> inFlight = new HashMap<Long, Call<?>>();
    private final Queue<Delivery<?>> due = new ArrayDeque<Delivery<?>>(); // those without an executor
    private final Queue<Call<?>> handOut = new ArrayDeque<Call<?>>(); // what the last poll saw end, for nextDone
    private final Queue<Call<?>> early = new ArrayDeque<Call<?>>(); // what had ended when it was started: the next poll's
    ThreadFactory threads = new OwnThread();
    private Thread thread;
    private boolean closed;

    /** What next_done gives: a pointer that belongs to a Call. */
    private static final class Borrowed extends CallHandle {
        long address;

        @Override
        void fill(long given) {
            address = given;
        }
    }

    Calls(ClientHandle client, Executor executor, boolean background) {
        this.client = client;
        this.executor = executor;
        this.background = background;
    }

    /** Whether who waits here parks, and leaves the work to the client's thread. */
    boolean parkHere() {
        return background && VirtualThreads.current();
    }

    /** @throws Error where the system refuses a thread: then there is no call, and the next one tries again */
    <T> Call<T> started(Call<T> call) {
        if (call.settle()) { // refused on the spot
            endedEarly(call);
            return call;
        }
        try {
            synchronized (this) {
                inFlight.put(call.address, call);
                needThread();
            }
        } catch (Throwable refused) {
            forget(call);
            call.abandon();
            throw refused;
        }
        if (call.settle()) { // before it was known here
            endedEarly(call);
        }
        return call;
    }

    private synchronized void endedEarly(Call<?> call) {
        if (!background) {
            early.add(call);
        }
    }

    /** Somebody has taken the outcome: nobody need be told of it. */
    void taken(Call<?> call) {
        if (!background) {
            synchronized (this) {
                early.remove(call);
            }
        }
    }

    private synchronized void forget(Call<?> call) {
        inFlight.remove(call.address);
    }

    /** With the lock. */
    private void needThread() {
        if (!background) {
            return;
        }
        if (thread != null) {
            notifyAll();
            return;
        }
        Thread made = threads.newThread(this);
        made.start();
        thread = made;
    }

    /** Called by the call, with its lock: nobody sees it ended and its listeners not in line. */
    synchronized void ended(Call<?> call, List<? extends Delivery<?>> deliveries) {
        if (inFlight.get(call.address) == call) {
            inFlight.remove(call.address);
        }
        for (Delivery<?> delivery : deliveries) {
            if (by(delivery) == null) {
                due.add(delivery);
            }
        }
    }

    private Executor by(Delivery<?> delivery) {
        return delivery.executor == null ? executor : delivery.executor;
    }

    /** Tells of a call that had ended before anybody asked. */
    void tellLate(Delivery<?> delivery) {
        if (by(delivery) == null) {
            line(delivery);
        } else {
            execute(delivery);
        }
    }

    private synchronized void line(Delivery<?> delivery) {
        due.add(delivery);
        try {
            needThread();
        } catch (Throwable refused) {
            due.remove(delivery);
            throw refused;
        }
    }

    /** Hands it to its executor, if it has one. Throws nothing that the executor throws. */
    void execute(Delivery<?> delivery) {
        Executor by = by(delivery);
        if (by == null) {
            return;
        }
        try {
            by.execute(delivery);
        } catch (RejectedExecutionException e) {
            executorRefused(delivery); // the application shut it down
        } catch (Throwable thrown) {
            Listeners.uncaught(thrown);
            executorRefused(delivery);
        }
    }

    private void executorRefused(Delivery<?> delivery) {
        if (delivery.mustArrive) {
            line(delivery);
        }
    }

    /** The thread's work, also for clients that have none. Gives what C gives. */
    int poll(int millis) {
        synchronized (this) {
            handOut.clear();
            handOut.addAll(early);
            early.clear();
        }
        int finished = Native.client_poll(client, millis);
        collect(finished);
        tell();
        return finished;
    }

    synchronized Call<?> nextDone() {
        return handOut.poll();
    }

    /** Takes over what has ended: so many calls since the last time. */
    private void collect(int finished) {
        Borrowed next = new Borrowed();
        int seen = 0;
        for (; Native.client_next_done(client, next) == 1; seen++) {
            Call<?> call;
            synchronized (this) {
                call = inFlight.get(next.address); // not there: a blocking operation's, or known already
                if (call != null && !background) {
                    handOut.add(call);
                }
            }
            if (call != null) {
                call.settle();
            }
        }
        if (seen < finished) {
            settleAll(); // somebody waited for one, and may not have told us yet
        }
    }

    private void settleAll() {
        List<Call<?>> all;
        synchronized (this) {
            all = new ArrayList<Call<?>>(inFlight.values());
        }
        for (Call<?> call : all) {
            call.settle();
        }
    }

    /** Tells those who are in line. */
    private void tell() {
        for (Delivery<?> next = nextDue(); next != null; next = nextDue()) {
            try {
                next.run();
            } catch (Throwable thrown) {
                Listeners.uncaught(thrown);
            }
        }
    }

    private synchronized Delivery<?> nextDue() {
        return due.poll();
    }

    /** After the client was closed: everything has ended. Told by the thread, if there is one. */
    void close() {
        synchronized (this) {
            closed = true;
            if (thread != null) {
                notifyAll();
                return;
            }
        }
        settleLast();
        tell();
    }

    /** After a session was closed. A client without a thread tells at the next poll. */
    void closedSession() {
        synchronized (this) {
            if (thread != null) {
                return;
            }
        }
        settleAll();
    }

    private void settleLast() {
        collect(Native.client_poll(client, 0));
        settleAll();
        synchronized (this) {
            inFlight.clear();
        }
    }

    @Override
    public void run() {
        while (waitForWork()) {
            try {
                if (isClosed()) {
                    settleLast();
                    tell();
                } else if (poll(anyInFlight() ? SLICE_MILLIS : 0) < 0) {
                    pause(SLICE_MILLIS); // poll refuses at once
                }
            } catch (Throwable thrown) {
                Listeners.uncaught(thrown);
            }
        }
    }

    /** Ends early when there is news. An interrupt is a listener's doing: nobody else knows this thread. */
    private synchronized void pause(long millis) {
        try {
            wait(millis);
        } catch (InterruptedException e) {
            return;
        }
    }

    /** False: the thread is to end, and no longer the client's. */
    private synchronized boolean waitForWork() {
        long start = System.nanoTime();
        while (inFlight.isEmpty() && due.isEmpty()) {
            long left = IDLE_MILLIS - (System.nanoTime() - start) / 1000000;
            if (closed || left <= 0) {
                thread = null;
                return false;
            }
            pause(left);
        }
        return true;
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    private synchronized boolean anyInFlight() {
        return !inFlight.isEmpty();
    }
}
