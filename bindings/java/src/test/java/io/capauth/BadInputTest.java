// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Locale;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** What a program must not do is refused, by name, and never crashes. */
class BadInputTest extends Fixture {
    private static String repeated(char c, int count) {
        char[] characters = new char[count];
        Arrays.fill(characters, c);
        return new String(characters);
    }

    /** Longer than any limit but that of caPem. */
    private static final int LONG = 5000000;

    private static final String[] BAD = {
        null, "", repeated('9', 20000), "a\nb", "a\u0007b", "a\0b", "\0", "half \ud83d of a pair", "\ude00"
    };

    private static String shown(String text) {
        return text == null ? "null" : text.length() > 40 ? text.length() + " characters" : text;
    }

    /** Which a password may have. */
    private static boolean hasControl(String text) {
        return text != null && (text.contains("\n") || text.contains("\u0007"));
    }

    private void refused(String argument, Consumer<String> by) {
        for (String bad : BAD) {
            if (hasControl(bad) && argument.toLowerCase(Locale.ROOT).contains("password")) {
                continue;
            }
            InvalidArgumentException thrown =
                    assertThrows(InvalidArgumentException.class, () -> by.accept(bad), () -> shown(bad));
            assertEquals(ErrorCode.INVALID_ARGUMENT, thrown.code());
            assertEquals(argument, thrown.argument(), () -> shown(bad) + ": " + thrown.getMessage());
        }
    }

    @Test
    void identities() {
        refused("brand", bad -> client.session(bad).mobile(mobile).deviceId("d").build());
        refused("mobile", bad -> client.session(brand).mobile(bad).deviceId("d").build());
        refused("email", bad -> client.session(brand).email(bad).deviceId("d").build());
        refused("username", bad -> client.session(brand).username(bad).deviceId("d").build());
        refused("externalId", bad -> client.session(brand).externalId(bad).deviceId("d").build());
        refused("deviceId", bad -> client.session(brand).mobile(mobile).deviceId(bad).build());
        refused("contact", bad -> client.session(brand).username("u").contactEmail(bad).deviceId("d").build());
    }

    @Test
    void identity_is_exactly_one_and_has_a_device() {
        InvalidArgumentException none = assertThrows(
                InvalidArgumentException.class, () -> client.session(brand).deviceId("d").build());
        assertEquals("identifier", none.argument());
        InvalidArgumentException two = assertThrows(InvalidArgumentException.class,
                () -> client.session(brand).mobile(mobile).email("e@example.com").deviceId("d").build());
        assertEquals("identifier", two.argument());
        InvalidArgumentException bare = assertThrows(
                InvalidArgumentException.class, () -> client.session(brand).mobile(mobile).build());
        assertEquals("deviceId", bare.argument());
        thrown(UsageException.class, ErrorCode.UNSUPPORTED,
                () -> client.session(brand).web().mobile(mobile).deviceId("d").build());
    }

    @Test
    void secrets_and_values() {
        Session customer = signedIn();
        refused("password", bad -> customer.generateToken(bad));
        refused("otp", bad -> asked().validateOtp(bad));
        refused("password", bad -> asked().validatePassword(bad));
        refused("currentPassword", bad -> customer.changePassword(bad, "Secret-1"));
        refused("newPassword", bad -> customer.changePassword("Secret-1", bad));
        refused("newPassword", bad -> asked().forgetPassword(bad));
        refused("newValue", customer::updateIdentifier);
        refused("otp", bad -> asked().validateOtp(bad == null ? null : bad.toCharArray()));
        assertTrue(customer.signedIn(), "and the session goes on");
    }

    private static void refusedAsTooLong(String argument, String limit, Runnable by) {
        InvalidArgumentException thrown = assertThrows(InvalidArgumentException.class, by::run, argument);
        assertEquals(argument, thrown.argument());
        assertTrue(thrown.getMessage().contains(limit), () -> argument + ": " + thrown.getMessage());
        assertTrue(thrown.getMessage().length() < 300, argument);
    }

