// SPDX-License-Identifier: Apache-2.0
package io.capauth.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.capauth.Client;
import io.capauth.InvalidArgumentException;
import io.capauth.InvalidOtpException;
import io.capauth.NetworkException;
import io.capauth.RateLimitedException;
import io.capauth.Session;
import io.capauth.testing.Emulator;
import io.capauth.testing.EmulatorExtension;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a store promises; Python's tests have the protocol's finer points, and all languages at once. */
@ExtendWith(EmulatorExtension.class)
class SessionStoreTest {
    private static final String REGENERATE = "/auth/v1/token/regenerate";
    private static final String KEY = "cookie-with-secret";
    private static final AtomicInteger COUNTER = new AtomicInteger();

    private static RedisServer server;

    private Emulator emulator;
    private Client client;
    private Client otherClient;
    private String brand;
    private String mobile;
    private SessionStore store;
    private SessionStore other;

    @BeforeAll
    static void startRedis() throws Exception {
        Assumptions.assumeTrue(RedisServer.isInstalled(), "redis-server is not installed");
        server = new RedisServer();
    }

    @AfterAll
    static void stopRedis() {
        if (server != null) {
            server.close();
        }
    }

    @BeforeEach
    void set(Emulator shared) {
        int number = COUNTER.incrementAndGet();
        emulator = shared;
        brand = "JavaRedis" + number;
        mobile = String.format("9189%08d", number);
        emulator.brand(brand, Collections.emptyMap());
        client = emulator.client();
        otherClient = emulator.client();
        server.jedis.flushAll();
        store = storeOf(client);
        other = storeOf(otherClient);
    }

    @AfterEach
    void close() {
        client.close();
        otherClient.close();
    }

    private static SessionStore storeOf(Client client) {
        return SessionStore.builder(client, RedisServer.commands(server.jedis)).build();
    }

    private Session customer() {
        return client.session(brand).mobile(mobile).deviceId("device-1").build();
    }

    private Session signedIn() {
        Session customer = customer();
        customer.generateToken();
        customer.generateOtp();
        customer.validateOtp(emulator.otp(brand, mobile));
        return customer;
    }

    private long regenerations() {
        return emulator.requests(brand).getOrDefault("POST " + REGENERATE, 0L);
    }

    private void fault(Object... members) {
        Map<String, Object> fault = new HashMap<>();
        fault.put("path", REGENERATE);
        fault.put("brand", brand);
        for (int i = 0; i < members.length; i += 2) {
            fault.put((String) members[i], members[i + 1]);
        }
        emulator.fault(fault);
    }

    /** Has the stored token expire so soon, by Redis's clock. */
    private void age(long leftMillis) {
        long stored = Long.parseLong(server.jedis.hget(store.name(KEY), "stored"));
        long expires = stored + leftMillis * 1000;
        server.jedis.hset(store.name(KEY), "expires", "" + expires);
        server.jedis.hset(store.name(KEY), "stored", "" + (expires - 900_000_000L));
    }

    @Test
    void names_are_those_of_the_other_languages() {
        assertEquals(
                "capauth:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", store.name("abc"));
    }

    @Test
    void what_is_saved_comes_back() {
        Session session = signedIn();
        store.save(KEY, session);
        try (Customer customer = other.session(KEY)) {
            assertEquals(session.token(), customer.token());
            assertEquals(session.export(), customer.export());
            assertTrue(customer.gateway("GET", "customer/get").ok());
        }
        assertEquals(0, regenerations());
    }

    @Test
    void what_is_not_stored_is_told_apart() {
        assertFalse(assertThrows(NotStoredException.class, () -> store.session("never")).deleted());
        store.save(KEY, signedIn());
        assertTrue(store.exists(KEY));
        store.delete(KEY, "never");
        assertFalse(store.exists(KEY));
        assertTrue(assertThrows(NotStoredException.class, () -> store.session(KEY)).deleted());
    }

