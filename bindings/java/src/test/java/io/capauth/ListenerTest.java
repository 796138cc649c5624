// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Where listeners of calls run, and that nothing they or executors throw ends anything. */
class ListenerTest extends Fixture {
    private static final String GENERATE = "/auth/v1/token/generate";
    private static final InheritableThreadLocal<String> TENANT = new InheritableThreadLocal<>();

    private final BlockingQueue<Throwable> uncaught = new LinkedBlockingQueue<>();
    private final Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();

    @BeforeEach
    void catchTheUncaught() {
        Thread.setDefaultUncaughtExceptionHandler((thread, thrown) -> uncaught.add(thrown));
    }

    @AfterEach
    void putBackTheHandler() {
        Thread.setDefaultUncaughtExceptionHandler(before);
    }

    private static <T extends Throwable> void throwAs(Throwable thrown) throws T {
        @SuppressWarnings("unchecked")
        T unchecked = (T) thrown;
        throw unchecked;
    }

    private static void awaitThatNobodyDrives() {
        await(() -> CallTest.threads() == 0);
    }

    // ---- On which thread

    @Test
    void listeners_run_on_the_thread_of_the_client_whoever_waits() throws InterruptedException {
        BlockingQueue<String> threads = new LinkedBlockingQueue<>();
        Session customer = signedIn();
        for (int i = 0; i < 200; i++) {
            Call<String> call = customer.startEnsureToken(new Options().marginMillis(i % 2 == 0 ? 0 : 1000000000));
            call.onDone(ended -> threads.add(Thread.currentThread().getName()));
            call.await(-1);
        }
        for (int i = 0; i < 200; i++) {
            assertEquals("capauth", take(threads));
        }
    }

    @Test
    void listener_of_a_call_that_has_ended_runs_there_too() throws InterruptedException {
        BlockingQueue<String> threads = new LinkedBlockingQueue<>();
        Call<Void> refused = customer().startValidateOtp("123456");
        assertTrue(refused.done());
        fault(GENERATE, "delayMs", 5000);
        Call<Void> slow = customer().startGenerateToken();
        for (int i = 0; i < 10; i++) {
            Call<Void> call = i % 2 == 0 ? refused : customer().startValidateOtp("\0");
            call.onDone(ended -> threads.add(Thread.currentThread().getName()));
            assertEquals("capauth", take(threads));
        }
        assertFalse(slow.done());
        slow.cancel();
    }

    @Test
    void listener_of_a_closed_client_is_told_there_too() throws InterruptedException {
        BlockingQueue<String> threads = new LinkedBlockingQueue<>();
        Session customer = customer();
        client.close();
        customer.startGenerateToken().onDone(ended -> threads.add(Thread.currentThread().getName()));
        assertEquals("capauth", take(threads));
        awaitThatNobodyDrives();
    }

    @Test
    void without_a_thread_listeners_run_inside_poll_only() {
        try (Client game = emulator.clientBuilder().background(false).build()) {
            List<String> told = new ArrayList<>();
            Session customer = customer(game);
            customer.startGenerateToken().onDone(ended -> told.add("awaited")).await(-1);
            customer.startValidateOtp("\0").onDone(ended -> told.add("refused"));
            assertEquals(Collections.emptyList(), told);
            game.poll(0);
            assertEquals(java.util.Arrays.asList("awaited", "refused"), told);
        }
    }

    @Test
    void thread_of_the_client_inherits_nothing() throws InterruptedException {
        BlockingQueue<Object> seen = new LinkedBlockingQueue<>();
        Thread request = Thread.currentThread();
        ClassLoader own = request.getContextClassLoader();
        TENANT.set("alice");
        request.setContextClassLoader(new URLClassLoader(new URL[0], own));
        try {
            customer().startGenerateToken().onDone(ended -> {
                seen.add(String.valueOf(TENANT.get()));
                seen.add(Thread.currentThread().getContextClassLoader());
            });
        } finally {
            request.setContextClassLoader(own);
            TENANT.remove();
        }
        assertEquals("null", take(seen));
        assertSame(Client.class.getClassLoader(), take(seen));
    }

    // ---- Whatever they throw

    @Test
    void errors_of_listeners_executors_and_handlers_end_nothing() throws InterruptedException {
        Throwable[] all = {
            new AssertionError("on purpose"), new StackOverflowError(), new NoClassDefFoundError("Gone"),
            new OutOfMemoryError("not really"), new Exception("checked"), new IllegalStateException()
        };
        Thread.setDefaultUncaughtExceptionHandler((thread, thrown) -> {
            uncaught.add(thrown);
            throw new LinkageError("the handler's own");
        });
        Session customer = signedIn();
        for (Throwable one : all) {
            customer.startEnsureToken().onDone(ended -> ListenerTest.<RuntimeException>throwAs(one));
            assertSame(one, take(uncaught));
            customer.startEnsureToken().onDone(
                    task -> ListenerTest.<RuntimeException>throwAs(one), ended -> {});
            assertSame(one, take(uncaught));
        }
        BlockingQueue<String> tokens = new LinkedBlockingQueue<>();
        customer.startEnsureToken().onDone(ended -> tokens.add(ended.result()));
        assertEquals(customer.token(), take(tokens));
    }