    @Test
    void long_texts_of_clients_and_sessions_are_refused_by_name_and_limit() {
        String text = repeated('9', LONG);
        refusedAsTooLong("baseUrl", "2048 bytes", () -> emulator.clientBuilder().baseUrl(text).build());
        refusedAsTooLong("gatewayUrl", "2048 bytes", () -> emulator.clientBuilder().gatewayUrl(text).build());
        refusedAsTooLong("proxy", "2048 bytes", () -> emulator.clientBuilder().proxy(text).build());
        refusedAsTooLong("caFile", "4096 bytes", () -> emulator.clientBuilder().caFile(text).build());
        refusedAsTooLong("clientCert", "4096 bytes", () -> emulator.clientBuilder().clientCert(text).build());
        refusedAsTooLong("clientKey", "4096 bytes", () -> emulator.clientBuilder().clientKey(text).build());
        refusedAsTooLong("pinnedKeys", "4096 bytes", () -> emulator.clientBuilder().pinnedKeys(text).build());
        refusedAsTooLong("tlsMin", "is not one of", () -> emulator.clientBuilder().tlsMin(text).build());
        refusedAsTooLong("userAgent", "256 bytes", () -> emulator.clientBuilder().userAgent(text).build());
        refusedAsTooLong("header", "256 bytes", () -> emulator.clientBuilder().header(text, "x").build());
        refusedAsTooLong("header", "8192 bytes", () -> emulator.clientBuilder().header("A", text).build());
        refusedAsTooLong("brand", "256 bytes", () -> client.session(text).mobile(mobile).deviceId("d").build());
        refusedAsTooLong("mobile", "256 bytes", () -> client.session(brand).mobile(text).deviceId("d").build());
        refusedAsTooLong("contact", "256 bytes",
                () -> client.session(brand).username("u").contactEmail(text).deviceId("d").build());
        refusedAsTooLong("deviceId", "512 bytes", () -> client.session(brand).mobile(mobile).deviceId(text).build());
        refusedAsTooLong("accessToken", "16384 bytes", () -> client.externalSession(brand, text, "i"));
        refusedAsTooLong("idToken", "16384 bytes", () -> client.externalSession(brand, "a", text));
        refusedAsTooLong("text", "4 MiB", () -> client.restore(text));
        refusedAsTooLong("text", "4 MiB", () -> customer().reload(text));
    }

    @Test
    void long_texts_of_operations_are_refused_by_name_and_limit() {
        String text = repeated('9', LONG);
        Session customer = signedIn();
        refusedAsTooLong("password", "1024 bytes", () -> customer.generateToken(text));
        refusedAsTooLong("currentPassword", "1024 bytes", () -> customer.changePassword(text, "Secret-1"));
        refusedAsTooLong("newPassword", "1024 bytes", () -> customer.changePassword("Secret-1", text));
        refusedAsTooLong("newValue", "256 bytes", () -> customer.updateIdentifier(text));
        refusedAsTooLong("otp", "1024 bytes", () -> asked().validateOtp(text.toCharArray()));
        refusedAsTooLong("password", "1024 bytes", () -> asked().validatePassword(text));
        refusedAsTooLong("newPassword", "1024 bytes", () -> asked().forgetPassword(text));
        refusedAsTooLong("method", "is neither GET nor POST", () -> customer.gateway(text, "x"));
        refusedAsTooLong("endpoint", "256 bytes", () -> customer.gateway("GET", text));
        refusedAsTooLong("query", "256 bytes",
                () -> customer.gateway("GET", "x", null, new Options().query(text, "x")));
        refusedAsTooLong("query", "8192 bytes",
                () -> customer.gateway("GET", "x", null, new Options().query("a", text)));
        refusedAsTooLong("header", "8192 bytes", () -> customer.generateToken(new Options().header("A", text)));
        refusedAsTooLong("fallbackChannel", "64 bytes",
                () -> customer.generateOtp(new Options().fallbackChannel(text)));
        refusedAsTooLong("otpHash", "16384 bytes", () -> customer.generateOtp(new Options().otpHash(text, 1)));
    }

    @Test
    void a_text_of_100_megabytes_is_refused_like_any_that_is_too_long() {
        String text = repeated('9', 100000000);
        refusedAsTooLong("caPem", "16 MiB", () -> emulator.clientBuilder().caPem(text).build());
        refusedAsTooLong("otp", "1024 bytes", () -> asked().validateOtp(text));
        customer().startGateway("POST", "x", text, null).cancel(); // what a brand's service takes is its own affair
    }

