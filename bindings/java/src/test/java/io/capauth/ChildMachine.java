// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A virtual machine of its own for what might end one. How it ends is looked at. */
final class ChildMachine {
    private static final String[] COMPLAINTS = {
        "WARNING in native method", "FATAL ERROR in native method", "WARNING: JNI", "A fatal error has been detected",
        "irrecoverable stack overflow"
    };
    private static final String OWN = new File(System.getProperty("java.home"), "bin/java").getPath();

    private ChildMachine() {}

    static String own() {
        return OWN;
    }

    /** This virtual machine's program, and that of each other one that the build found. */
    static List<String> all() {
        List<String> programs = new ArrayList<>();
        programs.add(OWN);
        for (String other : System.getProperty("capauth.javas", "").split(File.pathSeparator)) {
            if (!other.isEmpty()) {
                programs.add(other);
            }
        }
        return programs;
    }

    /** Runs a main class with -Xcheck:jni; the options of the virtual machine come first. It is to end with 0. */
    static String run(Class<?> main, List<String> options, String... arguments) throws Exception {
        return run(OWN, 0, main, options, arguments);
    }

    static String run(String program, int status, Class<?> main, List<String> options, String... arguments)
            throws Exception {
        Path folder = Files.createTempDirectory("capauth-child");
        Path output = folder.resolve("output");
        List<String> command = command(program, folder, options);
        command.add(main.getName());
        command.addAll(Arrays.asList(arguments));
        try {
            Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile())
                    .directory(folder.toFile()).start();
            process.getOutputStream().close();
            boolean ended = process.waitFor(Fixture.LIMIT_SECONDS, TimeUnit.SECONDS);
            if (!ended) {
                dumpThreads(process);
            }
            String said = new String(Files.readAllBytes(output), StandardCharsets.UTF_8);
            assertTrue(ended, () -> "it hangs: " + command + "\n" + said);
            assertQuiet(process.exitValue(), status, command, said);
            return said;
        } finally {
            delete(folder);
        }
    }

    private static List<String> command(String program, Path folder, List<String> options) {
        String classes = ChildMachine.class.getProtectionDomain().getCodeSource().getLocation().getPath();
        List<String> command = new ArrayList<>(Arrays.asList(
                program, "-Xcheck:jni", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-XX:-CreateCoredumpOnCrash", "-cp",
                System.getProperty("capauth.jars") + File.pathSeparator + classes + File.pathSeparator
                        + System.getProperty("java.class.path")));
        command.add("-XX:ErrorFile=" + folder.resolve("crash"));
        command.addAll(options);
        return command;
    }

    private static void assertQuiet(int ended, int status, List<String> command, String said) {
        assertEquals(status, ended, () -> command + "\n" + said);
        for (String complaint : COMPLAINTS) {
            assertFalse(said.contains(complaint), () -> command + "\n" + said);
        }
    }

    /** The virtual machine writes its threads to its output, and is then ended. */
    private static void dumpThreads(Process process) throws Exception {
        Object pid = Process.class.getMethod("pid").invoke(process);
        new ProcessBuilder("kill", "-QUIT", pid.toString()).start().waitFor();
        process.waitFor(2, TimeUnit.SECONDS);
        process.destroyForcibly().waitFor();
    }

    private static void delete(Path folder) throws IOException {
        for (File file : folder.toFile().listFiles()) {
            Files.delete(file.toPath());
        }
        Files.delete(folder);
    }

    /** How many descriptors this process has open. */
    static int descriptors() {
        return new File("/proc/self/fd").list().length;
    }

    /** What /proc/self/status says, in kB. */
    static long residentKilobytes() throws IOException {
        for (String line : Files.readAllLines(new File("/proc/self/status").toPath())) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("[^0-9]", ""));
            }
        }
        throw new IOException("no VmRSS");
    }
}
