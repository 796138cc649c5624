// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.capauth.testing.Emulator;
import io.capauth.testing.EmulatorExtension;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Virtual machines that are odd, short of something, or that leave much behind. */
@ExtendWith(EmulatorExtension.class)
class MachineAttackTest {
    private static final List<String> NO_OPTIONS = Collections.emptyList();

    @Test
    void sign_in_works_interpreted_compiled_with_little_stack_and_with_each_collector(Emulator emulator)
            throws Exception {
        String[][] modes = {
            {"-Xint"}, {"-Xcomp", "-XX:CompileCommand=quiet", "-XX:CompileCommand=compileonly,io.capauth.*::*"},
            {"-Xss256k"}, {"-XX:+UseSerialGC"}, {"-XX:+UseParallelGC"},
            {besideSanitizer() ? "-XX:+UseG1GC" : "-XX:+UseZGC"}
        };
        for (String program : ChildMachine.all()) {
            for (String[] mode : program.equals(ChildMachine.own()) ? modes : new String[][] {modes[0], modes[5]}) {
                String said = ChildMachine.run(program, 0, SignIn.class, Arrays.asList(mode),
                        emulator.url(), emulator.caFile());
                assertTrue(said.contains("signed in"), said);
                Figures.add("modes of a virtual machine", 1);
            }
        }
    }

    /** It has taken the addresses that ZGC wants. */
    private static boolean besideSanitizer() {
        return String.valueOf(System.getenv("LD_PRELOAD")).contains("libasan");
    }

    /** Signs in while each log line collects garbage. */
    public static final class SignIn {
        public static void main(String[] arguments) {
            Emulator emulator = Emulator.attach(arguments[0], arguments[1]);
            Client client = emulator.clientBuilder().log((level, text) -> System.gc()).build();
            Session one = client.session("DocDemo").mobile("916600000001").deviceId("d").build();
            one.onChange(Session::export);
            one.generateToken();
            one.startGenerateOtp().await(-1);
            one.validateOtp(emulator.otp("916600000001"));
            System.out.println(one.signedIn() ? "signed in" : "not signed in");
            client.close();
        }
    }

    @Test
    void sign_in_at_the_end_of_the_stack_is_an_error_at_most(Emulator emulator) throws Exception {
        for (String program : ChildMachine.all()) {
            String said = ChildMachine.run(program, 0, Deep.class, Arrays.asList("-Xint", "-Xss512k"),
                    emulator.url(), emulator.caFile());
            assertTrue(said.contains("both happened"), said);
        }
    }

    /** Signs in ever nearer to the end of the stack. */
    public static final class Deep {
        private static int deepest;
        private static int turn = -1;
        private static Runnable work;

        private static void down(int depth) {
            deepest = depth;
            if (depth == turn) {
                work.run();
            }
            down(depth + 1);
        }

        public static void main(String[] arguments) throws Exception {
            Emulator emulator = Emulator.attach(arguments[0], arguments[1]);
            boolean[] happened = new boolean[2];
            Thread thread = new Thread(() -> {
                boolean begun = overflows();
                int limit = deepest;
                for (int left = 400; left > 0 && begun; left -= left > 100 ? 20 : 4) {
                    boolean[] done = new boolean[1];
                    turn = limit - left;
                    work = () -> done[0] = signIn(emulator);
                    overflows();
                    happened[done[0] ? 0 : 1] = true;
                }
            });
            thread.start();
            thread.join();
            signIn(emulator);
            System.out.println(happened[0] && happened[1] ? "both happened" : "only one of two happened");
        }

        private static boolean overflows() {
            try {
                down(0);
                return false;
            } catch (StackOverflowError expected) {
                return true;
            }
        }

        private static boolean signIn(Emulator emulator) {
            Client client = emulator.client();
            try {
                client.session("DocDemo").mobile("916600000002").deviceId("d").build().generateToken();
                return true;
            } finally {
                client.close();
            }
        }
    }

    @Test
    void thousands_of_handles_that_nobody_closes_come_back() throws Exception {
        String said = ChildMachine.run(Leaks.class, Arrays.asList("-Xmx64m"));
        assertTrue(said.contains("all came back"), said);
        Figures.add("handles left behind", Figures.said(said, "handles"));
    }

    /** Leaves clients, sessions and calls in flight behind. */
    public static final class Leaks {
        private static final int ROUNDS = 1000;

        public static void main(String[] arguments) throws IOException {
            leave(ROUNDS / 10);
            int before = ChildMachine.descriptors();
            long resident = ChildMachine.residentKilobytes();
            leave(ROUNDS);
            Fixture.awaitCollected(() -> {
                Handle.collect();
                return Handle.count() <= 10 && ChildMachine.descriptors() <= before + 10;
            });
            long grown = ChildMachine.residentKilobytes() - resident;
            String came = grown < 64 * 1024 ? ", all came back" : ", grown by " + grown;
            System.out.println(3 * ROUNDS + " handles" + came);
        }

        private static void leave(int rounds) {
            for (int i = 0; i < rounds; i++) {
                Client client = Client.builder().baseUrl("http://127.0.0.1:1").background(false).maxRetries(0).build();
                client.session("B").mobile("919999999993").deviceId("d").build().startGenerateToken().await(i % 2);
                if (i % 50 == 0) { // descriptors are few
                    System.gc();
                    Handle.collect();
                }
            }
        }
    }

