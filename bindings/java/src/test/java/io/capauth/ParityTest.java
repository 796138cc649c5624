// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Everything in the header is there, in both layers. */
class ParityTest {
    /** Handles and texts free themselves. */
    private static final Set<String> FREED = new TreeSet<>(
            Arrays.asList("client_free", "session_free", "call_free", "options_free", "string_free"));

    /** Borrowed texts, for programs of one thread: the classes use the twins that copy. */
    private static final Set<String> BORROWED = new TreeSet<>(Arrays.asList(
            "client_error_message", "session_token", "session_key", "session_role", "session_customer_id",
            "session_brand", "session_identifier", "session_device_id", "session_otp_destination",
            "session_otp_channel", "session_error_message", "options_error_message"));

    private static String header() throws IOException {
        Path path = Paths.get(System.getProperty("capauth.source"), "core/include/capauth/capauth.h");
        String text = new String(Files.readAllBytes(path), StandardCharsets.UTF_8);
        return text.replaceAll("(?s)/\\*.*?\\*/", " ");
    }

    private static Set<String> found(String pattern, String text) {
        Set<String> found = new TreeSet<>();
        Matcher matcher = Pattern.compile(pattern).matcher(text);
        while (matcher.find()) {
            found.add(matcher.group(1));
        }
        return found;
    }

    private static Set<String> declared() throws IOException {
        Set<String> declared = found("CAPAUTH_API [^;{]*?\\bcapauth_(\\w+)\\s*\\(", header());
        assertTrue(declared.size() > 100, declared::toString);
        declared.removeAll(FREED);
        return declared;
    }

    @Test
    void flat_layer_has_every_function() throws IOException {
        Set<String> wrapped = new TreeSet<>();
        for (Method method : Native.class.getDeclaredMethods()) {
            wrapped.add(method.getName());
        }
        wrapped.remove("call_address"); // by which Calls knows what next_done gives
        assertEquals(declared(), wrapped);
    }

    @Test
    void classes_use_every_function() throws IOException {
        StringBuilder sources = new StringBuilder();
        Path[] roots = {
            Paths.get(System.getProperty("capauth.source"), "bindings/java/src/main/java"),
            Paths.get(System.getProperty("capauth.generated"), "table")
        };
        for (Path root : roots) {
            try (Stream<Path> paths = Files.walk(root)) {
                for (Path path : paths.filter(Files::isRegularFile).collect(Collectors.toList())) {
                    sources.append(new String(Files.readAllBytes(path), StandardCharsets.UTF_8));
                }
            }
        }
        Set<String> missing = declared();
        missing.removeAll(BORROWED);
        missing.remove("client_prepare"); // its started form, waited for
        missing.removeAll(found("\\bNative\\.(\\w+)\\(", sources.toString()));
        assertEquals(new TreeSet<String>(), missing);
    }

    @Test
    void enumerations_have_every_constant() throws IOException {
        assertEquals(found("\\bCAPAUTH_STEP_(\\w+) =", header()), names(Step.values()));
        assertEquals(found("\\bCAPAUTH_FLOW_(\\w+) =", header()), names(Flow.values()));
        assertEquals(found("\\bCAPAUTH_IDENTIFIER_(\\w+) = \\d\\b", header()), names(IdentifierType.values()));
        assertEquals(found("\\bCAPAUTH_LOG_(\\w+) =", header()), names(LogLevel.values()));
    }

    private static Set<String> names(Enum<?>[] values) {
        Set<String> names = Stream.of(values).map(Enum::name).collect(Collectors.toCollection(TreeSet::new));
        names.remove("UNKNOWN");
        return names;
    }

    @Test
    void numbers_of_a_later_version_are_tolerated() {
        assertEquals(Step.UNKNOWN, Step.of(99));
        assertEquals(Flow.UNKNOWN, Flow.of(99));
        assertEquals(IdentifierType.UNKNOWN, IdentifierType.of(0));
        assertEquals("unknown", Step.UNKNOWN.toString());
        assertEquals("otp_validate", Step.OTP_VALIDATE.toString());
    }

    @Test
    void every_operation_is_there_in_three_forms() {
        for (Method method : Operations.class.getDeclaredMethods()) {
            if (!Modifier.isPublic(method.getModifiers()) || method.getName().startsWith("start")) {
                continue;
            }
            String name = method.getName();
            String start = "start" + Character.toUpperCase(name.charAt(0)) + name.substring(1);
            try {
                assertEquals(Call.class, Session.class.getMethod(start, method.getParameterTypes()).getReturnType());
                AsyncSession.class.getMethod(name, method.getParameterTypes());
            } catch (NoSuchMethodException e) {
                throw new AssertionError(e);
            }
        }
    }

    @Test
    void generated_classes_are_not_public() {
        for (Class<?> type : new Class<?>[] {
            Native.class, NativeConstants.class, ClientHandle.class, SessionHandle.class, CallHandle.class,
            OptionsHandle.class, NativeJNI.class, Handle.class
        }) {
            assertTrue(!Modifier.isPublic(type.getModifiers()), type.getName());
        }
    }

    @Test
    void exceptions_show_no_fields() {
        for (Field field : CapauthException.class.getDeclaredFields()) {
            assertTrue(!Modifier.isPublic(field.getModifiers()));
        }
    }
}
