// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import java.util.concurrent.CompletableFuture;

/** A call as a future. Cancelling it cancels the call. */
final class CallFuture<T> extends CompletableFuture<T> implements CallListener<T> {
    private final Call<T> call;

    CallFuture(Call<T> call) {
        this.call = call;
        call.onDone(this);
    }

    @Override
    public void done(Call<T> ended) {
        try {
            complete(ended.result());
        } catch (CapauthException e) {
            completeExceptionally(e);
        }
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
        boolean cancelled = super.cancel(mayInterruptIfRunning);
        call.cancel();
        return cancelled;
    }
}
