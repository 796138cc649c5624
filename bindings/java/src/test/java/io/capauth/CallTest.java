// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;

/** Started calls, and the thread that moves them on. */
class CallTest extends Fixture {
    private static final String GENERATE = "/auth/v1/token/generate";

    static long threads() {
        return Thread.getAllStackTraces().keySet().stream().filter(t -> t.getName().equals("capauth")).count();
    }

    /** Ends when the driving threads of earlier tests have ended too; they are asked to by close(). */
    private static void awaitThreads(long count) {
        await(() -> threads() == count);
    }

    @Test
    void started_call_is_awaited() {
        Session customer = customer();
        Call<Void> call = customer.startGenerateToken();
        assertTrue(call.await(-1));
        assertTrue(call.done());
        assertNull(call.result());
        assertEquals("VIEW", customer.role());
        assertEquals("token_generate", call.operation());
        assertSame(customer, call.session());
    }

    @Test
    void prepare_is_a_call_of_the_client() {
        Call<Void> call = client.startPrepare();
        assertTrue(call.await(-1));
        assertNull(call.result());
        assertEquals("prepare", call.operation());
        assertNull(call.session());
        assertEquals(20000, client.timeoutMillis());
        assertEquals(30000, client.refreshMarginMillis());
    }

    @Test
    void started_call_goes_on_by_itself() {
        Call<Void> call = customer().startGenerateToken();
        await(call::done);
        assertNull(call.result());
    }

    @Test
    void ensured_token_is_the_result() {
        Session customer = signedIn();
        Call<String> call = customer.startEnsureToken();
        call.await(-1);
        assertEquals(customer.token(), call.result());
    }

    @Test
    void listener_is_called_once_on_the_executor() throws InterruptedException {
        ExecutorService executor = Executors.newSingleThreadExecutor(run -> new Thread(run, "mine"));
        try {
            BlockingQueue<String> threads = new LinkedBlockingQueue<>();
            Session customer = customer();
            Call<Void> call = customer.startGenerateToken().onDone(
                    executor, ended -> threads.add(Thread.currentThread().getName()));
            assertEquals("mine", take(threads));
            assertTrue(call.done());
            call.onDone(executor, ended -> threads.add("late"));
            assertEquals("late", take(threads));
            assertTrue(threads.isEmpty());
        } finally {
            executor.shutdown();
        }
    }

    @Test
    void refusal_on_the_spot_is_delivered_by_result() {
        Call<Void> call = customer().startValidateOtp("123456");
        assertTrue(call.done());
        WrongStepException refused = thrown(WrongStepException.class, ErrorCode.WRONG_STEP, call::result);
        assertEquals(Step.TOKEN_GENERATE, refused.nextStep());
        assertSame(refused, assertThrows(WrongStepException.class, call::result));
    }

    @Test
    void step_that_was_cancelled_leaves_room_for_the_next() {
        Session customer = customer();
        for (int i = 0; i < 20; i++) {
            fault(GENERATE, "delayMs", 600000);
            Call<Void> call = customer.startGenerateToken();
            while (requests("POST " + GENERATE) == 2 * i) {
                call.await(1);
            }
            call.cancel();
            customer.generateToken();
        }
    }

    @Test
    void second_step_is_busy() {
        Session customer = customer();
        fault(GENERATE, "delayMs", 300);
        Call<Void> first = customer.startGenerateToken();
        Call<Void> second = customer.startGenerateToken();
        BusyException refused = thrown(BusyException.class, ErrorCode.BUSY, second::result);
        assertTrue(refused.retryable());
        assertTrue(first.await(-1));
        first.result();
    }

    @Test
    void pending_result_says_so() {
        fault(GENERATE, "delayMs", 300);
        Call<Void> call = customer().startGenerateToken();
        assertFalse(call.done());
        assertFalse(call.await(0));
        assertFalse(call.await(10));
        thrown(CapauthException.class, ErrorCode.PENDING, call::result);
        assertEquals("Call[token_generate, in flight]", call.toString());
        assertTrue(call.await(10000));
        assertEquals("Call[token_generate, succeeded]", call.toString());
    }

    @Test
    void cancelled_call_says_so() throws InterruptedException {
        fault(GENERATE, "delayMs", 60000);
        BlockingQueue<Call<Void>> ended = new LinkedBlockingQueue<>();
        Call<Void> call = customer().startGenerateToken().onDone(ended::add);
        call.cancel();
        call.cancel();
        thrown(CancelledException.class, ErrorCode.CANCELLED, take(ended)::result);
    }

