// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.capauth.redis.RedisCommands;
import io.capauth.redis.RedisServer;
import io.capauth.testing.Emulator;
import io.capauth.testing.EmulatorExtension;
import java.io.File;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The README's fragments of programs (java with customer) run, each as a method that has what it takes for given. */
@ExtendWith(EmulatorExtension.class)
public class FragmentTest {
    private static final String OTP = "483920";
    private static final String AROUND = "import io.capauth.*;\nimport io.capauth.redis.*;\n"
            + "import java.util.concurrent.*;\npublic class %s {\n"
            + "static void show(String text) {}\nstatic void save(String text) {}\n"
            + "static String proxyAuthority() { return io.capauth.FragmentTest.authority; }\n"
            + "static final class BuildConfig { static final boolean DEBUG = true; }\n"
            + "public static void run(Client client, Session customer, Executor executor, char[] otp, "
            + "RedisCommands redis, String key) throws Exception {\n%s}\n}\n";

    /** What a debug build trusts. */
    public static String authority;

    private static List<String> fragments() throws Exception {
        Path readme = Paths.get(System.getProperty("capauth.source"), "bindings/java/README.md");
        String text = new String(Files.readAllBytes(readme), StandardCharsets.UTF_8);
        Matcher fence = Pattern.compile("(?s)```java with customer\n(.*?)```").matcher(text);
        List<String> found = new ArrayList<>();
        while (fence.find()) {
            found.add(fence.group(1));
        }
        return found;
    }

    private static void compile(List<String> fragments, Path folder) throws Exception {
        String tests = FragmentTest.class.getProtectionDomain().getCodeSource().getLocation().getPath();
        List<String> command = new ArrayList<>(Arrays.asList(
                new File(System.getProperty("java.home"), "bin/javac").getPath(),
                "-cp", String.join(File.pathSeparator,
                        System.getProperty("capauth.jars"), System.getProperty("java.class.path"), tests),
                "-d", folder.toString()));
        for (int i = 0; i < fragments.size(); i++) {
            Path program = folder.resolve("Fragment" + i + ".java");
            String text = String.format(AROUND, "Fragment" + i, fragments.get(i));
            Files.write(program, text.getBytes(StandardCharsets.UTF_8));
            command.add(program.toString());
        }
        LibraryTest.run(command);
    }

    /** With a customer whose OTP is on the way, or who is signed in unless the fragment itself does that. */
    private static void run(Class<?> fragment, String text, Client client, RedisCommands redis) throws Exception {
        String mobile = "9199999940" + fragment.getName().replaceAll("\\D", "0");
        try (Session customer = client.session("DocDemo").mobile(mobile).deviceId("device-1").build()) {
            customer.generateToken();
            customer.generateOtp();
            if (!text.contains("alidateOtp")) {
                customer.validateOtp(OTP);
            }
            Executor here = Runnable::run;
            fragment.getMethod("run", Client.class, Session.class, Executor.class, char[].class, RedisCommands.class,
                            String.class)
                    .invoke(null, client, customer, here, OTP.toCharArray(), redis, "cookie");
        }
    }

    @Test
    void fragments_run(Emulator emulator, @TempDir Path folder) throws Exception {
        emulator.brand("DocDemo", Collections.singletonMap("FIXED_OTP", OTP));
        authority = new String(Files.readAllBytes(Paths.get(emulator.caFile())), StandardCharsets.UTF_8);
        List<String> fragments = fragments();
        assertEquals(7, fragments.size());
        compile(fragments, folder);
        URL[] classes = {folder.toUri().toURL()};
        try (URLClassLoader loader = new URLClassLoader(classes, FragmentTest.class.getClassLoader());
             Client client = emulator.client();
             RedisServer server = RedisServer.isInstalled() ? new RedisServer() : null) {
            for (int i = 0; i < fragments.size(); i++) {
                if (server != null || !fragments.get(i).contains("redis")) {
                    run(loader.loadClass("Fragment" + i), fragments.get(i), client,
                            server == null ? null : RedisServer.commands(server.jedis));
                }
            }
        }
    }
}
