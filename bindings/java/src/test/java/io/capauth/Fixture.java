// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.capauth.testing.Emulator;
import io.capauth.testing.EmulatorExtension;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;

/** A brand of its own for each test, and the ways to sign in that many tests begin with. */
@ExtendWith(EmulatorExtension.class)
abstract class Fixture {
    static final long LIMIT_SECONDS = 60;
    private static final AtomicInteger COUNTER = new AtomicInteger();

    Emulator emulator;
    Client client;
    String brand;
    String mobile;

    @BeforeEach
    void fixture(Emulator shared) {
        int number = COUNTER.incrementAndGet();
        emulator = shared;
        brand = "Java" + number;
        mobile = String.format("9188%08d", number);
        emulator.brand(brand, map());
        client = emulator.client();
    }

    @AfterEach
    void closeClient() {
        client.close();
    }

    static Map<String, Object> map(Object... members) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < members.length; i += 2) {
            map.put((String) members[i], members[i + 1]);
        }
        return map;
    }

    static Map<String, String> strings(String... members) {
        Map<String, String> map = new LinkedHashMap<>();
        for (int i = 0; i < members.length; i += 2) {
            map.put(members[i], members[i + 1]);
        }
        return map;
    }

    Session customer() {
        return customer(client);
    }

    Session customer(Client of) {
        return of.session(brand).mobile(mobile).deviceId("device-1").build();
    }

    /** A customer to whom an OTP was sent. */
    Session asked() {
        Session customer = customer();
        customer.generateToken();
        customer.generateOtp();
        return customer;
    }

    Session signedIn() {
        Session customer = asked();
        customer.validateOtp(otp());
        return customer;
    }

    String otp() {
        return emulator.otp(brand, mobile);
    }

    /** An OTP that is not the one that was sent. */
    String wrongOtp() {
        return otp().equals("000000") ? "000001" : "000000";
    }

    void fault(String path, Object... how) {
        Map<String, Object> fault = map("path", path, "brand", brand, "count", 1);
        fault.putAll(map(how));
        emulator.fault(fault);
    }

    long requests(String methodAndPath) {
        Long count = emulator.requests(brand).get(methodAndPath);
        return count == null ? 0 : count;
    }

    /** Until the emulator has got a request. */
    void awaitArrival(String methodAndPath) {
        await(() -> requests(methodAndPath) > 0);
    }

    /** Looks again until it is so. The limit is there for a test that hangs, and far beyond a slow machine. */
    static void await(BooleanSupplier isSo) {
        long begun = System.nanoTime();
        while (!isSo.getAsBoolean()) {
            assertTrue(System.nanoTime() - begun < TimeUnit.SECONDS.toNanos(LIMIT_SECONDS), "it never comes to be so");
            LockSupport.parkNanos(1_000_000);
        }
    }

    /** Until nobody but the collector could reach it. */
    static void awaitCollected(BooleanSupplier isGone) {
        await(() -> {
            System.gc();
            return isGone.getAsBoolean();
        });
    }

    /** The next one, from another thread. */
    static <T> T take(BlockingQueue<T> queue) throws InterruptedException {
        T taken = queue.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
        assertNotNull(taken, "nothing came");
        return taken;
    }

    static <T extends CapauthException> T thrown(Class<T> type, int code, Runnable by) {
        T thrown = assertThrows(type, by::run);
        assertEquals(type, thrown.getClass());
        assertEquals(code, thrown.code());
        return thrown;
    }
}