    @Test
    void started_forms_give_a_call_for_the_same() {
        Session customer = asked();
        for (String bad : BAD) {
            Call<Void> call = customer.startValidateOtp(bad);
            assertTrue(call.done());
            thrown(InvalidArgumentException.class, ErrorCode.INVALID_ARGUMENT, call::result);
        }
    }

    @Test
    void gateway_arguments() {
        Session customer = signedIn();
        refused("endpoint", bad -> customer.gateway("GET", bad));
        refused("method", bad -> customer.gateway(bad, "customer/get"));
        thrown(InvalidArgumentException.class, ErrorCode.INVALID_ARGUMENT,
                () -> customer.gateway("PATCH", "customer/get"));
        for (String bad : new String[] {"a\0b", "\ud800"}) {
            thrown(InvalidArgumentException.class, ErrorCode.INVALID_ARGUMENT,
                    () -> customer.gateway("POST", "customer/get", bad, null));
        }
    }

    @Test
    void options() {
        Session customer = customer();
        BiFunction<String, Options, Void> check = (argument, options) -> {
            InvalidArgumentException thrown =
                    assertThrows(InvalidArgumentException.class, () -> customer.generateToken(options), argument);
            assertEquals(argument, thrown.argument());
            return null;
        };
        check.apply("timeoutMillis", new Options().timeoutMillis(0));
        check.apply("timeoutMillis", new Options().timeoutMillis(-1));
        check.apply("timeoutMillis", new Options().timeoutMillis(Long.MAX_VALUE));
        check.apply("marginMillis", new Options().marginMillis(-1));
        check.apply("header", new Options().header("Host", "x"));
        check.apply("header", new Options().header("a b", "x"));
        check.apply("header", new Options().header("A", "x\r\nB: y"));
        check.apply("header", new Options().header(null, "x"));
        check.apply("header", new Options().header("A", "\0"));
        check.apply("query", new Options().query(null, "x"));
        check.apply("query", new Options().query("a", null));
        check.apply("fallbackChannel", new Options().fallbackChannel("\n"));
        check.apply("otpHash", new Options().otpHash("\n", 1));
    }

    @Test
    void client_options() {
        BiFunction<String, Function<Client.Builder, Client.Builder>, Void> check = (option, set) -> {
            InvalidArgumentException thrown = assertThrows(InvalidArgumentException.class,
                    () -> set.apply(emulator.clientBuilder()).build(), option);
            assertEquals(option, thrown.argument());
            return null;
        };
        check.apply("cluster", builder -> builder.cluster(null));
        check.apply("timeoutMillis", builder -> builder.timeoutMillis(0));
        check.apply("connectTimeoutMillis", builder -> builder.connectTimeoutMillis(-5));
        check.apply("maxRetries", builder -> builder.maxRetries(11));
        check.apply("maxConnections", builder -> builder.maxConnections(0));
        check.apply("tlsMin", builder -> builder.tlsMin("1.0"));
        check.apply("pinnedKeys", builder -> builder.pinnedKeys("md5//x"));
        check.apply("refreshMarginMillis", builder -> builder.refreshMarginMillis(-1));
        check.apply("header", builder -> builder.header("cap_brand", "x"));
        check.apply("header", builder -> builder.header("A", null));
        for (String bad : BAD) {
            check.apply("baseUrl", builder -> builder.baseUrl(bad));
            check.apply("gatewayUrl", builder -> builder.gatewayUrl(bad));
        }
        for (String bad : new String[] {null, "a\0b", "\ud800"}) {
            check.apply("caFile", builder -> builder.caFile(bad));
            check.apply("caPem", builder -> builder.caPem(bad));
            check.apply("clientCert", builder -> builder.clientCert(bad));
            check.apply("clientKey", builder -> builder.clientKey(bad));
            check.apply("proxy", builder -> builder.proxy(bad));
            check.apply("userAgent", builder -> builder.userAgent(bad));
        }
        check.apply("baseUrl", builder -> builder.baseUrl("http://auth.brand.example"));
    }

