// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Closed, empty, collected: handles in every state are safe to use. */
class HandleTest extends Fixture {
    @Test
    void closed_client_refuses_and_its_getters_work() {
        Session customer = signedIn();
        client.close();
        client.close();
        thrown(ClosedException.class, ErrorCode.CLOSED, customer::regenerateToken);
        thrown(ClosedException.class, ErrorCode.CLOSED, () -> customer.gateway("GET", "customer/get"));
        thrown(ClosedException.class, ErrorCode.CLOSED, () -> customer(client).generateToken());
        thrown(ClosedException.class, ErrorCode.CLOSED, client::fd);
        client.poll(-1); // does not wait: nothing more will end
        thrown(ClosedException.class, ErrorCode.CLOSED, client::prepare);
        assertNotNull(customer.token());
        assertTrue(customer.signedIn());
        assertNotNull(client.diagnose());
        assertNull(client.nextDone());
    }

    @Test
    void versions_of_the_libraries_are_told() {
        assertEquals(Capauth.version(), Capauth.versions().get("capauth"));
        assertTrue(Capauth.versions().get("libcurl").matches("\\d+\\.\\d+.*"));
        assertTrue(Capauth.versions().get("json-c").matches("\\d+\\.\\d+.*"));
    }

    @Test
    void versions_of_what_a_library_carries_are_told() {
        Map<String, String> versions =
                Capauth.versionsIn("json-c 0.16\ninside: zlib 1:1.2.13, openssl 3.0.17-1~deb12u2\n");
        assertEquals("1:1.2.13", versions.get("zlib"));
        assertEquals("3.0.17-1~deb12u2", versions.get("openssl"));
        assertEquals(3, versions.size());
    }

    @Test
    void closed_session_refuses_and_its_getters_work() {
        Session customer = signedIn();
        customer.close();
        customer.close();
        thrown(ClosedException.class, ErrorCode.CLOSED, customer::regenerateToken);
        thrown(ClosedException.class, ErrorCode.CLOSED, customer::signOut);
        thrown(ClosedException.class, ErrorCode.CLOSED, () -> customer.startGenerateOtp().result());
        assertNotNull(customer.token());
        assertNotNull(customer.export());
        assertEquals(Step.DONE, customer.nextStep());
        customer(client).generateToken();
    }

