// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.capauth.testing.Emulator;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is in the jars, and what editors and build tools find there. */
class JarTest {
    private static final String[] JARS = System.getProperty("capauth.jars").split(File.pathSeparator);
    private static final Path SOURCE = Paths.get(System.getProperty("capauth.source"), "bindings/java");

    private static Map<String, byte[]> content(String jar) throws IOException {
        Map<String, byte[]> content = new TreeMap<>();
        try (JarFile file = new JarFile(jar)) {
            for (JarEntry entry : Collections.list(file.entries())) {
                try (InputStream from = file.getInputStream(entry)) {
                    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                    byte[] block = new byte[65536];
                    for (int count = from.read(block); count > 0; count = from.read(block)) {
                        bytes.write(block, 0, count);
                    }
                    content.put(entry.getName(), bytes.toByteArray());
                }
            }
        }
        return content;
    }

    private static String beside(String jar, String what) {
        File file = new File(jar);
        String name = file.getName().replace(".jar", "-" + what + ".jar");
        return new File(file.getParent(), "companions/" + name).getPath();
    }

    private static List<String> javac(String classPath, Path to) {
        return new ArrayList<>(Arrays.asList(new File(System.getProperty("java.home"), "bin/javac").getPath(),
                "--release", "8", "-encoding", "UTF-8", "-g", "-parameters", "-Xlint:-options", "-implicit:none",
                "-sourcepath", SOURCE.resolve("src/declarations").toString(), "-cp", classPath, "-d", to.toString()));
    }

    /** So it holds the same after `make demo`, which fetches no JUnit, as here. */
    @Test
    void testing_jar_is_made_without_junit(@TempDir Path folder) throws Exception {
        List<String> command = javac(JARS[0], folder);
        try (Stream<Path> sources = Files.list(SOURCE.resolve("src/main/java/io/capauth/testing"))) {
            sources.sorted().forEach(source -> command.add(source.toString()));
        }
        LibraryTest.run(command);
        Set<String> made;
        try (Stream<Path> files = Files.walk(folder)) {
            made = files.filter(Files::isRegularFile).map(file -> folder.relativize(file).toString())
                    .collect(Collectors.toCollection(TreeSet::new));
        }
        made.add("META-INF/MANIFEST.MF");
        made.add("META-INF/versions/9/module-info.class");
        assertTrue(made.contains("io/capauth/testing/EmulatorExtension.class"));
        assertEquals(made, content(JARS[1]).keySet());
    }

    @Test
    void declarations_of_others_are_not_shipped() throws IOException {
        for (String jar : JARS) {
            for (String name : content(jar).keySet()) {
                assertFalse(name.startsWith("org/"), name);
            }
        }
    }

    @Test
    void sources_and_documentation_lie_beside() throws IOException {
        Map<String, byte[]> sources = content(beside(JARS[0], "sources"));
        for (String name : content(JARS[0]).keySet()) {
            if (name.matches("io/capauth/(\\w+/)?\\w+\\.class")) {
                assertTrue(sources.containsKey(name.replace(".class", ".java")), name);
            }
        }
        assertTrue(content(beside(JARS[1], "sources")).containsKey("io/capauth/testing/Emulator.java"));
        String page = new String(
                content(beside(JARS[0], "javadoc")).get("io/capauth/Session.html"), StandardCharsets.UTF_8);
        assertTrue(page.contains("validateOtp"));
        assertTrue(content(beside(JARS[1], "javadoc")).containsKey("io/capauth/testing/Emulator.html"));
    }

    @Test
    void coordinates_are_of_this_version() throws IOException {
        for (String pom : new String[] {"pom.xml", "testing-pom.xml"}) {
            String text = new String(Files.readAllBytes(SOURCE.resolve(pom)), StandardCharsets.UTF_8);
            Matcher ours =
                    Pattern.compile("(?s)<groupId>io\\.capauth</groupId>.*?<version>(.*?)</version>").matcher(text);
            while (ours.find()) {
                assertEquals(Capauth.version(), ours.group(1), pom);
            }
        }
    }

    @Test
    void parameters_have_their_names() throws NoSuchMethodException {
        Method gateway = Session.class.getMethod("gateway", String.class, String.class, String.class, Options.class);
        assertEquals("method endpoint body options",
                Arrays.stream(gateway.getParameters()).map(p -> p.getName()).collect(Collectors.joining(" ")));
    }

