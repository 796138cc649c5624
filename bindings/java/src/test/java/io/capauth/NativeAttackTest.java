// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/**
 * The generated natives, reached by reflection and given anything: numbers that are no handle's, or of another kind's,
 * or of one that another thread frees meanwhile; arrays with no room; texts that are none.
 */
class NativeAttackTest {
    @Test
    void natives_refuse_whatever_they_are_given_on_every_virtual_machine() throws Exception {
        for (String program : ChildMachine.all()) {
            String said = ChildMachine.run(program, 0, Main.class, Collections.<String>emptyList());
            assertTrue(said.contains("all natives survived"), said);
            Figures.add("calls of natives", Figures.said(said, "calls"));
        }
    }

    /** Attacks each native method from several threads. */
    public static final class Main {
        private static final int THREADS = 4;
        private static final int ROUNDS = 30;
        private static final byte[][] TEXTS = {
            null, {}, {0}, bytes("DocDemo"), bytes("919999999993"), bytes("http://127.0.0.1:1"), bytes("GET"),
            {(byte) 0xED, (byte) 0xA0, (byte) 0x80}, {(byte) 0xFF, (byte) 0xFE}, {'a', 0, 'b'}, new byte[1 << 18],
            filled(1 << 18)
        };
        private static final int[] NUMBERS = {0, 1, -1, 2, 1000, Integer.MIN_VALUE, Integer.MAX_VALUE};

        /** Numbers of handles of every kind; most have been freed. */
        private static final List<Long> GIVEN = Collections.synchronizedList(new ArrayList<Long>());
        private static final AtomicInteger CALLS = new AtomicInteger();

        private static byte[] bytes(String text) {
            return text.getBytes(StandardCharsets.UTF_8);
        }

        private static byte[] filled(int length) {
            byte[] filled = new byte[length];
            Arrays.fill(filled, (byte) '9');
            return filled;
        }

        public static void main(String[] arguments) throws Exception {
            Capauth.version();
            int before = ChildMachine.descriptors();
            List<Thread> threads = new ArrayList<>();
            for (int t = 0; t < THREADS; t++) {
                Random random = new Random(t);
                threads.add(new Thread(() -> attack(random)));
                threads.get(t).start();
            }
            for (Thread thread : threads) {
                thread.join();
            }
            for (Long number : GIVEN) {
                freeByEveryKind(number);
            }
            assertTrue(ChildMachine.descriptors() <= before + 3, "descriptors were lost");
            System.out.println(CALLS + " calls, all natives survived");
        }

        private static void freeByEveryKind(long number) {
            NativeJNI.delete_OptionsHandle(number);
            NativeJNI.delete_CallHandle(number);
            NativeJNI.delete_SessionHandle(number);
            NativeJNI.delete_ClientHandle(number);
        }

        private static void attack(Random random) {
            for (int round = 0; round < ROUNDS; round++) {
                makeSome();
                for (Method method : NativeJNI.class.getDeclaredMethods()) {
                    if (Modifier.isNative(method.getModifiers())) {
                        method.setAccessible(true);
                        call(random, method);
                    }
                }
            }
        }

        /** A valid handle of each kind. */
        private static void makeSome() {
            long[] client = new long[1];
            long[] session = new long[1];
            long[] call = new long[1];
            long[] options = new long[1];
            NativeJNI.client_new(client);
            NativeJNI.client_set_base_url(client[0], null, bytes("http://127.0.0.1:1"));
            NativeJNI.session_new(client[0], null, Native.FLOW_MOBILE, bytes("DocDemo"), session);
            NativeJNI.options_new(options);
            NativeJNI.token_generate(session[0], null, options[0], null, call);
            for (long[] one : new long[][] {client, session, call, options}) {
                GIVEN.add(one[0]);
            }
        }

        private static void call(Random random, Method method) {
            Class<?>[] types = method.getParameterTypes();
            Object[] arguments = new Object[types.length];
            for (int i = 0; i < types.length; i++) {
                arguments[i] = anything(random, types[i], method.getName());
            }
            try {
                method.invoke(null, arguments);
            } catch (InvocationTargetException e) {
                assertTrue(e.getCause() instanceof NullPointerException
                        || e.getCause() instanceof ArrayIndexOutOfBoundsException, e.getCause()::toString);
            } catch (IllegalAccessException e) {
                throw new AssertionError(e);
            }
            CALLS.incrementAndGet();
            for (Object argument : arguments) {
                if (argument instanceof long[] && ((long[]) argument).length > 0 && ((long[]) argument)[0] != 0) {
                    GIVEN.add(((long[]) argument)[0]);
                }
            }
        }

        private static Object anything(Random random, Class<?> type, String method) {
            if (type == long.class) {
                return number(random);
            } else if (type == int.class) {
                return method.matches(".*(wait|poll)") ? random.nextInt(2) : NUMBERS[random.nextInt(NUMBERS.length)];
            } else if (type == byte[].class) {
                return TEXTS[random.nextInt(TEXTS.length)];
            } else if (type == long[].class) {
                return random.nextInt(8) == 0 ? null : new long[random.nextInt(8)];
            } else if (type == byte[][].class) {
                return random.nextInt(8) == 0 ? null : new byte[random.nextInt(8)][];
            } else if (random.nextBoolean() || Handle.class.isAssignableFrom(type)) {
                return null;
            }
            return listener(type);
        }

        private static Object listener(Class<?> type) {
            if (type == Listeners.Log.class) {
                return new Listeners.Log(null, (level, message) -> collectNow());
            } else if (type == Listeners.Trace.class) {
                return new Listeners.Trace(null, event -> CALLS.get());
            }
            assertTrue(type == Listeners.Change.class, () -> "an argument that this test does not know: " + type);
            return null; // its session is one that nobody has
        }

        private static void collectNow() {
            if (CALLS.get() % 100 == 0) {
                System.gc();
            }
        }

        private static long number(Random random) {
            long given = GIVEN.get(random.nextInt(GIVEN.size()));
            long[] made = {0, 1, -1, Long.MIN_VALUE, Long.MAX_VALUE, 4096, given + 8, given - 1, random.nextLong()};
            long oneBitOff = given ^ 1L << random.nextInt(64);
            return random.nextInt(4) > 0 ? given : random.nextBoolean() ? oneBitOff : made[random.nextInt(made.length)];
        }
    }
}
