// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import java.util.concurrent.Executor;

/** A listener that is to be told that a call has finished. */
final class Delivery<T> implements Runnable {
    private final Call<T> call;
    private final CallListener<? super T> listener;
    /** Where it runs; null: on the client's own thread. */
    final Executor executor;
    /** A future, which somebody waits for: it is told on the client's thread when its executor refuses. */
    final boolean mustArrive;
    Delivery<?> next; // in the queue of the calls

    Delivery(Call<T> call, Executor executor, CallListener<? super T> listener, boolean mustArrive) {
        this.call = call;
        this.executor = executor;
        this.listener = listener;
        this.mustArrive = mustArrive;
    }

    @SuppressWarnings("unchecked") // a listener of a wider type only reads from the call
    @Override
    public void run() {
        ((CallListener<T>) listener).done(call);
    }
}
