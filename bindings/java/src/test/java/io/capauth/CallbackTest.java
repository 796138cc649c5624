// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.ref.WeakReference;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

class CallbackTest extends Fixture {
    @Test
    void log_tells_and_keeps_secrets() {
        List<String> messages = new CopyOnWriteArrayList<>();
        try (Client of = emulator.clientBuilder().log((level, text) -> messages.add(level + " " + text)).build()) {
            Session customer = customer(of);
            customer.generateToken();
            customer.generateOtp();
            customer.validateOtp(otp());
            String all = String.join("\n", messages);
            assertTrue(all.contains("otp_validate"), all);
            for (String secret : new String[] {otp(), mobile, customer.token(), customer.key()}) {
                assertFalse(all.contains(secret), all);
            }
        }
    }

    @Test
    void log_goes_to_java_util_logging() {
        List<LogRecord> records = new CopyOnWriteArrayList<>();
        Logger logger = Logger.getLogger("io.capauth.test");
        logger.setLevel(Level.ALL);
        logger.setUseParentHandlers(false);
        logger.addHandler(new Handler() {
            @Override
            public void publish(LogRecord record) {
                records.add(record);
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        });
        try (Client of = emulator.clientBuilder().log(new LoggerLog(logger)).build()) {
            customer(of).generateToken();
        }
        assertFalse(records.isEmpty());
    }

    /** Wants what is at least as severe as its level; what it gets beyond that was written for nobody. */
    private static final class Choosy implements SelectiveLogListener {
        final List<LogLevel> told = new CopyOnWriteArrayList<>();
        volatile LogLevel least = LogLevel.INFO;

        @Override
        public void log(LogLevel level, String message) {
            told.add(level);
        }

        @Override
        public boolean isLoggable(LogLevel level) {
            if (least == null) {
                throw new IllegalStateException("on purpose");
            }
            return level.compareTo(least) <= 0;
        }
    }

    @Test
    void log_gets_no_line_that_is_less_severe_than_it_wants_at_the_start() {
        Choosy log = new Choosy();
        try (Client of = emulator.clientBuilder().log(log).build()) {
            of.prepare();
            customer(of).generateToken();
            assertEquals(Collections.singleton(LogLevel.INFO), new HashSet<>(log.told));
            log.told.clear();
            log.least = LogLevel.WARNING;
            of.prepare();
            customer(of).generateToken();
            assertEquals(Collections.emptyList(), log.told);
            log.least = LogLevel.DEBUG;
            customer(of).generateToken();
            assertTrue(log.told.contains(LogLevel.DEBUG), log.told::toString);
        }
    }

    @Test
    void log_that_cannot_say_what_it_wants_gets_all() {
        Choosy log = new Choosy();
        List<String> uncaught = new CopyOnWriteArrayList<>();
        Thread.UncaughtExceptionHandler before = Thread.currentThread().getUncaughtExceptionHandler();
        Thread.currentThread().setUncaughtExceptionHandler((thread, thrown) -> uncaught.add(thrown.getMessage()));
        log.least = null;
        try (Client of = emulator.clientBuilder().log(log).build()) {
            customer(of).generateToken();
        } finally {
            Thread.currentThread().setUncaughtExceptionHandler(before);
        }
        assertEquals(Collections.singletonList("on purpose"), uncaught);
        assertTrue(log.told.contains(LogLevel.DEBUG), log.told::toString);
    }

    @Test
    void logger_of_java_util_logging_says_what_it_wants() {
        Logger logger = Logger.getLogger("io.capauth.choosy");
        logger.setLevel(Level.WARNING);
        assertTrue(new LoggerLog(logger).isLoggable(LogLevel.WARNING));
        assertFalse(new LoggerLog(logger).isLoggable(LogLevel.INFO));
    }

    @Test
    void trace_tells_start_and_end() {
        List<TraceEvent> events = new CopyOnWriteArrayList<>();
        try (Client of = emulator.clientBuilder().trace(events::add).build()) {
            customer(of).generateToken();
        }
        assertEquals(2, events.size(), events::toString);
        TraceEvent start = events.get(0);
        TraceEvent end = events.get(1);
        assertFalse(start.ended());
        assertTrue(end.ended());
        assertEquals(start.callId(), end.callId());
        assertEquals("token_generate", end.operation());
        assertEquals(0, end.result());
        assertEquals(200, end.httpStatus());
        assertEquals(1, end.attempts());
        assertTrue(end.durationMillis() >= 0);
    }

    @Test
    void change_is_told_with_the_session() {
        Session customer = asked();
        BlockingQueue<String> exports = new LinkedBlockingQueue<>();
        customer.onChange(changed -> {
            assertSame(customer, changed);
            exports.add(changed.export());
        });
        customer.validateOtp(otp());
        assertEquals(1, exports.size());
        assertTrue(exports.poll().contains(customer.key()));
        customer.onChange(null);
        customer.regenerateToken();
        assertNull(exports.poll());
    }

    @Test
    void several_listeners_are_told_of_changes_until_they_are_removed() {
        Session customer = asked();
        List<String> told = new CopyOnWriteArrayList<>();
        Thread.UncaughtExceptionHandler before = Thread.currentThread().getUncaughtExceptionHandler();
        Thread.currentThread().setUncaughtExceptionHandler((thread, thrown) -> told.add(thrown.getMessage()));
        try {
            ChangeListener failing = changed -> {
                throw new AssertionError("on purpose");
            };
            ChangeListener saving = changed -> told.add("saved");
            customer.addChangeListener(failing);
            customer.addChangeListener(saving);
            customer.addChangeListener(changed -> told.add("shown"));
            customer.validateOtp(otp());
            assertEquals(Arrays.asList("on purpose", "saved", "shown"), told);
            told.clear();
            customer.removeChangeListener(failing);
            customer.removeChangeListener(failing);
            customer.regenerateToken();
            assertEquals(Arrays.asList("saved", "shown"), told);
            told.clear();
            customer.onChange(saving);
            customer.regenerateToken();
            assertEquals(Arrays.asList("saved"), told);
            customer.removeChangeListener(saving);
            customer.regenerateToken();
            assertEquals(1, told.size());
        } finally {
            Thread.currentThread().setUncaughtExceptionHandler(before);
        }
        thrown(InvalidArgumentException.class, ErrorCode.INVALID_ARGUMENT, () -> customer.addChangeListener(null));
    }

    @Test
    void blocking_in_a_callback_is_refused_and_sends_nothing() {
        Session customer = asked();
        BlockingQueue<CapauthException> outcomes = new LinkedBlockingQueue<>();
        customer.onChange(changed -> {
            try {
                changed.regenerateToken();
            } catch (CapauthException e) {
                outcomes.add(e);
            }
        });
        customer.validateOtp(otp());
        assertEquals(ErrorCode.REENTRANT, outcomes.poll().code());
        assertEquals(0, requests("POST /auth/v1/token/regenerate"));
    }

    @Test
    void starting_in_a_callback_is_allowed() {
        Session customer = asked();
        BlockingQueue<Call<Void>> calls = new LinkedBlockingQueue<>();
        customer.onChange(changed -> {
            changed.onChange(null);
            calls.add(changed.startRegenerateToken());
        });
        customer.validateOtp(otp());
        Call<Void> call = calls.poll();
        assertTrue(call.await(10000));
        call.result();
    }

    @Test
    void callback_that_throws_harms_nobody() {
        BlockingQueue<Throwable> uncaught = new LinkedBlockingQueue<>();
        Thread.UncaughtExceptionHandler before = Thread.currentThread().getUncaughtExceptionHandler();
        Thread.currentThread().setUncaughtExceptionHandler((thread, thrown) -> uncaught.add(thrown));
        try (Client of = emulator.clientBuilder().log((level, text) -> {
            throw new IllegalStateException("on purpose");
        }).build()) {
            customer(of).generateToken();
        } finally {
            Thread.currentThread().setUncaughtExceptionHandler(before);
        }
        assertEquals("on purpose", uncaught.poll().getMessage());
    }

    @Test
    void listener_does_not_keep_its_session_from_being_collected() {
        WeakReference<Session> gone = abandoned();
        awaitCollected(() -> gone.get() == null);
    }

    private WeakReference<Session> abandoned() {
        Session customer = customer();
        customer.onChange(changed -> customer.export());
        return new WeakReference<>(customer);
    }
}
