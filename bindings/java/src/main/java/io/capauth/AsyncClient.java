// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A client's own operation as a future: see {@link AsyncSession}. Needs API level 24 on Android. */
public final class AsyncClient {
    private final Client client;

    AsyncClient(Client client) {
        this.client = client;
    }

    /** The client itself. */
    public Client client() {
        return client;
    }

    /** {@link Client#prepare()} */
    public CompletableFuture<@Nullable Void> prepare() {
        return new CallFuture<@Nullable Void>(client.startPrepare());
    }
}