    @Test
    void errors_of_listeners_do_not_keep_close_from_telling_the_others() throws InterruptedException {
        BlockingQueue<Call<Void>> told = new LinkedBlockingQueue<>();
        emulator.fault(map("path", GENERATE, "brand", brand, "count", 20, "delayMs", 5000));
        List<Call<Void>> calls = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            Session one = client.session(brand).mobile(mobile + i).deviceId("d").build();
            calls.add(one.startGenerateToken()
                    .onDone(ended -> {
                        throw new AssertionError("on purpose");
                    })
                    .onDone(told::add));
        }
        client.close();
        for (int i = 0; i < calls.size(); i++) {
            thrown(CancelledException.class, ErrorCode.CANCELLED, take(told)::result);
        }
        awaitThatNobodyDrives();
    }

    @Test
    void errors_of_listeners_do_not_come_out_of_poll() {
        try (Client game = emulator.clientBuilder().background(false).build()) {
            Call<Void> call = customer(game).startGenerateToken().onDone(ended -> {
                throw new AssertionError("on purpose");
            });
            while (!call.done()) {
                game.poll(1000);
            }
            game.poll(0);
            assertEquals("on purpose", uncaught.poll().getMessage());
        }
    }

    @Test
    void thread_that_cannot_be_started_is_tried_again() throws InterruptedException {
        java.util.concurrent.ThreadFactory working = client.calls.threads;
        client.calls.threads = task -> new Thread(task) {
            @Override
            public synchronized void start() {
                throw new OutOfMemoryError("unable to create native thread");
            }
        };
        assertThrows(OutOfMemoryError.class, () -> customer().startGenerateToken());
        assertThrows(OutOfMemoryError.class, () -> customer().async().generateToken());
        assertThrows(OutOfMemoryError.class, () -> customer().startValidateOtp("\0").onDone(ended -> {}));
        client.calls.threads = working;
        BlockingQueue<Call<Void>> told = new LinkedBlockingQueue<>();
        client.session(brand).mobile(mobile + "1").deviceId("d").build().startGenerateToken().onDone(told::add);
        take(told).result();
    }

    /** Its outcome cannot be taken over the first time, for lack of stack or memory. */
    private static final class Late extends Result<Void> {
        private boolean refused;

        @Override
        Void of(Session session, CallHandle call) {
            if (!refused) {
                refused = true;
                throw new StackOverflowError("on purpose");
            }
            return null;
        }
    }

    @Test
    void listener_is_told_though_the_outcome_could_not_be_taken_over_at_once() throws InterruptedException {
        BlockingQueue<Call<Void>> told = new LinkedBlockingQueue<>();
        customer().start(Operation.TOKEN_GENERATE, new Late(), null).onDone(told::add);
        take(told).result();
        assertEquals(StackOverflowError.class, take(uncaught).getClass());
    }

    /** Its outcome can never be taken over, as where a class could not be made ready for lack of stack. */
    private static final class Never extends Result<Void> {
        @Override
        Void of(Session session, CallHandle call) {
            throw new NoClassDefFoundError("on purpose");
        }
    }

    @Test
    void call_that_cannot_end_keeps_no_other_from_its_end() throws InterruptedException {
        customer().start(Operation.TOKEN_GENERATE, new Never(), null);
        for (int i = 0; i < 3; i++) { // over and over
            assertEquals(NoClassDefFoundError.class, take(uncaught).getClass());
        }
        BlockingQueue<Call<Void>> told = new LinkedBlockingQueue<>();
        client.session(brand).mobile(mobile + "1").deviceId("d").build().startGenerateToken().onDone(told::add);
        take(told).result();
        client.close();
    }

    private static void closed(Client one) {
        one.close();
    }

    // ---- Whatever the executor says

    private static final Executor REJECTS = task -> {
        throw new RejectedExecutionException("shut down");
    };
    private static final Executor FAILS = task -> {
        throw new OutOfMemoryError("unable to create native thread");
    };

    @Test
    void future_is_completed_whatever_the_executor_says() throws Exception {
        for (Executor executor : new Executor[] {REJECTS, FAILS}) {
            try (Client of = emulator.clientBuilder().executor(executor).build()) {
                BlockingQueue<String> threads = new LinkedBlockingQueue<>();
                fault(GENERATE, "delayMs", 100);
                Session customer = customer(of);
                customer.async().generateToken()
                        .thenRun(() -> threads.add(Thread.currentThread().getName()))
                        .get(LIMIT_SECONDS, TimeUnit.SECONDS);
                assertEquals("capauth", take(threads));
                CompletableFuture<Void> refused = customer.async().validateOtp("\0");
                assertThrows(ExecutionException.class, () -> refused.get(LIMIT_SECONDS, TimeUnit.SECONDS));
                fault("/auth/v1/otp/generate", "delayMs", 5000);
                CompletableFuture<Void> late = customer.async().generateOtp();
                closed(of);
                ExecutionException failed = assertThrows(
                        ExecutionException.class, () -> late.get(LIMIT_SECONDS, TimeUnit.SECONDS));
                assertTrue(failed.getCause() instanceof CapauthException);
            }
        }
    }

    @Test
    void future_without_a_thread_is_completed_by_poll_whatever_the_executor_says() {
        try (Client game = emulator.clientBuilder().background(false).executor(REJECTS).build()) {
            CompletableFuture<Void> later = customer(game).async().generateToken();
            await(() -> {
                game.poll(1000);
                return later.isDone();
            });
            assertNull(later.getNow(null));
        }
    }

    @Test
    void executor_that_rejects_is_told_to_nobody_and_one_that_fails_to_the_handler() throws InterruptedException {
        Session customer = signedIn();
        customer.startEnsureToken().onDone(REJECTS, ended -> {}).await(-1);
        customer.startEnsureToken().onDone(FAILS, ended -> {}).await(-1);
        assertEquals(OutOfMemoryError.class, take(uncaught).getClass());
        assertNull(uncaught.poll());
    }
}
