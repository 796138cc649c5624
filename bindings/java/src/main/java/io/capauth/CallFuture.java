// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import java.util.concurrent.CompletableFuture;

/** A call as a future. Whoever else completes it, by cancel or a timeout for instance, cancels the call. */
final class CallFuture<T> extends CompletableFuture<T> implements CallListener<T> {
    private final Call<T> call;
    private volatile boolean overtaken;

    CallFuture(Call<T> call) {
        this.call = call;
        if (call.done()) {
            done(call); // refused on the spot; nobody can be waiting yet
        } else {
            call.deliver(new Delivery<T>(call, null, this, true));
        }
    }

    @Override
    public void done(Call<T> ended) {
        if (overtaken) {
            return;
        }
        try {
            super.complete(ended.result());
        } catch (CapauthException e) {
            super.completeExceptionally(e);
        }
    }

    /** First, so that those who are told of the end can start the operation again. */
    private void cancelCall() {
        overtaken = true;
        call.cancel();
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
        cancelCall();
        return super.cancel(mayInterruptIfRunning);
    }

    @Override
    public boolean complete(T value) {
        cancelCall();
        return super.complete(value);
    }

    @Override
    public boolean completeExceptionally(Throwable thrown) {
        cancelCall();
        return super.completeExceptionally(thrown);
    }
}