    @Test
    void closing_in_many_threads_at_once_is_fine() throws InterruptedException {
        for (int round = 0; round < 20; round++) {
            Client of = emulator.client();
            BlockingQueue<Throwable> unexpected = new LinkedBlockingQueue<>();
            List<Thread> threads = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                Session customer = of.session(brand).mobile(mobile + t).deviceId("d").build();
                threads.add(new Thread(() -> {
                    try {
                        customer.generateToken();
                        customer.startGenerateOtp().await(-1);
                    } catch (ClosedException | CancelledException | UnknownOutcomeException expected) {
                        return;
                    } catch (Throwable e) {
                        unexpected.add(e);
                    }
                }));
                threads.add(new Thread(of::close));
                threads.add(new Thread(customer::close));
            }
            threads.forEach(Thread::start);
            for (Thread thread : threads) {
                thread.join();
            }
            assertTrue(unexpected.isEmpty(), () -> unexpected.toString());
        }
    }

    @Test
    void cancelling_at_random_moments_gives_one_outcome() {
        Random random = new Random(1);
        for (int i = 0; i < 200; i++) {
            Call<Void> call = customer().startGenerateToken();
            int[] told = new int[1];
            call.onDone(ended -> {
                synchronized (told) {
                    told[0]++;
                }
            });
            call.await(random.nextInt(3));
            call.cancel();
            assertTrue(call.await(10000));
            try {
                call.result();
            } catch (CancelledException expected) {
                assertTrue(call.done());
            }
        }
    }

    @Test
    void native_layer_takes_empty_handles_and_null() {
        ClientHandle client = new ClientHandle();
        SessionHandle session = new SessionHandle();
        CallHandle call = new CallHandle();
        byte[][] text = new byte[1][];
        assertEquals(ErrorCode.INVALID_ARGUMENT, Native.client_set_cluster(client, null));
        assertEquals(ErrorCode.INVALID_ARGUMENT, Native.client_close(null));
        assertEquals(ErrorCode.INVALID_ARGUMENT, Native.session_new(null, 1, null, session));
        assertEquals(ErrorCode.INVALID_ARGUMENT, Native.otp_validate(session, null, null, call));
        assertEquals(0, Handle.number(session));
        assertEquals(0, Native.session_signed_in(session));
        assertEquals(0, Native.call_done(null) & Native.call_http_status(null));
        assertEquals("", Text.orEmpty(Native.call_body(call)));
        assertEquals("", Text.orEmpty(Native.session_token(null)));
        assertTrue(Native.session_copy_token(null, text) <= 0);
        new OptionsHandle().free();
    }

    @Test
    void stale_number_is_not_the_handle_that_came_after_it() {
        long[] stale = new long[1];
        long[] next = new long[1];
        NativeJNI.options_new(stale);
        NativeJNI.delete_OptionsHandle(stale[0]);
        NativeJNI.options_new(next); // where the first one was
        assertEquals(ErrorCode.INVALID_ARGUMENT, NativeJNI.options_set_timeout_ms(stale[0], null, 1));
        NativeJNI.delete_OptionsHandle(stale[0]);
        assertEquals(0, NativeJNI.options_set_timeout_ms(next[0], null, 1));
        NativeJNI.delete_OptionsHandle(next[0]);
        assertEquals(ErrorCode.INVALID_ARGUMENT, NativeJNI.options_set_timeout_ms(next[0], null, 1));
    }

    @Test
    void handle_that_is_freed_while_a_thread_is_inside_goes_when_it_has_left() throws Exception {
        int limit = (int) LIMIT_SECONDS * 1000;
        long[] client = new long[1];
        long[] session = new long[1];
        long[] call = new long[1];
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            NativeJNI.client_new(client);
            NativeJNI.client_set_base_url(client[0], null, utf8("http://127.0.0.1:" + server.getLocalPort()));
            NativeJNI.client_set_max_retries(client[0], null, 0);
            NativeJNI.session_new(client[0], null, Native.FLOW_MOBILE, utf8("DocDemo"), session);
            NativeJNI.session_set_identifier(session[0], null, Native.IDENTIFIER_MOBILE, utf8("919999999993"));
            NativeJNI.session_set_device_id(session[0], null, utf8("d"));
            assertEquals(0, NativeJNI.token_generate(session[0], null, 0, null, call));
            int[] waited = {ErrorCode.PENDING};
            Thread inside = new Thread(() -> waited[0] = NativeJNI.call_wait(call[0], null, limit));
            inside.start();
            try (Socket connection = server.accept()) {
                connection.getInputStream().read(); // what waits also sends
                NativeJNI.delete_CallHandle(call[0]);
                assertEquals(0, NativeJNI.call_address(call[0], null));
                connection.setSoTimeout(100);
                assertThrows(SocketTimeoutException.class, () -> readToEnd(connection), "it was freed at once");
                connection.getOutputStream().write(utf8("HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n"));
                inside.join();
                assertNotEquals(ErrorCode.PENDING, waited[0]);
            }
        }
        NativeJNI.delete_SessionHandle(session[0]);
        NativeJNI.delete_ClientHandle(client[0]);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static void readToEnd(Socket connection) throws IOException {
        int next;
        do {
            next = connection.getInputStream().read();
        } while (next >= 0);
    }

    @Test
    void number_is_no_handle_of_another_kind() {
        long[] client = new long[1];
        NativeJNI.client_new(client);
        for (int bit = 0; bit < Long.SIZE; bit++) { // the kind is in the number
            assertEquals(ErrorCode.INVALID_ARGUMENT,
                    NativeJNI.options_set_timeout_ms(client[0] ^ 1L << bit, null, 1), "bit " + bit);
        }
        assertEquals(ErrorCode.INVALID_ARGUMENT, NativeJNI.options_set_timeout_ms(client[0], null, 1));
        NativeJNI.delete_OptionsHandle(client[0]);
        assertEquals(0, NativeJNI.client_close(client[0], null));
        NativeJNI.delete_ClientHandle(client[0]);
    }

    @Test
    void thousands_of_handles_are_each_their_own() {
        long[][] all = new long[3000][1];
        for (int i = 0; i < all.length; i++) {
            NativeJNI.client_new(all[i]);
            assertEquals(0, NativeJNI.client_set_timeout_ms(all[i][0], null, i + 1));
        }
        for (int i = 0; i < all.length; i += 2) {
            NativeJNI.delete_ClientHandle(all[i][0]);
        }
        for (int i = 0; i < all.length; i++) {
            int expected = i % 2 == 0 ? NativeJNI.client_timeout_ms(0, null) : i + 1;
            assertEquals(expected, NativeJNI.client_timeout_ms(all[i][0], null), "client " + i);
            NativeJNI.delete_ClientHandle(all[i][0]);
        }
    }

    @Test
    void abandoned_handles_are_freed() {
        int before = Handle.count();
        for (int i = 0; i < 50; i++) {
            Client of = emulator.client();
            customer(of).startGenerateToken().await(-1);
            of.close();
        }
        awaitCollected(() -> {
            Handle.collect();
            return Handle.count() <= before + 10;
        });
    }

    @Test
    void handles_are_freed_when_collected_whichever_were_freed_before() {
        List<OptionsHandle> all = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            all.add(new OptionsHandle());
            Native.options_new(all.get(i));
        }
        List<Long> numbers = all.stream().map(Handle::number).collect(Collectors.toList());
        Random random = new Random(1);
        while (all.size() > 40) {
            OptionsHandle freed = all.remove(random.nextInt(all.size()));
            freed.free();
            freed.free();
            assertEquals(ErrorCode.INVALID_ARGUMENT, Native.options_set_timeout_ms(freed, 1));
        }
        all.forEach(kept -> assertEquals(0, Native.options_set_timeout_ms(kept, 1)));
        all.clear();
        awaitCollected(() -> {
            Handle.collect();
            return numbers.stream().noneMatch(number -> NativeJNI.options_set_timeout_ms(number, null, 1) == 0);
        });
    }

    @Test
    void no_secret_in_any_text() {
        Session customer = signedIn();
        String[] secrets = {customer.token(), customer.key(), otp(), mobile};
        Call<Void> call = customer.startValidateOtp(otp());
        call.await(-1);
        CapauthException failure = assertThrows(CapauthException.class, call::result);
        Reply reply = customer.gateway("GET", "customer/get");
        Object[] all = {client, customer, call, failure, reply, client.diagnose(), customer.nextStep(), emulator};
        for (Object one : all) {
            for (String secret : secrets) {
                assertFalse(one.toString().contains(secret), one::toString);
            }
        }
    }
}