    @Test
    void every_client_option_is_accepted() {
        try (Client of = emulator.clientBuilder()
                .baseUrl("http://auth.brand.example").allowHttp(true).gatewayUrl("https://gateway.brand.example")
                .timeoutMillis(1000).connectTimeoutMillis(500).maxRetries(0).maxConnections(1).http2(true)
                .tlsMin("1.3").proxy("").userAgent("test/1").header("X-App", "yes").refreshMarginMillis(0)
                .autoRefresh(false).clockOffsetMillis(-86400000).capMobile(true).background(true)
                .log((level, message) -> {}).trace(event -> {}).executor(Runnable::run)
                .pinnedKeys("sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").build()) {
            assertEquals(brand, of.session(brand).mobile(mobile).deviceId("d").build().brand());
        }
    }

    @Test
    void settings_are_frozen_by_the_first_operation() {
        Session customer = customer();
        customer.generateToken();
        // Not reachable through the builders, which make a new object each time; C would say STATE.
        assertEquals(ErrorCode.STATE, Native.client_set_http2(client.handle, 1));
    }

    @Test
    void client_without_a_place_is_refused() {
        says("baseUrl or cluster is missing", () -> Client.builder().build());
    }

    private static void says(String message, Runnable by) {
        assertEquals(message, assertThrows(InvalidArgumentException.class, by::run).getMessage());
    }

    @Test
    void messages_speak_of_what_java_calls_it() {
        Session customer = signedIn();
        Options options = new Options();
        says("timeoutMillis is -5; it must be 1 to 86400000", () -> emulator.clientBuilder().timeoutMillis(-5).build());
        says("refreshMarginMillis is -1; it must be 0 to 86400000",
                () -> emulator.clientBuilder().refreshMarginMillis(-1).build());
        says("gatewayUrl is plain http, which is for loopback only; else set allowHttp",
                () -> emulator.clientBuilder().gatewayUrl("http://gateway.example").build());
        says("mobile is empty", () -> client.session(brand).mobile("").deviceId("d").build());
        says("externalId has a control character", () -> client.session(brand).externalId("\n").deviceId("d").build());
        says("deviceId is empty", () -> client.session(brand).mobile(mobile).deviceId("").build());
        says("accessToken is empty", () -> client.externalSession(brand, "", "i"));
        says("password_change: newPassword is empty", () -> customer.changePassword("a", ""));
        says("token_ensure: marginMillis is -3; it must be 0 to 86400000 milliseconds (one day)",
                () -> customer.ensureToken(new Options().marginMillis(-3)));
        says("otp_generate: fallbackChannel has a character that is not a letter, a digit or one of -_",
                () -> customer.generateOtp(new Options().fallbackChannel("\n")));
        says("gateway: query name is empty",
                () -> customer.gateway("GET", "x", null, options.query("", "")));
        says("gateway: endpoint has an empty segment", () -> customer.gateway("GET", "a//b"));
        says("durationMillis is negative; it must be 0 to 2147483647 milliseconds", () -> customer.pauseRefresh(-1));
    }

    @Test
    void text_that_no_array_holds_as_utf_8_is_too_long() {
        assertTrue(Text.LONGEST * 3L <= Integer.MAX_VALUE);
        Text text = Text.tooLong("body");
        assertFalse(text.wellFormed);
        assertEquals("gateway: body is too long", text.malformed("gateway").getMessage());
    }

    @Test
    void external_sessions_and_listeners() {
        refused("brand", bad -> client.externalSession(bad, "a", "i"));
        refused("accessToken", bad -> client.externalSession(brand, bad, "i"));
        refused("idToken", bad -> client.externalSession(brand, "a", bad));
        assertThrows(InvalidArgumentException.class, () -> customer().startGenerateToken().onDone(null));
        assertThrows(InvalidArgumentException.class, () -> new LoggerLog(null));
    }

    @Test
    void text_is_real_utf_8() {
        for (String text : new String[] {"a", "é", "€", "😀", "\uffff", "\u0800", "\u07ff", "\ud800\udc00", "aé€😀z"}) {
            Text encoded = Text.of("text", text);
            assertTrue(encoded.wellFormed);
            assertArrayEquals(
                    text.getBytes(java.nio.charset.StandardCharsets.UTF_8), encoded.bytes);
        }
        assertFalse(Text.of("text", "\ud800x").wellFormed);
    }

    @Test
    void the_array_of_the_caller_stays_and_our_copy_is_wiped() {
        char[] otp = "123456".toCharArray();
        Text text = Text.of("otp", otp);
        text.wipe();
        assertEquals("123456", new String(otp));
        assertEquals(0, text.bytes[0]);
    }
}
