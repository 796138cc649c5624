// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class AsyncTest extends Fixture {
    @Test
    void futures_sign_in() throws Exception {
        Session customer = customer();
        AsyncSession async = customer.async();
        String token = async.generateToken()
                .thenCompose(nothing -> async.generateOtp())
                .thenCompose(nothing -> async.validateOtp(otp()))
                .thenCompose(nothing -> async.ensureToken())
                .get(LIMIT_SECONDS, TimeUnit.SECONDS);
        assertEquals(customer.token(), token);
        assertTrue(customer.signedIn());
        assertTrue(async.gateway("GET", "customer/get").get(LIMIT_SECONDS, TimeUnit.SECONDS).ok());
        async.signOut().get(LIMIT_SECONDS, TimeUnit.SECONDS);
        assertFalse(async.session().signedIn());
    }

    @Test
    void failure_is_the_cause() {
        CompletableFuture<Void> later = asked().async().validateOtp(wrongOtp().toCharArray());
        ExecutionException failed = assertThrows(
                ExecutionException.class, () -> later.get(LIMIT_SECONDS, TimeUnit.SECONDS));
        assertEquals(InvalidOtpException.class, failed.getCause().getClass());
        CompletionException joined = assertThrows(CompletionException.class, later::join);
        assertEquals(InvalidOtpException.class, joined.getCause().getClass());
    }

    @Test
    void bad_argument_fails_the_future() {
        CompletableFuture<Void> later = asked().async().validateOtp("");
        ExecutionException failed = assertThrows(
                ExecutionException.class, () -> later.get(LIMIT_SECONDS, TimeUnit.SECONDS));
        assertEquals("otp", ((InvalidArgumentException) failed.getCause()).argument());
    }

    @Test
    void cancel_passes_through() throws Exception {
        fault("/auth/v1/token/generate", "delayMs", 60000);
        Session customer = customer();
        CompletableFuture<Void> later = customer.async().generateToken();
        awaitArrival("POST /auth/v1/token/generate");
        assertTrue(later.cancel(true));
        assertThrows(CancellationException.class, later::join);
        customer.generateToken(); // and is not busy
    }

    @Test
    void client_is_prepared_as_a_future() throws Exception {
        client.async().prepare().get(LIMIT_SECONDS, TimeUnit.SECONDS);
        assertSame(client, client.async().client());
        try (Client nowhere = Client.builder().baseUrl("https://127.0.0.1:1").build()) {
            ExecutionException failed = assertThrows(
                    ExecutionException.class, () -> nowhere.async().prepare().get(LIMIT_SECONDS, TimeUnit.SECONDS));
            assertEquals("prepare", ((NetworkException) failed.getCause()).operation());
        }
    }

    @Test
    void whoever_else_completes_a_future_cancels_its_call() throws Exception {
        emulator.fault(map("path", "/auth/v1/token/generate", "brand", brand, "count", 4, "delayMs", 60000));
        List<Consumer<CompletableFuture<Void>>> ways = new ArrayList<>();
        ways.add(later -> later.complete(null));
        ways.add(later -> later.completeExceptionally(new IllegalStateException()));
        ways.add(later -> later.cancel(false));
        ways.add(AsyncTest::timedOut);
        for (Consumer<CompletableFuture<Void>> way : ways) {
            BlockingQueue<Call<Void>> ended = new LinkedBlockingQueue<>();
            CallFuture<Void> later = new CallFuture<>(customer().startGenerateToken().onDone(ended::add));
            way.accept(later);
            Call<Void> call = take(ended);
            thrown(CancelledException.class, ErrorCode.CANCELLED, call::result);
            assertTrue(later.isDone());
        }
    }

    /** Java 9's orTimeout, where there is one. */
    private static void timedOut(CompletableFuture<Void> later) {
        try {
            CompletableFuture.class.getMethod("orTimeout", long.class, TimeUnit.class)
                    .invoke(later, 50L, TimeUnit.MILLISECONDS);
            ExecutionException failed = assertThrows(
                    ExecutionException.class, () -> later.get(LIMIT_SECONDS, TimeUnit.SECONDS));
            assertEquals(TimeoutException.class, failed.getCause().getClass());
        } catch (NoSuchMethodException java8) {
            later.cancel(true);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void futures_complete_on_the_executor_of_the_client() throws Exception {
        ExecutorService executor = Executors.newSingleThreadExecutor(run -> new Thread(run, "mine"));
        try (Client of = emulator.clientBuilder().executor(executor).build()) {
            fault("/auth/v1/token/generate", "delayMs", 100);
            String thread = customer(of).async().generateToken()
                    .thenApply(nothing -> Thread.currentThread().getName())
                    .get(LIMIT_SECONDS, TimeUnit.SECONDS);
            assertEquals("mine", thread);
        } finally {
            executor.shutdown();
        }
    }

    @Test
    void closing_completes_futures_with_cancelled() {
        fault("/auth/v1/token/generate", "delayMs", 5000);
        CompletableFuture<Void> later = customer().async().generateToken();
        client.close();
        ExecutionException failed = assertThrows(
                ExecutionException.class, () -> later.get(LIMIT_SECONDS, TimeUnit.SECONDS));
        assertEquals(CancelledException.class, failed.getCause().getClass());
    }

    @Test
    void thousand_sign_ins_at_once() throws Exception {
        emulator.brand(brand, map("FIXED_OTP", "135790"));
        int before = Handle.count();
        List<CompletableFuture<Boolean>> all = new ArrayList<>();
        try (Client of = emulator.clientBuilder().timeoutMillis(60000).build()) {
            for (int i = 0; i < 1000; i++) {
                Session one = of.session(brand).mobile("9155" + (100000 + i)).deviceId("d").build();
                AsyncSession async = one.async();
                all.add(async.generateToken()
                        .thenCompose(nothing -> async.generateOtp())
                        .thenCompose(nothing -> async.validateOtp("135790"))
                        .thenApply(nothing -> one.signedIn()));
            }
            for (CompletableFuture<Boolean> one : all) {
                assertTrue(one.get(LIMIT_SECONDS, TimeUnit.SECONDS));
            }
            // The calls are freed as they end; only the sessions wait for the collector.
            assertTrue(Handle.count() - before <= 1001, () -> "handles: " + Handle.count());
        }
    }
}
