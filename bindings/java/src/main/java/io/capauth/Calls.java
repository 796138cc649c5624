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
 * The calls of a client that were started, and the one thread that drives them and tells listeners. The thread starts
 * with the first call and ends with the client, or after a while without calls, so that a client which nobody closes
 * can be collected. Nothing that an application throws ends it. A client without a thread does all of that in
 * {@link #poll}.
 */
final class Calls implements Runnable {
    private static final int IDLE_MILLIS = 10000;
    /**
     * How long the thread waits in C at a time. What finishes a call also ends the wait; only a listener that is added
     * to a call which finished before has to wait for the next time.
     */
    private static final int SLICE_MILLIS = 100;

    final boolean background;
    private final ClientHandle client;
    private final Executor executor;
    private final Map<Long, Call<?>> inFlight = new HashMap<Long, Call<?>>();
    private final DeliveryQueue queue = new DeliveryQueue(); // of those without an executor
    private final Queue<Call<?>> finishedInPoll = new ArrayDeque<Call<?>>(); // in the last one, for nextDone
    private final Queue<Call<?>> finishedAtStart = new ArrayDeque<Call<?>>(); // for the next poll
    ThreadFactory threads = new OwnThread();
    private Thread thread;
    private boolean closed;
    private volatile boolean missed; // an end, by the thread mostly, which failed for lack of memory perhaps

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

    /** Whether a thread that waits here parks, and leaves the work to the client's thread. */
    boolean parkHere() {
        return background && VirtualThreads.current();
    }

    /** @throws Error where the system refuses a thread: then there is no call, and the next one tries again */
    <T> Call<T> started(Call<T> call) {
        if (call.settle()) { // refused on the spot
            finishedEarly(call);
            return call;
        }
        try {
            synchronized (this) {
                inFlight.put(call.makeAddress(), call);
                needThread();
            }
        } catch (Throwable refused) {
            discard(call);
            call.abandon();
            throw refused;
        }
        if (call.settle()) { // before it was known here
            finishedEarly(call);
        }
        return call;
    }

    private synchronized void finishedEarly(Call<?> call) {
        if (!background) {
            finishedAtStart.add(call);
        }
    }

    /** The outcome was taken: nextDone need not give this call. */
    void taken(Call<?> call) {
        if (!background) {
            synchronized (this) {
                finishedAtStart.remove(call);
            }
        }
    }

    private synchronized void discard(Call<?> call) {
        inFlight.remove(call.address());
    }

    /** The caller holds the lock. */
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

    /** Called by the call, which holds its lock: nobody sees it finished and its listeners not in the queue. */
    synchronized void finished(Call<?> call, List<? extends Delivery<?>> deliveries) {
        for (int i = 0; i < deliveries.size(); i++) {
            if (executorOf(deliveries.get(i)) == null) {
                queue.add(deliveries.get(i));
            }
        }
        if (inFlight.get(call.address()) == call) {
            inFlight.remove(call.address());
        }
    }

    private Executor executorOf(Delivery<?> delivery) {
        return delivery.executor == null ? executor : delivery.executor;
    }

    /** Tells a listener that came after the call had finished. */
    void deliverLate(Delivery<?> delivery) {
        if (executorOf(delivery) == null) {
            enqueue(delivery);
        } else {
            execute(delivery);
        }
    }

    private synchronized void enqueue(Delivery<?> delivery) {
        queue.add(delivery);
        try {
            needThread();
        } catch (Throwable refused) {
            queue.remove(delivery);
            throw refused;
        }
    }

    /** Hands it to its executor, if it has one. Throws nothing that the executor throws. */
    void execute(Delivery<?> delivery) {
        Executor by = executorOf(delivery);
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
            enqueue(delivery);
        }
    }

    /** One round of the thread's work, also for clients that have none. Returns what C returns. */
    int poll(int millis) {
        synchronized (this) {
            finishedInPoll.clear();
            finishedInPoll.addAll(finishedAtStart);
            finishedAtStart.clear();
        }
        int finished = Native.client_poll(client, millis);
        collect(finished);
        runDeliveries();
        return finished;
    }

    /** Whether it makes sense to poll on: there is nothing for nextDone, and the client is open. */
    synchronized boolean moreMayEnd() {
        return finishedInPoll.isEmpty() && !closed;
    }

    synchronized Call<?> nextDone() {
        return finishedInPoll.poll();
    }

    /** Takes over the outcomes of calls that have finished: so many since the last time. */
    private void collect(int finished) {
        Borrowed next = new Borrowed();
        int seen = 0;
        for (; Native.client_next_done(client, next) == 1; seen++) {
            Call<?> call;
            synchronized (this) {
                call = inFlight.get(next.address); // not there: a blocking operation's, or known already
                if (call != null && !background) {
                    finishedInPoll.add(call);
                }
            }
            if (call != null) {
                call.settle();
            }
        }
        if (seen < finished) {
            settleAll(); // another thread waited for one, and may not have told us yet
        }
    }

    /** One that fails, for lack of stack perhaps, does not keep the others from their ends. */
    private void settleAll() {
        List<Call<?>> all;
        synchronized (this) {
            all = new ArrayList<Call<?>>(inFlight.values());
        }
        for (Call<?> call : all) {
            try {
                call.settle();
            } catch (Throwable thrown) {
                missed = true;
                Listeners.uncaught(thrown);
            }
        }
    }

    /** Tells the listeners in the queue. */
    private void runDeliveries() {
        for (Delivery<?> next = nextDelivery(); next != null; next = nextDelivery()) {
            try {
                next.run();
            } catch (Throwable thrown) {
                Listeners.uncaught(thrown);
            }
        }
    }

    private synchronized Delivery<?> nextDelivery() {
        return queue.poll();
    }

    /** After the client was closed: everything has finished. The thread tells the listeners, if there is one. */
    void close() {
        synchronized (this) {
            closed = true;
            if (thread != null) {
                notifyAll();
                return;
            }
        }
        settleLast();
        runDeliveries();
    }

    /** After a session was closed. A client without a thread tells the listeners in the next poll. */
    void closedSession() {
        synchronized (this) {
            if (thread != null || inFlight.isEmpty()) {
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
                work();
            } catch (Throwable thrown) {
                missed = true;
                Listeners.uncaught(thrown);
            }
        }
    }

    /** What the thread does between two looks whether there is anything to do. */
    private void work() {
        if (missed) { // C tells of the end of a call once
            pause(SLICE_MILLIS);
            missed = false;
            settleAll();
        }
        if (isClosed()) {
            settleLast();
            runDeliveries();
        } else if (poll(anyInFlight() ? SLICE_MILLIS : 0) < 0) {
            pause(SLICE_MILLIS); // poll refuses at once
        }
    }

    /** Returns early when there is news. An interrupt comes from a listener: nobody else knows this thread. */
    private synchronized void pause(long millis) {
        try {
            wait(millis);
        } catch (InterruptedException e) {
            return;
        }
    }

    /** False: the thread ends, and is no longer the client's. */
    private synchronized boolean waitForWork() {
        long start = System.nanoTime();
        while (inFlight.isEmpty() && queue.isEmpty()) {
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