    @Test
    void many_threads_cause_one_regeneration() throws Exception {
        Session session = signedIn();
        store.save(KEY, session);
        age(10_000);
        fault("delayMs", 300);
        List<Callable<String>> work = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            SessionStore mine = i % 2 == 0 ? store : other;
            work.add(() -> {
                try (Customer customer = mine.session(KEY)) {
                    return customer.token();
                }
            });
        }
        ExecutorService threads = Executors.newFixedThreadPool(16);
        HashSet<String> tokens = new HashSet<>();
        for (Future<String> token : threads.invokeAll(work)) {
            tokens.add(token.get());
        }
        threads.shutdown();
        assertEquals(1, tokens.size());
        assertFalse(tokens.contains(session.token()));
        assertEquals(1, regenerations());
    }

    @Test
    void refused_token_is_regenerated() {
        store.save(KEY, signedIn());
        try (Customer first = store.session(KEY); Customer second = other.session(KEY)) {
            emulator.advance(3600);
            assertTrue(first.gateway("GET", "customer/get").ok());
            assertTrue(second.gateway("GET", "customer/get").ok());
            assertEquals(first.token(), second.token());
        }
        assertEquals(1, regenerations());
    }

    @Test
    void failure_of_the_service_is_shared() {
        store.save(KEY, signedIn());
        fault("count", 9, "status", 429, "body", "", "headers", Collections.singletonMap("Retry-After", "30"));
        try (Customer first = store.session(KEY); Customer second = other.session(KEY)) {
            RateLimitedException met = assertThrows(RateLimitedException.class, first::regenerateToken);
            RateLimitedException shared = assertThrows(RateLimitedException.class, second::regenerateToken);
            assertEquals(met.name(), shared.name());
            assertEquals(met.getMessage(), shared.getMessage());
            assertEquals(429, shared.httpStatus());
            assertTrue(shared.retryAfterMillis() > 20_000 && shared.retryAfterMillis() <= 30_000);
        }
        assertEquals(1, regenerations());
    }

    @Test
    void failure_of_one_host_stays_its_own() {
        store.save(KEY, signedIn());
        fault("reset", "before");
        try (Client broken = emulator.clientBuilder().maxRetries(0).build();
                Customer lost = storeOf(broken).session(KEY);
                Customer healthy = other.session(KEY)) {
            for (int i = 0; i < 3; i++) { // it holds back by itself
                assertThrows(NetworkException.class, lost::regenerateToken);
            }
            assertEquals(1, regenerations());
            healthy.regenerateToken();
        }
    }

    @Test
    void sign_in_goes_from_worker_to_worker() {
        store.save(KEY, customer());
        try (Customer first = store.session(KEY)) {
            first.perform((session, options) -> {
                session.generateToken(options);
                session.generateOtp(options);
                return null;
            });
        }
        try (Customer second = other.session(KEY)) {
            assertThrows(
                    InvalidOtpException.class,
                    () -> second.perform((session, options) -> {
                        session.validateOtp("x", options);
                        return null;
                    }));
            String otp = emulator.otp(brand, mobile);
            second.perform((session, options) -> {
                session.validateOtp(otp, options);
                return null;
            });
            assertTrue(second.signedIn());
        }
        try (Customer third = store.session(KEY)) {
            assertTrue(third.signedIn());
        }
    }

    @Test
    void stale_session_is_not_stored() {
        Session session = signedIn();
        store.save(KEY, session);
        try (Customer customer = other.session(KEY)) {
            customer.regenerateToken();
            assertNotEquals(session.token(), customer.token());
        }
        assertThrows(StaleException.class, () -> store.save(KEY, session));
    }

    @Test
    void time_to_live_is_kept() {
        Session session = signedIn();
        store.save(KEY, session, 500_000);
        store.save(KEY, session);
        long left = server.jedis.ttl(store.name(KEY));
        assertTrue(left > 400 && left <= 500);
        store.save(KEY, session, 0);
        assertEquals(-1, server.jedis.ttl(store.name(KEY)));
        assertThrows(InvalidArgumentException.class, () -> store.save(KEY, session, -1));
    }

    @Test
    void texts_go_through_the_cipher() {
        Cipher turned = new Cipher() {
            @Override
            public String encrypt(String text) {
                return new StringBuilder(text).reverse().toString();
            }

            @Override
            public String decrypt(String text) {
                return encrypt(text);
            }
        };
        SessionStore sealed = SessionStore.builder(client, RedisServer.commands(server.jedis)).cipher(turned).build();
        sealed.save(KEY, signedIn());
        String token;
        try (Customer customer = sealed.session(KEY)) {
            customer.regenerateToken();
            token = customer.token();
            assertEquals(turned.encrypt(customer.export()), server.jedis.hget(store.name(KEY), "text"));
        }
        try (Customer again = sealed.session(KEY)) {
            assertEquals(token, again.token());
        }
        assertThrows(InvalidArgumentException.class, () -> store.session(KEY)); // without it: no export
    }

    @Test
    void customers_of_an_earlier_origin_move_with_the_client() {
        store.save(KEY, signedIn());
        String earlier = emulator.url();
        String moved = earlier.replace("127.0.0.1", "localhost");
        RedisCommands redis = RedisServer.commands(server.jedis);
        try (Client later = Client.builder().baseUrl(moved).caFile(emulator.caFile()).build()) {
            InvalidArgumentException refused = assertThrows(
                    InvalidArgumentException.class, () -> SessionStore.builder(later, redis).build().session(KEY));
            assertTrue(refused.getMessage().contains("another origin"), refused::getMessage);
            String token;
            SessionStore moving = SessionStore.builder(later, redis).earlierOrigins(earlier + "/").build();
            try (Customer customer = moving.session(KEY)) {
                assertTrue(customer.gateway("GET", "customer/get").ok());
                customer.regenerateToken();
                token = customer.token();
            }
            try (Customer again = SessionStore.builder(later, redis).build().session(KEY)) {
                assertEquals(token, again.token()); // what is stored now is of the new origin
            }
        }
    }

    @Test
    void metrics_tell_what_became_of_each_token() {
        List<String> told = Collections.synchronizedList(new ArrayList<>());
        SessionStore counted = SessionStore.builder(client, RedisServer.commands(server.jedis))
                .metrics(event -> told.add(event.kind() + " " + event.error()))
                .build();
        counted.save(KEY, signedIn());
        fault("count", 1, "status", 429, "body", "", "headers", Collections.singletonMap("Retry-After", "30"));
        try (Customer first = counted.session(KEY); Customer second = other.session(KEY)) {
            assertThrows(RateLimitedException.class, first::regenerateToken);
            assertThrows(RateLimitedException.class, first::regenerateToken);
            server.jedis.hdel(store.name(KEY), "failure", "failed"); // its 30 seconds are over
            first.regenerateToken();
            second.regenerateToken();
            age(-1000);
            first.gateway("GET", "customer/get");
        }
        assertEquals(
                Arrays.asList(
                        "HIT null", "FAILURE RATE_LIMITED", "SHARED_FAILURE RATE_LIMITED", "REGENERATION null",
                        "HIT null"),
                told);
    }

    @Test
    void listener_that_throws_breaks_nothing() {
        List<Throwable> reported = new ArrayList<>();
        Thread thread = Thread.currentThread();
        Thread.UncaughtExceptionHandler before = thread.getUncaughtExceptionHandler();
        thread.setUncaughtExceptionHandler((where, thrown) -> reported.add(thrown));
        SessionStore counted = SessionStore.builder(client, RedisServer.commands(server.jedis))
                .metrics(event -> {
                    throw new IllegalStateException("the listener's");
                })
                .build();
        counted.save(KEY, signedIn());
        try (Customer customer = counted.session(KEY)) {
            assertTrue(customer.signedIn());
        } finally {
            thread.setUncaughtExceptionHandler(before);
        }
        assertEquals(1, reported.size());
    }

    @Test
    void answers_to_other_questions_are_not_believed() {
        store.save(KEY, signedIn());
        store.save("somebody", signedIn());
        RedisCommands real = RedisServer.commands(server.jedis);
        RedisCommands late = (key, command, arguments) -> {
            String[] theirs = arguments.clone();
            theirs[Arrays.asList(arguments).indexOf(key)] = store.name("somebody");
            return real.send(key, command, theirs);
        };
        SessionStore mixed = SessionStore.builder(client, late).build();
        IllegalStateException failure = assertThrows(IllegalStateException.class, () -> mixed.session(KEY));
        assertTrue(failure.getMessage().contains("not ours"));
    }

    @Test
    void nothing_secret_is_printed() {
        Session session = signedIn();
        store.save(KEY, session);
        try (Customer customer = store.session(KEY)) {
            String said = store.toString() + customer;
            for (String secret : new String[] {KEY, session.token(), session.key()}) {
                assertFalse(said.contains(secret));
            }
        }
    }
}
