// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One operation in flight, then its outcome. Safe to use from several threads.
 *
 * <p>Interrupting a thread that waits ends the waiting: {@link #await} throws a {@link CancelledException} and leaves
 * the call alone; a blocking operation cancels its call and throws what became of it, a {@link CancelledException} or
 * an {@link UnknownOutcomeException}. The thread's interrupted status stays set.
 */
public final class Call<T extends @Nullable Object> {
    private final Client client;
    private final Session session; // null for the client's own
    private final String operation;
    private final Result<T> result;
    private final CallHandle call; // null for a call that C never saw
    private Long address;

    private boolean done;
    private int waiting; // threads inside call_wait, which must have left before the call is freed
    private T value;
    private CapauthException failure;
    private List<Delivery<T>> deliveries = Collections.emptyList();
    private CountDownLatch ended; // once a virtual thread waits

    Call(Session session, Operation operation, Result<T> result, CallHandle call) {
        this(session.client, session, operation.toString(), result, call);
    }

    /** One of the client's own. */
    Call(Client client, String operation, Result<T> result, CallHandle call) {
        this(client, null, operation, result, call);
    }

    private Call(Client client, Session session, String operation, Result<T> result, CallHandle call) {
        this.client = client;
        this.session = session;
        this.operation = operation;
        this.result = result;
        this.call = call;
    }

    /** A call that was refused before it started. */
    Call(Session session, Operation operation, CapauthException failure) {
        this(session, operation, null, (CallHandle) null);
        this.failure = failure;
        this.done = true;
    }

    /** By which C's next_done names it, for Calls under its lock; null before {@link #makeAddress}. */
    Long address() {
        return address;
    }

    /** An object, and early: what a call does when it has finished takes no memory. */
    Long makeAddress() {
        address = Native.call_address(call);
        return address;
    }

    /** Such as otp_validate. */
    public String operation() {
        return operation;
    }

    /** Whose it is; null for {@link Client#startPrepare}. */
    public @Nullable Session session() {
        return session;
    }

    /** Whether it has finished. Never blocks. */
    public boolean done() {
        return settle();
    }

    /**
     * Waits until the call has finished, at most so many milliseconds; a negative time waits without limit, 0 only
     * looks.
     *
     * @return whether it has finished: {@link #result()} then tells how
     * @throws CancelledException if the thread is interrupted; the call goes on
     * @throws IllegalStateException on Android's main looper
     */
    public boolean await(long millis) {
        if (millis != 0) {
            client.refuseToBlock(operation());
        }
        Slices slices = new Slices(operation(), millis);
        while (!settle()) {
            int slice = slices.next();
            if (slice == 0) {
                return false;
            }
            waitAtMost(slice);
        }
        return true;
    }

    /**
     * What the operation gave. Never blocks.
     *
     * @throws CapauthException what went wrong; {@link ErrorCode#PENDING} when the call has not finished yet
     */
    public T result() {
        if (!settle()) {
            throw CapauthException.of(ErrorCode.PENDING, operation(), null);
        }
        client.calls.taken(this);
        synchronized (this) {
            if (failure != null) {
                throw failure;
            }
            return value;
        }
    }

    /**
     * Ends it with a {@link CancelledException}, or an {@link UnknownOutcomeException} when it may have been done
     * already. Returns at once; does nothing to a call that has finished.
     */
    public void cancel() {
        synchronized (this) {
            if (!done) {
                Native.call_cancel(call);
            }
        }
        settle();
    }

    /** {@link #onDone(Executor, CallListener)} with the client's executor. */
    public Call<T> onDone(CallListener<? super T> listener) {
        return onDone(null, listener);
    }

    /**
     * Gives the call to the listener, on the executor, once it has finished, or soon if it has already. A null executor
     * means the client's; if that has none either, the listener runs on the client's own thread, never on this one. In
     * a client without a thread ({@link Client.Builder#background}) it then runs inside {@link Client#poll}, or
     * {@link Client#close}. An executor that refuses keeps the listener from being told.
     */
    public Call<T> onDone(@Nullable Executor executor, CallListener<? super T> listener) {
        if (listener == null) {
            throw CapauthException.invalid(operation(), "listener", "must not be null");
        }
        deliver(new Delivery<T>(this, executor, listener, false));
        return this;
    }

    void deliver(Delivery<T> delivery) {
        synchronized (this) {
            if (!done) {
                if (deliveries.isEmpty()) {
                    deliveries = new ArrayList<Delivery<T>>(1);
                }
                deliveries.add(delivery);
                return;
            }
        }
        client.calls.deliverLate(delivery);
    }

    /** Takes over the outcome once there is one, and tells the listeners. False: the call is in flight. */
    boolean settle() {
        List<Delivery<T>> told;
        synchronized (this) {
            if (done) {
                return true;
            }
            int code = Native.call_result(call);
            if (code == ErrorCode.PENDING) {
                return false;
            }
            takeOutcome(code); // may lack memory or stack: then the next to look takes it. What follows needs neither
            done = true;
            if (ended != null) {
                ended.countDown();
            }
            told = deliveries;
            deliveries = Collections.emptyList();
            freeWhenUnused();
            client.calls.finished(this, told);
        }
        for (int i = 0; i < told.size(); i++) {
            client.calls.execute(told.get(i));
        }
        return true;
    }

    private void takeOutcome(int code) {
        try {
            if (code == 0) {
                value = result.of(session, call);
            } else {
                failure = Errors.exception(Failure.of(call, code));
            }
        } catch (OutOfMemoryError e) { // for a large reply; the call has finished all the same
            failure = CapauthException.of(ErrorCode.NO_MEMORY, operation(), null);
        }
    }

    /** For a call that nobody gets to see. */
    synchronized void abandon() {
        done = true;
        freeWhenUnused();
    }

    /** Not only when it is collected: a reply can be large, and the collector does not see it. */
    private void freeWhenUnused() {
        if (done && waiting == 0) {
            call.free();
        }
    }

    /** Until the call has finished, the time is over, or it is time to look for an interrupt. */
    private void waitAtMost(int millis) {
        if (client.calls.parkHere()) {
            park(millis);
        } else {
            waitInC(millis);
        }
    }

    /**
     * Waits for the client's thread, which drives the call: a virtual thread leaves its carrier to others meanwhile.
     */
    private void park(int millis) {
        CountDownLatch end;
        synchronized (this) {
            if (done) {
                return;
            }
            if (ended == null) {
                ended = new CountDownLatch(1);
            }
            end = ended;
        }
        try {
            end.await(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // await and finish look for it
        }
    }

    /** Waits in C, which also drives the client's other calls. */
    private void waitInC(int millis) {
        synchronized (this) {
            if (done) {
                return;
            }
            waiting++;
        }
        int code = Native.call_wait(call, millis);
        synchronized (this) {
            waiting--;
            freeWhenUnused();
            if (done || code == 0 || code == ErrorCode.PENDING || Native.call_done(call) == 1) {
                return;
            }
        }
        throw CapauthException.of(code, operation(), null); // no outcome: this thread may not wait
    }

    /** The blocking form: waits, and returns what the operation gave. Nobody else has this call. */
    T finish() {
        boolean interrupted = false;
        try {
            do {
                if (Thread.interrupted()) {
                    interrupted = true;
                    cancel(); // and then wait for what became of it
                } else {
                    waitAtMost(Slices.MILLIS);
                }
            } while (!settle());
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        return result();
    }

    @Override
    public String toString() {
        synchronized (this) {
            String state = !done ? "in flight" : failure == null ? "succeeded" : "failed: " + failure.name();
            return "Call[" + operation() + ", " + state + "]";
        }
    }
}
