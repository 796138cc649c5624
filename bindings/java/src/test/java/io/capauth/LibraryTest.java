// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How the native library is found, and what it shows. */
class LibraryTest {
    private static final String LIBRARY = System.getProperty("capauth.native");
    private static final String VERSION = "version " + System.getProperty("capauth.version");
    /** A folder in which nobody makes a file. */
    private static final String NO_ROOM = "/proc";
    private static final String JAR = System.getProperty("capauth.jars").split(File.pathSeparator)[0];

    /** Prints the version, whatever the library was loaded from. An argument is the name of the virtual machine. */
    public static final class Main {
        public static void main(String[] arguments) {
            if (arguments.length > 0) {
                System.setProperty("java.vm.name", arguments[0]); // which -D cannot
            }
            System.out.println("version " + Capauth.version());
        }
    }

    static String run(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))
                .lines().collect(Collectors.joining("\n"));
        assertEquals(0, process.waitFor(), output);
        return output;
    }

    static List<String> java(String classPath, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(new File(System.getProperty("java.home"), "bin/java").getPath());
        command.addAll(Arrays.asList("-Xcheck:jni", "-cp", classPath));
        if (Double.parseDouble(System.getProperty("java.specification.version")) >= 17) {
            command.add("--enable-native-access=ALL-UNNAMED"); // Java 24 and later warn without it
        }
        command.addAll(Arrays.asList(arguments));
        return command;
    }

    private static String main(String classPath, String... properties) throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(Arrays.asList(properties));
        arguments.add(Main.class.getName());
        return run(java(classPath, arguments.toArray(new String[0])));
    }

    private static String testClasses() {
        return LibraryTest.class.getProtectionDomain().getCodeSource().getLocation().getPath();
    }

    @Test
    void jar_alone_is_enough_and_leaves_nothing_behind(@TempDir Path folder) throws Exception {
        String output = main(JAR + File.pathSeparator + testClasses(), "-Djava.io.tmpdir=" + folder);
        assertEquals(VERSION, output);
        assertEquals(0, folder.toFile().list().length);
    }

    /** Makes a client without certificates of its own. */
    public static final class Starting {
        public static void main(String[] arguments) {
            Client.builder().baseUrl("http://127.0.0.1:1").build().close();
            System.out.println(Capauth.version());
        }
    }

    @Test
    void start_brings_no_security_providers_regular_expressions_or_lambdas_with_it() throws Exception {
        String said = run(java(JAR + File.pathSeparator + testClasses(), "-verbose:class", Starting.class.getName()));
        assertTrue(said.contains("io.capauth.BundledLibrary"), said);
        for (String slow : new String[] {"java.security.SecureRandom ", "java.security.Provider$Service ",
                "java.util.regex.Matcher ", "$$Lambda", "LambdaForm$DMH/"}) {
            assertFalse(said.contains(slow), slow);
        }
    }

    @Test
    void folder_of_the_copy_is_for_its_owner_alone(@TempDir Path folder) throws IOException {
        Path made = BundledLibrary.makeFolder(folder);
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(made)));
    }

    @Test
    void another_folder_can_be_named_for_the_copy(@TempDir Path folder) throws Exception {
        String output = main(JAR + File.pathSeparator + testClasses(),
                "-Djava.io.tmpdir=" + NO_ROOM, "-Dcapauth.library.tmpdir=" + folder);
        assertEquals(VERSION, output);
        assertEquals(0, folder.toFile().list().length);
    }

    @Test
    void file_or_folder_can_be_named(@TempDir Path folder) throws Exception {
        String path = JAR + File.pathSeparator + testClasses();
        assertEquals(VERSION,
                main(path, "-Djava.io.tmpdir=" + NO_ROOM, "-Dcapauth.library.path=" + LIBRARY));
        assertEquals(VERSION,
                main(path, "-Djava.io.tmpdir=" + NO_ROOM, "-Dcapauth.library.path=" + new File(LIBRARY).getParent()));
    }

    @Test
    void without_a_bundled_one_the_platform_is_asked() throws Exception {
        String path = System.getProperty("capauth.classes") + File.pathSeparator + testClasses();
        assertEquals(VERSION, main(path, "-Djava.library.path=" + new File(LIBRARY).getParent()));
    }

    @Test
    void android_is_asked_before_the_jar_whose_library_is_one_for_desktops(@TempDir Path folder) throws Exception {
        for (String machine : new String[] {"x86_64", "aarch64"}) {
            Path wrong = folder.resolve("io/capauth/native/linux-" + machine + "/libcapauth_java.so");
            Files.createDirectories(wrong.getParent());
            Files.write(wrong, "for another C library".getBytes(StandardCharsets.US_ASCII));
        }
        String path = folder + File.pathSeparator + System.getProperty("capauth.classes") + File.pathSeparator
                + testClasses();
        assertEquals(VERSION, run(java(path,
                "-Djava.library.path=" + new File(LIBRARY).getParent(), Main.class.getName(), "Dalvik")));
    }

    private static String failure(String... properties) throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(Arrays.asList(properties));
        arguments.add(Failing.class.getName());
        return run(java(System.getProperty("capauth.classes") + File.pathSeparator + testClasses(),
                arguments.toArray(new String[0])));
    }

    /** Prints why there is no library. */
    public static final class Failing {
        public static void main(String[] arguments) {
            try {
                System.out.println(Capauth.version());
            } catch (UnsatisfiedLinkError e) {
                System.out.println(e.getMessage());
            }
        }
    }

    @Test
    void where_nothing_fits_it_says_what_the_jar_has_and_what_was_looked_for() throws Exception {
        String said = run(java(JAR + File.pathSeparator + testClasses(), "-Dos.arch=riscv64",
                "-Djava.library.path=" + NO_ROOM, Failing.class.getName()));
        String machine = System.getProperty("os.arch").replace("amd64", "x86_64");
        assertTrue(said.startsWith("capauth: no native library for linux-riscv64. This jar has linux-"), said);
        assertTrue(said.contains(machine + ";"), said);
        assertTrue(said.contains("java.library.path (" + NO_ROOM + ")"), said);
        assertTrue(said.contains("capauth.library.path"), said);
        assertTrue(failure("-Djava.library.path=" + NO_ROOM).contains("This jar has none"));
    }

    @Test
    void a_library_of_the_jar_that_cannot_be_loaded_says_from_where(@TempDir Path folder) throws Exception {
        String machine = System.getProperty("os.arch").replace("amd64", "x86_64");
        Path broken = folder.resolve("io/capauth/native/linux-" + machine + "/libcapauth_java.so");
        Files.createDirectories(broken.getParent());
        Files.write(broken, "no library".getBytes(StandardCharsets.US_ASCII));
        String said = run(java(folder + File.pathSeparator + System.getProperty("capauth.classes")
                + File.pathSeparator + testClasses(), "-Djava.io.tmpdir=" + folder, Failing.class.getName()));
        assertTrue(said.contains("could not be loaded from " + folder), said);
        assertTrue(said.contains("capauth.library.tmpdir"), said);
    }

    @Test
    void musl_is_known_by_what_is_loaded(@TempDir Path folder) throws Exception {
        Path maps = folder.resolve("maps");
        Files.write(maps, "7f00-7f01 r-xp 0 08:01 1 /lib/ld-musl-x86_64.so.1".getBytes(StandardCharsets.US_ASCII));
        assertTrue(NativeLibrary.hasMusl(maps.toString()));
        Files.write(maps, "7f00-7f01 r-xp 0 08:01 1 /usr/lib/libc.so.6".getBytes(StandardCharsets.US_ASCII));
        assertFalse(NativeLibrary.hasMusl(maps.toString()));
        assertFalse(NativeLibrary.hasMusl(folder.resolve("nothing").toString()));
    }

    @Test
    void library_exports_only_what_the_virtual_machine_looks_up() throws Exception {
        String symbols = run(Arrays.asList("nm", "-D", "--defined-only", LIBRARY));
        for (String line : symbols.split("\n")) {
            String name = line.substring(line.lastIndexOf(' ') + 1);
            assertTrue(name.startsWith("Java_io_capauth_") || name.equals("JNI_OnUnload"), line);
        }
    }

    @Test
    void library_stays_loaded_and_has_no_text_relocations() throws Exception {
        String dynamic = run(Arrays.asList("readelf", "-dW", LIBRARY));
        assertTrue(dynamic.contains("NODELETE"));
        assertFalse(dynamic.contains("TEXTREL"));
    }

    @Test
    void jar_is_the_same_when_made_again(@TempDir Path folder) throws Exception {
        Path script = new File(System.getProperty("capauth.source"), "bindings/java/make_jar.py").toPath();
        String[] made = new String[2];
        for (int i = 0; i < 2; i++) {
            Path jar = folder.resolve(i + "/capauth.jar");
            Files.createDirectories(jar.getParent());
            run(Arrays.asList("python3", script.toString(), jar.toString(), System.getProperty("capauth.classes")));
            made[i] = Arrays.toString(Files.readAllBytes(jar));
        }
        assertEquals(made[0], made[1]);
    }
}