    @Test
    void cancelled_otp_has_an_unknown_outcome() throws InterruptedException {
        Session customer = customer();
        customer.generateToken();
        fault("/auth/v1/otp/generate", "delayMs", 60000);
        Call<Void> call = customer.startGenerateOtp();
        awaitArrival("POST /auth/v1/otp/generate");
        call.cancel();
        call.await(-1);
        UnknownOutcomeException unknown =
                thrown(UnknownOutcomeException.class, ErrorCode.UNKNOWN_OUTCOME, call::result);
        assertTrue(unknown.maybeSent());
        assertFalse(unknown.retryable());
    }

    @Test
    void deadline_of_one_call() {
        Session customer = customer();
        fault(GENERATE, "delayMs", 60000);
        DeadlineException late = thrown(DeadlineException.class, ErrorCode.DEADLINE,
                () -> customer.generateToken(new Options().timeoutMillis(100)));
        assertEquals("token_generate", late.operation());
    }

    @Test
    void interrupted_await_leaves_the_call_alone() {
        fault(GENERATE, "delayMs", 300);
        Call<Void> call = customer().startGenerateToken();
        Thread.currentThread().interrupt();
        thrown(CancelledException.class, ErrorCode.CANCELLED, () -> call.await(-1));
        assertTrue(Thread.interrupted(), "the status stays set");
        assertTrue(call.await(-1));
        call.result();
    }

    @Test
    void interrupted_poll_says_so_and_leaves_the_calls_alone() {
        try (Client game = emulator.clientBuilder().background(false).build()) {
            fault(GENERATE, "delayMs", 300);
            Call<Void> call = customer(game).startGenerateToken();
            Thread.currentThread().interrupt();
            thrown(CancelledException.class, ErrorCode.CANCELLED, () -> game.poll(-1));
            game.poll(0);
            assertTrue(Thread.interrupted(), "the status stays set");
            assertEquals(1, game.poll(-1));
            assertSame(call, game.nextDone());
            call.result();
        }
    }

    @Test
    void interrupted_blocking_operation_is_cancelled() throws InterruptedException {
        fault(GENERATE, "delayMs", 60000);
        Session customer = customer();
        BlockingQueue<Object> outcome = new LinkedBlockingQueue<>();
        Thread waiter = new Thread(() -> {
            try {
                customer.generateToken();
                outcome.add("succeeded");
            } catch (CapauthException e) {
                outcome.add(e);
                outcome.add(Thread.currentThread().isInterrupted());
            }
        });
        waiter.start();
        awaitArrival("POST " + GENERATE);
        waiter.interrupt();
        assertEquals(CancelledException.class, take(outcome).getClass());
        assertEquals(true, take(outcome));
        waiter.join();
        customer.generateToken();
    }

    @Test
    void blocking_operations_make_no_thread_and_started_ones_make_one_that_ends_with_close() throws Exception {
        awaitThreads(0);
        signedIn();
        assertEquals(0, threads());
        Session[] customers = new Session[20];
        Call<?>[] calls = new Call<?>[customers.length];
        for (int i = 0; i < customers.length; i++) {
            customers[i] = client.session(brand).mobile("91990000" + (1000 + i)).deviceId("d").build();
            calls[i] = customers[i].startGenerateToken();
        }
        assertEquals(1, threads());
        for (Call<?> call : calls) {
            assertTrue(call.await(-1));
            call.result();
        }
        client.close();
        awaitThreads(0);
    }

    @Test
    void closing_the_client_cancels_and_tells_the_listeners() throws InterruptedException {
        fault(GENERATE, "delayMs", 60000);
        BlockingQueue<Call<Void>> ended = new LinkedBlockingQueue<>();
        customer().startGenerateToken().onDone(ended::add);
        client.close();
        thrown(CancelledException.class, ErrorCode.CANCELLED, take(ended)::result);
    }

    @Test
    void closing_the_session_cancels_and_tells_the_listeners() throws InterruptedException {
        fault(GENERATE, "delayMs", 60000);
        BlockingQueue<Call<Void>> ended = new LinkedBlockingQueue<>();
        Session customer = customer();
        customer.startGenerateToken().onDone(ended::add);
        customer.close();
        thrown(CancelledException.class, ErrorCode.CANCELLED, take(ended)::result);
    }

    @Test
    void closing_cancels_a_blocking_operation_of_another_thread() throws InterruptedException {
        fault(GENERATE, "delayMs", 60000);
        Session customer = customer();
        BlockingQueue<CapauthException> outcome = new LinkedBlockingQueue<>();
        Thread waiter = new Thread(() -> outcome.add(assertThrows(CapauthException.class, customer::generateToken)));
        waiter.start();
        awaitArrival("POST " + GENERATE);
        client.close();
        assertEquals(CancelledException.class, take(outcome).getClass());
        waiter.join();
    }

