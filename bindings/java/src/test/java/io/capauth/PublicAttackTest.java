// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.capauth.testing.Emulator;
import io.capauth.testing.EmulatorExtension;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Every public method of every public class, with anything, at every wrong moment. */
@ExtendWith(EmulatorExtension.class)
class PublicAttackTest {
    @Test
    void while_another_thread_closes(Emulator emulator) throws Exception {
        attack(emulator, "closing");
    }

    @Test
    void on_what_is_closed(Emulator emulator) throws Exception {
        attack(emulator, "closed");
    }

    @Test
    void inside_every_callback(Emulator emulator) throws Exception {
        attack(emulator, "callbacks");
    }

    @Test
    void on_an_interrupted_thread(Emulator emulator) throws Exception {
        attack(emulator, "interrupted");
    }

    @Test
    void on_objects_that_no_constructor_made(Emulator emulator) throws Exception {
        attack(emulator, "unmade");
    }

    private static void attack(Emulator emulator, String moment) throws Exception {
        for (String program : ChildMachine.all()) {
            String said = ChildMachine.run(program, 0, Main.class, Collections.<String>emptyList(),
                    emulator.url(), emulator.caFile(), moment);
            assertTrue(said.contains("calls, all survived"), said);
            Figures.add("calls of public methods", Figures.said(said, "calls"));
        }
    }

    /** One attack; its name is the third argument. */
    public static final class Main {
        private static final int ROUNDS = 6;
        private static final BlockingQueue<Throwable> UNEXPECTED = new LinkedBlockingQueue<>();

        public static void main(String[] arguments) throws Exception {
            Emulator emulator = Emulator.attach(arguments[0], arguments[1]);
            Logger.getLogger("io.capauth").setLevel(Level.OFF);
            Thread.setDefaultUncaughtExceptionHandler((thread, thrown) -> {
                if (!(thrown instanceof PublicMethods.OnPurpose)) {
                    UNEXPECTED.add(thrown);
                }
            });
            for (int round = 0; round < ROUNDS; round++) {
                PublicMethods methods = new PublicMethods(new Random(round));
                switch (arguments[2]) {
                    case "closing":
                        closing(methods, new Life(emulator, round));
                        break;
                    case "closed":
                        closed(methods, new Life(emulator, round));
                        break;
                    case "callbacks":
                        for (int which = 0; which < Life.CALLBACKS; which++) {
                            callback(methods, new Life(emulator, round), which);
                        }
                        break;
                    case "interrupted":
                        interrupted(methods, new Life(emulator, round));
                        break;
                    default:
                        methods.attackUnmade();
                        break;
                }
            }
            UNEXPECTED.forEach(Throwable::printStackTrace);
            assertTrue(UNEXPECTED.isEmpty(), UNEXPECTED::toString);
            System.out.println(PublicMethods.calls() + " calls, all survived");
            System.exit(0); // clients that were never closed have threads
        }

        private static void closing(PublicMethods methods, Life life) throws Exception {
            List<Thread> threads = new ArrayList<>();
            CountDownLatch begun = new CountDownLatch(1);
            threads.add(new Thread(() -> {
                begun.countDown();
                methods.attack(life.objects());
            }));
            threads.add(new Thread(() -> {
                try {
                    begun.await();
                    TimeUnit.MILLISECONDS.sleep(life.number);
                } catch (InterruptedException e) {
                    UNEXPECTED.add(e);
                }
                life.session.close();
                life.client.close();
                System.gc();
            }));
            threads.forEach(Thread::start);
            for (Thread thread : threads) {
                thread.join();
            }
        }

        private static void closed(PublicMethods methods, Life life) {
            life.session.close();
            life.client.close();
            methods.attack(life.objects());
        }

        /** Once: else it would call itself without end. What it does to the client ends the sign-in, too. */
        private static void callback(PublicMethods methods, Life life, int which) throws Exception {
            CountDownLatch attacked = new CountDownLatch(1);
            methods.numbers = new long[] {0, 1, 7}; // a listener may wait, and then does
            life.inCallback(which, () -> {
                methods.attack(life.objects());
                System.gc();
                attacked.countDown();
            });
            try {
                life.session.startGateway("GET", "customer/get").onDone(life::ended);
                life.signInAgain();
            } catch (CapauthException closed) {
                assertTrue(closed.code() < 0, closed::toString);
            }
            assertTrue(attacked.await(30, TimeUnit.SECONDS), () -> "callback " + which + " never came");
            life.client.close();
        }

        private static void interrupted(PublicMethods methods, Life life) {
            methods.before = Thread.currentThread()::interrupt;
            methods.after = () -> assertTrue(Thread.interrupted(), "the status stays set");
            methods.attack(life.objects());
            life.client.close();
        }
    }
}
