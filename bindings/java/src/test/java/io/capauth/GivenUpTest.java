// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** An operation that was given up leaves room for the next at once, whoever drives the calls. */
class GivenUpTest extends Fixture {
    private static final String GENERATE = "/auth/v1/token/generate";
    private static final int ROUNDS = 20;

    @BeforeEach
    void warmUp() {
        client.prepare();
    }

    /** One that the emulator has got and does not answer. */
    private Call<Void> stuck(Session customer) {
        long before = requests("POST " + GENERATE);
        fault(GENERATE, "delayMs", 60000);
        Call<Void> call = customer.startGenerateToken();
        await(() -> {
            assertFalse(call.await(1));
            return requests("POST " + GENERATE) > before;
        });
        return call;
    }

    private void assertRoomAfterCancel(Client of) {
        for (int i = 0; i < ROUNDS; i++) {
            Session customer = customer(of);
            stuck(customer).cancel();
            customer.generateToken();
            assertEquals("VIEW", customer.role());
        }
    }

    @Test
    void cancelled_operation() {
        assertRoomAfterCancel(client);
    }

    @Test
    void cancelled_operation_in_a_program_that_only_blocks() {
        try (Client blocking = emulator.clientBuilder().background(false).build()) {
            assertRoomAfterCancel(blocking);
        }
    }

    @Test
    void operation_past_its_deadline_in_a_program_that_only_blocks() {
        try (Client blocking = emulator.clientBuilder().background(false).build()) {
            Session customer = customer(blocking);
            long begun = System.nanoTime();
            Call<Void> late = customer.startGenerateToken(new Options().timeoutMillis(1));
            await(() -> System.nanoTime() - begun > 2_000_000); // nobody drives it
            customer.generateToken();
            thrown(DeadlineException.class, ErrorCode.DEADLINE, late::result);
        }
    }

    @Test
    void operation_whose_future_somebody_else_completed() throws Exception {
        for (int i = 0; i < ROUNDS; i++) {
            AsyncSession async = customer().async();
            CompletableFuture<Void> later = new CallFuture<>(stuck(async.session()));
            CompletableFuture<Void> second =
                    later.handle((nothing, failure) -> async.generateToken()).thenCompose(again -> again);
            later.completeExceptionally(new TimeoutException());
            second.get(LIMIT_SECONDS, TimeUnit.SECONDS);
            assertEquals("VIEW", async.session().role());
        }
    }
}
