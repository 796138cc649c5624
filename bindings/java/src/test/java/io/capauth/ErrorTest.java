// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Each code has its class, and network troubles are told apart. */
class ErrorTest extends Fixture {
    @Test
    void every_code_of_the_table_has_its_class_name_and_constant() throws Exception {
        String table = new String(
                Files.readAllBytes(Paths.get(System.getProperty("capauth.source"), "core", "errors.json")),
                StandardCharsets.UTF_8);
        Matcher row = Pattern.compile("\"code\": (-?\\d+), \"name\": \"(\\w+)\", \"class\": \"(\\w+)\"").matcher(table);
        int rows = 0;
        while (row.find()) {
            int code = Integer.parseInt(row.group(1));
            String name = row.group(2).replaceFirst("^E_", "");
            String type = row.group(3).equals("Error")
                    ? "CapauthException" : row.group(3).replaceFirst("Error$", "Exception");
            CapauthException exception = CapauthException.of(code);
            assertEquals(type, exception.getClass().getSimpleName());
            assertEquals(code, exception.code());
            assertEquals(name, exception.name());
            assertEquals(code, ErrorCode.class.getField(name).getInt(null));
            assertEquals(ErrorCode.message(code), exception.getMessage());
            rows++;
        }
        assertTrue(rows > 50);
    }

    @Test
    void unknown_code_of_the_auth_engine_is_a_refusal() {
        fault("/auth/v1/token/generate", "status", 200,
                "body", "{\"status\":{\"success\":false,\"code\":7777,\"message\":\"Brand new\"}}");
        RefusedException refused = thrown(RefusedException.class, 7777, () -> customer().generateToken());
        assertEquals("UNKNOWN", refused.name());
        assertEquals("Brand new", refused.serverMessage());
        fault("/auth/v1/token/generate", "status", 200, "body", "{\"status\":{\"success\":false,\"code\":-5}}");
        thrown(RefusedException.class, ErrorCode.REFUSED, () -> customer().generateToken());
    }

    @Test
    void service_trouble_is_told_with_its_details() {
        emulator.fault(map("path", "/auth/v1/otp/generate", "brand", brand, "count", 9, "status", 429,
                "body", "slow down", "headers", map("Retry-After", "7", "X-Amz-Cf-Id", "cdn-1")));
        Session customer = customer();
        customer.generateToken();
        RateLimitedException limited =
                thrown(RateLimitedException.class, ErrorCode.RATE_LIMITED, customer::generateOtp);
        assertEquals(429, limited.httpStatus());
        assertEquals(7000, limited.retryAfterMillis());
        assertEquals("cdn-1", limited.requestId());
        assertTrue(limited.retryable());
    }

    @Test
    void lost_answer_is_an_unknown_outcome() {
        Session customer = customer();
        customer.generateToken();
        fault("/auth/v1/otp/generate", "reset", "after");
        UnknownOutcomeException unknown =
                thrown(UnknownOutcomeException.class, ErrorCode.UNKNOWN_OUTCOME, customer::generateOtp);
        assertTrue(unknown.maybeSent());
        assertEquals(1, requests("POST /auth/v1/otp/generate"));
        assertEquals(-1, unknown.retryAfterMillis());
        assertNull(unknown.requestId());
    }

    private CapauthException troubleWith(Client.Builder builder) {
        try (Client of = builder.maxRetries(0).build()) {
            return assertThrows(
                    CapauthException.class, () -> customer(of).generateToken());
        }
    }

    @Test
    void unknown_host_refused_connection_and_wrong_certificate_differ() throws Exception {
        CapauthException resolve = troubleWith(Client.builder().baseUrl("https://no-such-host.invalid"));
        assertEquals(NetworkException.class, resolve.getClass());
        assertEquals(ErrorCode.RESOLVE, resolve.code());

        int free;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            free = socket.getLocalPort();
        }
        CapauthException connect = troubleWith(Client.builder().baseUrl("https://127.0.0.1:" + free));
        assertEquals(NetworkException.class, connect.getClass());
        assertEquals(ErrorCode.CONNECT, connect.code());
        assertTrue(connect.retryable());
        assertFalse(connect.maybeSent());

        CapauthException tls = troubleWith(
                Client.builder().baseUrl(emulator.url()).caPem(AndroidTest.otherAuthority()));
        assertEquals(TlsException.class, tls.getClass());
        assertTrue(tls instanceof NetworkException);
        assertEquals(ErrorCode.TLS, tls.code());
        assertFalse(tls.retryable());
    }

    @Test
    void exception_survives_serialization() throws Exception {
        CapauthException before = assertThrows(
                InvalidOtpException.class, () -> asked().validateOtp(wrongOtp()));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        new ObjectOutputStream(bytes).writeObject(before);
        CapauthException after = (CapauthException) new ObjectInputStream(
                new ByteArrayInputStream(bytes.toByteArray())).readObject();
        assertEquals(1506, after.code());
        assertEquals(before.getMessage(), after.getMessage());
        assertNotNull(after.operation());
    }
}
