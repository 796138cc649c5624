// SPDX-License-Identifier: Apache-2.0
import io.capauth.Client;
import io.capauth.Session;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Locale;
import java.util.function.BooleanSupplier;

/** Getter capauth|by_hand: what session.signedIn() costs, in nanoseconds on the processor. */
final class Getter {
    private static final int COUNT = 4_000_000;
    private static final int ROUNDS = 20;

    private Getter() {}

    /** A session whose glue is written by hand, with one getter. */
    static final class ByHand {
        private final long handle = make();

        private static native long make();

        private static native boolean signedIn(long handle);

        boolean signedIn() {
            return signedIn(handle);
        }
    }

    private static double nanoseconds(BooleanSupplier getter) {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        double best = Double.MAX_VALUE;
        for (int round = 0; round < ROUNDS; round++) {
            long start = threads.getCurrentThreadCpuTime();
            boolean any = false;
            for (int i = 0; i < COUNT; i++) {
                any |= getter.getAsBoolean();
            }
            long took = threads.getCurrentThreadCpuTime() - start;
            best = any ? 0 : Math.min(best, took / (double) COUNT); // nobody is signed in
        }
        return best;
    }

    public static void main(String[] arguments) {
        BooleanSupplier getter;
        if (arguments[0].equals("capauth")) {
            Client client = Client.builder().baseUrl("https://127.0.0.1:1").build();
            Session session = client.session("Bench").mobile("919999999993").deviceId("device-1").build();
            getter = session::signedIn;
        } else {
            System.load(System.getProperty("by_hand"));
            ByHand session = new ByHand();
            getter = session::signedIn;
        }
        System.out.printf(Locale.ROOT, "{\"ns\": %.2f}%n", nanoseconds(getter));
    }
}
