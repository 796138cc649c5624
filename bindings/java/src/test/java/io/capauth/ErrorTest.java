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
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Reader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.json.JSONObject;
import org.json.JSONTokener;
import org.junit.jupiter.api.Test;

/** Each code has its class, and network troubles are told apart. */
class ErrorTest extends Fixture {
    private static List<Map<String, Object>> table() throws IOException {
        try (Reader reader = Files.newBufferedReader(
                Paths.get(System.getProperty("capauth.source"), "core", "errors.json"))) {
            List<Map<String, Object>> rows = new ArrayList<>();
            for (Object row : new JSONObject(new JSONTokener(reader)).getJSONArray("codes")) {
                rows.add(((JSONObject) row).toMap());
            }
            return rows;
        }
    }

    private static void assertIsThatOfTheTable(Map<String, Object> row, CapauthException exception) {
        String type = ((String) row.get("class")).replaceFirst("^Error$", "CapauthError");
        assertEquals(type.replaceFirst("Error$", "Exception"), exception.getClass().getSimpleName());
        assertEquals(row.get("code"), exception.code());
        assertEquals(((String) row.get("name")).replaceFirst("^E_", ""), exception.name());
        assertEquals(row.get("retryable"), exception.retryable());
    }

    /** Makes one of each: tests of applications run where there is no native library. */
    public static final class Made {
        public static void main(String[] arguments) throws IOException {
            InvalidOtpException thrown = new InvalidOtpException("not that one");
            assertEquals("not that one", thrown.getMessage());
            assertEquals(ErrorCode.INVALID_OTP, thrown.code());
            assertEquals("INVALID_OTP", thrown.name());
            for (Map<String, Object> row : table()) {
                CapauthException built = CapauthException.builder((Integer) row.get("code")).build();
                assertIsThatOfTheTable(row, built);
                assertEquals(row.get("text"), built.getMessage());
            }
            assertEquals(RefusedException.class, CapauthException.builder(1777).build().getClass());
            System.out.print("made");
        }
    }

    @Test
    void exceptions_can_be_made_where_there_is_no_native_library() throws Exception {
        String path = String.join(java.io.File.pathSeparator, System.getProperty("capauth.jars"),
                ErrorTest.class.getProtectionDomain().getCodeSource().getLocation().getPath(),
                System.getProperty("java.class.path"), JSONObject.class.getProtectionDomain().getCodeSource()
                        .getLocation().getPath());
        assertEquals("made", LibraryTest.run(LibraryTest.java(path, "-Dcapauth.library.path=/nonexistent",
                "-Dcapauth.source=" + System.getProperty("capauth.source"), Made.class.getName())));
    }

    @Test
    void every_exception_can_be_made_by_message_and_by_builder() throws Exception {
        for (Map<String, Object> row : table()) {
            Class<? extends CapauthException> type = CapauthException.of((Integer) row.get("code")).getClass();
            if (type != CapauthException.class) {
                CapauthException made = type.getConstructor(String.class).newInstance("on purpose");
                assertEquals("on purpose", made.getMessage());
                assertEquals(type, CapauthException.of(made.code()).getClass());
                assertFalse(type.getConstructor().newInstance().getMessage().isEmpty());
            }
        }
        CapauthException.Builder builder = CapauthException.builder(ErrorCode.WRONG_STEP)
                .message("m").operation("otp_generate").httpStatus(429).retryable(true).retryAfterMillis(30000)
                .maybeSent(true).requestId("r").argument("a").nextStep(Step.TOKEN_GENERATE).server(7, "s");
        WrongStepException built = (WrongStepException) builder.build();
        builder.message("another");
        assertEquals("m otp_generate 429 true 30000 true r TOKEN_GENERATE 7 s", String.join(" ",
                built.getMessage(), built.operation(), "" + built.httpStatus(), "" + built.retryable(),
                "" + built.retryAfterMillis(), "" + built.maybeSent(), built.requestId(), built.nextStep().name(),
                "" + built.serverCode(), built.serverMessage()));
    }

    @Test
    void every_code_of_the_table_has_its_class_name_and_constant() throws Exception {
        assertTrue(table().size() > 50);
        for (Map<String, Object> row : table()) {
            CapauthException exception = CapauthException.of((Integer) row.get("code"));
            assertIsThatOfTheTable(row, exception);
            assertEquals(exception.code(), ErrorCode.class.getField(exception.name()).getInt(null));
            assertEquals(row.get("text"), exception.getMessage());
            assertEquals(row.get("text"), ErrorCode.message(exception.code()));
        }
    }

    @Test
    void every_refusal_of_the_table_arrives_with_its_class() throws IOException {
        Session customer = customer();
        for (Map<String, Object> row : table()) {
            if ((Integer) row.get("code") < 0) {
                continue; // our own, which no server sends
            }
            String message = "the server's " + row.get("name");
            fault("/auth/v1/token/generate", "status", 200,
                    "body", map("status", map("success", false, "code", row.get("code"), "message", message)));
            RefusedException refused = assertThrows(RefusedException.class, customer::generateToken);
            assertIsThatOfTheTable(row, refused);
            assertEquals(message, refused.serverMessage());
            assertEquals(((Integer) row.get("code")).longValue(), refused.serverCode());
        }
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