    @Test
    void listener_that_throws_harms_nobody() throws InterruptedException {
        BlockingQueue<Throwable> uncaught = new LinkedBlockingQueue<>();
        Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
        Thread.setDefaultUncaughtExceptionHandler((thread, thrown) -> uncaught.add(thrown));
        try {
            fault(GENERATE, "delayMs", 50);
            Session customer = customer();
            customer.startGenerateToken().onDone(call -> {
                throw new IllegalStateException("on purpose");
            });
            assertEquals("on purpose", take(uncaught).getMessage());
            assertTrue(customer.startGenerateOtp().await(-1), "the thread goes on");
        } finally {
            Thread.setDefaultUncaughtExceptionHandler(before);
        }
    }

    @Test
    void executor_that_was_shut_down_harms_nobody() {
        Call<Void> call = customer().startGenerateToken().onDone(
                run -> {
                    throw new RejectedExecutionException();
                },
                ended -> {});
        assertTrue(call.await(10000));
    }

    @Test
    void client_without_background_moves_by_poll_and_hands_out_what_ended() throws InterruptedException {
        awaitThreads(0);
        try (Client game = emulator.clientBuilder().background(false).build()) {
            assertTrue(game.fd() >= 0);
            assertEquals(0, game.poll(0));
            Call<Void> call = customer(game).startGenerateToken();
            boolean[] told = new boolean[1];
            call.onDone(ended -> told[0] = true);
            while (!call.done()) {
                game.poll(1000);
            }
            assertTrue(told[0]);
            assertSame(call, game.nextDone());
            assertNull(game.nextDone());
            assertEquals(0, threads());
            Call<Void> last = customer(game).startGenerateToken().onDone(ended -> told[0] = false);
            closed(game);
            thrown(CancelledException.class, ErrorCode.CANCELLED, last::result);
            assertFalse(told[0]);
        }
    }

    @Test
    void call_that_was_refused_on_the_spot_is_handed_out_by_the_next_poll_unless_somebody_took_its_result() {
        try (Client game = emulator.clientBuilder().background(false).build()) {
            Call<Void> refused = customer(game).startValidateOtp("123456");
            Call<Void> malformed = customer(game).startValidateOtp("\0");
            Call<Void> taken = customer(game).startValidateOtp("123456");
            assertThrows(WrongStepException.class, taken::result);
            assertNull(game.nextDone());
            game.poll(-1); // there is one to hand out: it does not wait for more
            assertSame(refused, game.nextDone());
            assertSame(malformed, game.nextDone());
            assertNull(game.nextDone());
        }
    }

    @Test
    void client_without_background_keeps_no_call_that_nobody_asks_for() throws InterruptedException {
        try (Client game = emulator.clientBuilder().background(false).build()) {
            Session customer = customer(game);
            List<WeakReference<Call<?>>> calls = new ArrayList<>();
            for (int i = 0; i < 500; i++) {
                calls.add(playedFrames(game, customer));
            }
            game.poll(0);
            awaitCollected(() -> calls.stream().noneMatch(call -> call.get() != null));
        }
    }

    /** The frames of a game until its call has ended. */
    private static WeakReference<Call<?>> playedFrames(Client game, Session customer) {
        Call<?> call = customer.startGenerateToken();
        while (game.poll(0) == 0) {
            Thread.yield();
        }
        assertTrue(call.done());
        return new WeakReference<>(call);
    }

    private static void closed(Client one) {
        one.close();
    }

    @Test
    void calls_of_a_closed_client_are_refused_without_a_thread() throws InterruptedException {
        awaitThreads(0);
        client.close();
        Call<Void> call = customerOfClosed().startGenerateToken();
        thrown(ClosedException.class, ErrorCode.CLOSED, call::result);
        assertEquals(0, threads());
    }

    private Session customerOfClosed() {
        try (Client of = emulator.client()) {
            return customer(of);
        }
    }

    @Test
    void eight_threads_sign_in_on_one_client() throws InterruptedException {
        BlockingQueue<Throwable> failures = new LinkedBlockingQueue<>();
        Thread[] threads = new Thread[8];
        for (int t = 0; t < threads.length; t++) {
            String prefix = "9166" + t;
            threads[t] = new Thread(() -> {
                try {
                    for (int i = 0; i < 25; i++) {
                        String number = prefix + (1000 + i);
                        Session one = client.session(brand).mobile(number).deviceId("d").build();
                        one.generateToken();
                        one.generateOtp();
                        one.validateOtp(emulator.otp(brand, number));
                        assertTrue(one.signedIn());
                        one.close();
                    }
                } catch (Throwable e) {
                    failures.add(e);
                }
            });
            threads[t].start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertTrue(failures.isEmpty(), () -> failures.toString());
    }
}