    @Test
    void what_may_be_null_says_so_to_compilers() throws NoSuchMethodException {
        assertTrue(has("NullMarked", Client.class.getPackage()));
        assertTrue(has("NullMarked", Emulator.class.getPackage()));
        for (String getter : new String[] {"token", "key", "role", "customerId", "registeredForPassword"}) {
            assertTrue(mayBeNull(Session.class.getMethod(getter)), getter);
        }
        for (String getter : new String[] {"brand", "otp", "nextStep", "export"}) {
            assertFalse(mayBeNull(Session.class.getMethod(getter)), getter);
        }
        assertTrue(mayBeNull(Client.class.getMethod("nextDone")));
        assertTrue(mayBeNull(InvalidArgumentException.class.getMethod("argument")));
        Method validate = Session.class.getMethod("validateOtp", String.class, Options.class);
        assertFalse(has("Nullable", validate.getAnnotatedParameterTypes()[0]));
        assertTrue(has("Nullable", validate.getAnnotatedParameterTypes()[1]));
    }

    private static boolean mayBeNull(Method method) {
        return has("Nullable", method.getAnnotatedReturnType());
    }

    /** By name: who compiles without JSpecify must see no warning, and these tests are such. */
    private static boolean has(String annotation, AnnotatedElement element) {
        return Arrays.stream(element.getAnnotations())
                .anyMatch(one -> one.annotationType().getName().equals("org.jspecify.annotations." + annotation));
    }

    private static List<String> module(String name) throws Exception {
        String java = new File(System.getProperty("java.home"), "bin/java").getPath();
        List<String> lines = Arrays.asList(LibraryTest.run(Arrays.asList(
                java, "-p", String.join(File.pathSeparator, JARS), "--describe-module", name)).split("\n"));
        assertTrue(lines.get(0).startsWith(name + " file:") && !lines.get(0).contains("automatic"), lines::toString);
        return lines;
    }

    @Test
    void jar_is_a_module_that_shows_two_packages() throws Exception {
        List<String> lines = module("io.capauth");
        assertTrue(lines.contains("exports io.capauth"), lines::toString);
        assertTrue(lines.contains("exports io.capauth.redis"), lines::toString);
        assertEquals(2, lines.stream().filter(line -> line.startsWith("exports")).count(), lines::toString);
    }

    @Test
    void testing_jar_is_a_module_that_does_without_junit() throws Exception {
        List<String> lines = module("io.capauth.testing");
        assertTrue(lines.contains("requires io.capauth transitive"), lines::toString);
        assertTrue(lines.contains("requires org.junit.jupiter.api static"), lines::toString);
        assertTrue(lines.contains("exports io.capauth.testing"), lines::toString);
        assertEquals(1, lines.stream().filter(line -> line.startsWith("exports")).count(), lines::toString);
    }

    @Test
    void module_loads_its_library_and_works_with_the_testing_jar(@TempDir Path folder) throws Exception {
        Path program = folder.resolve("app/Main.java");
        Files.createDirectories(program.getParent());
        Files.write(program, ("package app; public class Main { public static void main(String[] a) {"
                + " System.out.print(io.capauth.Capauth.version()"
                + " + io.capauth.testing.Emulator.class.getSimpleName()); } }").getBytes(StandardCharsets.UTF_8));
        Path info = folder.resolve("module-info.java");
        Files.write(info, "module app { requires io.capauth; requires io.capauth.testing; }"
                .getBytes(StandardCharsets.UTF_8));
        String modules = String.join(File.pathSeparator, JARS);
        Path out = folder.resolve("out");
        String home = System.getProperty("java.home");
        LibraryTest.run(Arrays.asList(new File(home, "bin/javac").getPath(), "-p", modules, "-d", out.toString(),
                info.toString(), program.toString()));
        List<String> command = new ArrayList<>(Arrays.asList(new File(home, "bin/java").getPath()));
        if (Double.parseDouble(System.getProperty("java.specification.version")) >= 17) {
            command.add("--enable-native-access=io.capauth");
        }
        command.addAll(Arrays.asList("-p", modules + File.pathSeparator + out, "-m", "app/app.Main"));
        assertEquals(Capauth.version() + "Emulator", LibraryTest.run(command));
    }
}