    @Test
    void large_replies_in_a_small_heap_are_given_or_an_error_and_no_call_is_lost(Emulator emulator) throws Exception {
        emulator.brand("Large", Collections.singletonMap("FIXED_OTP", "012345"));
        emulator.gateway("Large", "large", Collections.singletonMap("body", new String(new char[200000])
                .replace('\0', 'x')));
        for (String program : ChildMachine.all()) {
            String said = ChildMachine.run(program, 0, Full.class, Arrays.asList("-Xmx16m", "-XX:+UseSerialGC"),
                    emulator.url(), emulator.caFile());
            assertTrue(said.contains("some given, some not, none lost"), said);
            Figures.add("large replies in a full heap", Figures.said(said, "replies"));
        }
    }

    /** Asks for a reply of 200 KB with ever less memory left. */
    public static final class Full {
        private static final int CHUNK = 8 * 1024;
        private static final int CHUNKS = 240; // several times what a reply takes
        private static final List<byte[]> BALLAST = new ArrayList<>();
        private static int given;
        private static int refused;
        private static int lost;

        public static void main(String[] arguments) throws Exception {
            Emulator emulator = Emulator.attach(arguments[0], arguments[1]);
            Client client = emulator.clientBuilder().build();
            Session customer = client.session("Large").mobile("916600000003").deviceId("d").build();
            customer.generateToken();
            customer.generateOtp();
            customer.validateOtp("012345");
            for (int free = 0; free < CHUNKS; free += 6) {
                ask(customer, free, false);
                ask(customer, free, true);
            }
            boolean works = customer.gateway("GET", "large").ok() && customer.signedIn();
            System.out.println(given + refused + " replies, " + lost + " lost");
            if (works && given > 0 && refused > 0 && lost == 0) {
                System.out.println("some given, some not, none lost");
            }
            client.close();
        }

        /** The caller, or who waits for the call, gets the reply, our error, or the virtual machine's. */
        private static void ask(Session customer, int free, boolean later) throws InterruptedException {
            CountDownLatch told = new CountDownLatch(1);
            boolean[] ok = new boolean[1];
            boolean[] begun = new boolean[1];
            Call<Reply> call = null;
            fill(free);
            try {
                if (later) {
                    call = customer.startGateway("GET", "large");
                    begun[0] = true;
                    call.onDone(Runnable::run, done -> told.countDown());
                } else {
                    ok[0] = customer.gateway("GET", "large").ok();
                }
            } catch (OutOfMemoryError expected) {
                told.countDown();
            } catch (CapauthException error) {
                lost += error.code() == ErrorCode.NO_MEMORY ? 0 : 1;
            }
            boolean all = !later || told.await(Fixture.LIMIT_SECONDS / 4, TimeUnit.SECONDS);
            BALLAST.clear();
            if (later && begun[0]) {
                lost += all && call.await(5000) ? 0 : 1;
                ok[0] = result(call);
            }
            given += ok[0] ? 1 : 0;
            refused += ok[0] ? 0 : 1;
        }

        private static boolean result(Call<Reply> call) {
            try {
                return call.result().ok();
            } catch (CapauthException error) {
                lost += error.code() == ErrorCode.NO_MEMORY ? 0 : 1;
                return false;
            }
        }

        /** Leaves about so many chunks. */
        private static void fill(int free) {
            try {
                while (BALLAST.size() < 100000) {
                    BALLAST.add(new byte[CHUNK]);
                }
            } catch (OutOfMemoryError full) {
                for (int i = 0; i < free && !BALLAST.isEmpty(); i++) {
                    BALLAST.remove(BALLAST.size() - 1);
                }
            }
        }
    }

    @Test
    void class_loaders_work_beside_each_other_and_take_their_memory_along() throws Exception {
        for (String program : ChildMachine.all()) {
            String said = ChildMachine.run(program, 0, Loaders.class, NO_OPTIONS);
            assertTrue(said.contains("all gone"), said);
        }
    }

    @Test
    void second_class_loader_on_one_named_file_says_why_not() throws Exception {
        String said = ChildMachine.run(Loaders.class,
                Arrays.asList("-Dcapauth.library.path=" + System.getProperty("capauth.native")), "named");
        assertTrue(said.contains("already loaded in another class"), said);
    }

    /** Several class loaders, each with a capauth of its own. */
    public static final class Loaders {
        private static final int LOADERS = 3;
        private static final int CLIENTS = 20;

        /** Runs in a class loader of its own, and closes nothing. */
        public static final class Application implements Runnable {
            @Override
            public void run() {
                for (int i = 0; i < CLIENTS; i++) {
                    Client client =
                            Client.builder().baseUrl("http://127.0.0.1:1").background(false).maxRetries(0).build();
                    client.session("B").mobile("919999999993").deviceId("d").build().startGenerateToken().await(100);
                }
            }
        }

        public static void main(String[] arguments) throws Exception {
            int before = ChildMachine.descriptors();
            List<ClassLoader> all = new ArrayList<>();
            for (int i = 0; i < LOADERS; i++) {
                try {
                    all.add(load());
                } catch (LinkageError why) {
                    System.out.println(why + " " + why.getCause());
                    return;
                }
            }
            assertEquals(0, arguments.length, "the second loader worked");
            int held = ChildMachine.descriptors() - before;
            assertTrue(held > CLIENTS, () -> "they hold " + held);
            all.clear();
            Fixture.awaitCollected(() -> ChildMachine.descriptors() <= before + 10);
            System.out.println("all gone");
        }

        private static ClassLoader load() throws Exception {
            URL[] classPath = {
                Client.class.getProtectionDomain().getCodeSource().getLocation(),
                Loaders.class.getProtectionDomain().getCodeSource().getLocation()
            };
            URLClassLoader loader = new URLClassLoader(classPath, ClassLoader.getSystemClassLoader().getParent());
            ((Runnable) loader.loadClass(Application.class.getName()).getConstructor().newInstance()).run();
            return loader;
        }
    }
}
