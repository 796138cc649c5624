// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.capauth.testing.Emulator;
import io.capauth.testing.EmulatorExtension;
import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The virtual machine ends, in each way that it can, while daemon threads are inside C with calls in flight. */
@ExtendWith(EmulatorExtension.class)
class ExitAttackTest {
    private static final int STATUS = 7;
    private static final int ROUNDS = 2;

    @Test
    void exit_with_calls_in_flight(Emulator emulator) throws Exception {
        ends(emulator, STATUS, "exit");
    }

    @Test
    void halt_with_calls_in_flight(Emulator emulator) throws Exception {
        ends(emulator, STATUS, "halt");
    }

    @Test
    void uncaught_exception_with_calls_in_flight(Emulator emulator) throws Exception {
        ends(emulator, 1, "throw");
    }

    @Test
    void end_of_main_with_calls_in_flight(Emulator emulator) throws Exception {
        ends(emulator, 0, "return");
    }

    @Test
    void shutdown_hook_signs_in_and_closes(Emulator emulator) throws Exception {
        assertTrue(ends(emulator, STATUS, "hook").contains("the hook is done"));
    }

    private static String ends(Emulator emulator, int status, String how) throws Exception {
        String said = "";
        for (String program : ChildMachine.all()) {
            int rounds = program.equals(ChildMachine.own()) ? ROUNDS : 1;
            for (int round = 0; round < rounds; round++) {
                said = ChildMachine.run(program, status, Main.class, Collections.<String>emptyList(),
                        emulator.url(), emulator.caFile(), how, Integer.toString(40 * round));
                Figures.add("ends of a virtual machine", 1);
            }
        }
        return said;
    }

    /** Keeps threads busy, and then ends. */
    public static final class Main {
        private static final int THREADS = 4;

        public static void main(String[] arguments) throws InterruptedException {
            Emulator emulator = Emulator.attach(arguments[0], arguments[1]);
            Client shared = emulator.client();
            for (int t = 0; t < THREADS; t++) {
                int number = t;
                Thread thread = new Thread(() -> signIns(emulator, shared, number));
                thread.setDaemon(true);
                thread.start();
            }
            if (arguments[2].equals("hook")) {
                Runtime.getRuntime().addShutdownHook(new Thread(() -> lastWords(shared)));
            }
            Fixture.await(() -> shared.calls.background && STARTED.get() > 0);
            Thread.sleep(Long.parseLong(arguments[3])); // anywhere in the middle
            end(arguments[2]);
        }

        private static final java.util.concurrent.atomic.AtomicInteger STARTED =
                new java.util.concurrent.atomic.AtomicInteger();

        private static void signIns(Emulator emulator, Client shared, int number) {
            for (int i = 0;; i++) {
                Client client = number % 2 == 0 ? shared : emulator.client();
                Session one = client.session("DocDemo").mobile(String.format("9199%02d%06d", number, i)).deviceId("d")
                        .build();
                one.onChange(Session::export);
                one.startGenerateToken().onDone(call -> call.toString());
                STARTED.incrementAndGet();
                try {
                    one.generateToken();
                } catch (CapauthException busyOrClosed) {
                    continue;
                }
            }
        }

        private static void lastWords(Client client) {
            client.session("DocDemo").mobile("919900000001").deviceId("d").build().generateToken();
            client.close();
            System.out.println("the hook is done");
        }

        private static void end(String how) {
            switch (how) {
                case "exit":
                case "hook":
                    System.exit(STATUS);
                    break;
                case "halt":
                    Runtime.getRuntime().halt(STATUS);
                    break;
                case "throw":
                    throw new IllegalStateException("on purpose");
                default:
                    break;
            }
        }
    }
}
