// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.capauth.testing.Emulator;
import io.capauth.testing.EmulatorExtension;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The programs that people copy: they run as they stand. */
@ExtendWith(EmulatorExtension.class)
class ReadmeTest {
    private static final Path SOURCE = Paths.get(System.getProperty("capauth.source"));
    private static final String JARS = System.getProperty("capauth.jars");

    private static Process start(Map<String, String> environment, String... arguments) throws IOException {
        List<String> command = LibraryTest.java(JARS, arguments);
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(environment);
        return builder.start();
    }

    private static String readme() throws IOException {
        return new String(Files.readAllBytes(SOURCE.resolve("bindings/java/README.md")), StandardCharsets.UTF_8);
    }

    private static String rest(BufferedReader said) {
        return said.lines().collect(Collectors.joining("\n"));
    }

    @Test
    void snippet_signs_in(Emulator emulator, @TempDir Path folder) throws Exception {
        String readme = readme();
        Matcher fence = Pattern.compile("(?s)```java run\n(.*?)```").matcher(readme);
        assertTrue(fence.find());
        Path program = folder.resolve("SignIn.java");
        Files.write(program, fence.group(1).getBytes(StandardCharsets.UTF_8));
        Process process = start(
                Fixture.strings("CAPAUTH_URL", emulator.url(), "CAPAUTH_CA_FILE", emulator.caFile()),
                program.toString());
        // It asks for the OTP without a line end, once it was sent.
        Pattern otp = Pattern.compile("\"otp\"\\s*:\\s*\"(\\d+)\"");
        Fixture.await(() -> otp.matcher(emulator.outbox("")).find() || !process.isAlive());
        Matcher sent = otp.matcher(emulator.outbox(""));
        try (Writer keyboard = new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8)) {
            keyboard.write((sent.find() ? sent.group(1) : "") + "\n");
        }
        String output = rest(new BufferedReader(new InputStreamReader(process.getInputStream())));
        assertEquals(0, process.waitFor(), output);
        assertTrue(output.contains("USER"), output);
    }

    @Test
    void demo_signs_in_and_shows_no_secret(Emulator emulator) throws Exception {
        Process process = start(
                Fixture.strings("CAPAUTH_DEMO_URL", emulator.url(), "CAPAUTH_DEMO_CA_FILE", emulator.caFile()),
                SOURCE.resolve("tests/demo/SignIn.java").toString());
        process.getOutputStream().close();
        String output = rest(new BufferedReader(new InputStreamReader(process.getInputStream())));
        assertEquals(0, process.waitFor(), output);
        assertTrue(output.contains("USER"), output);
        assertTrue(Pattern.compile("HTTP 200, customer \\d+\\R").matcher(output).find(), output);
        assertFalse(Pattern.compile("eyJ\\w{10}").matcher(output).find(), output);
    }

    @Test
    void demo_fails_loudly_without_an_emulator() throws Exception {
        Process process = start(
                Fixture.strings("CAPAUTH_DEMO_URL", "https://127.0.0.1:1", "CAPAUTH_DEMO_CA_FILE", "/dev/null"),
                SOURCE.resolve("tests/demo/SignIn.java").toString());
        process.getOutputStream().close();
        rest(new BufferedReader(new InputStreamReader(process.getInputStream())));
        assertTrue(process.waitFor() != 0);
    }

    /** With the JUnit of these tests, which warns of what it will not support. */
    @Test
    void test_of_an_application_passes_without_warnings(@TempDir Path folder) throws Exception {
        String readme = readme();
        Matcher fence = Pattern.compile("(?s)```java test\n(.*?)```").matcher(readme);
        assertTrue(fence.find());
        Path program = folder.resolve("SignInTest.java");
        Files.write(program, ("import io.capauth.*;\nimport io.capauth.testing.*;\nimport org.junit.jupiter.api.*;\n"
                + "import org.junit.jupiter.api.extension.*;\n"
                + fence.group(1).replace("static class", "class")).getBytes(StandardCharsets.UTF_8));
        String junit = System.getProperty("java.class.path");
        String home = System.getProperty("java.home");
        LibraryTest.run(java.util.Arrays.asList(new File(home, "bin/javac").getPath(), "-cp",
                JARS + File.pathSeparator + junit, "-d", folder.toString(), program.toString()));
        String classPath = JARS + File.pathSeparator + junit + File.pathSeparator + folder;
        String output = LibraryTest.run(LibraryTest.java(classPath,
                "org.junit.platform.console.ConsoleLauncher", "execute", "-c", "SignInTest", "--details", "tree"));
        assertTrue(output.contains("1 tests successful"), output);
        assertFalse(output.contains("WARNING"), output);
    }
}
