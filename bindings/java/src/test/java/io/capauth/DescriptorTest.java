// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Clients that were closed hold no descriptors, long before the collector sees them. */
class DescriptorTest {
    private static final int LIMIT = 200;

    /** Closes many clients, then opens them until the system refuses. */
    public static final class Main {
        public static void main(String[] arguments) {
            for (int i = 0; i < 3 * LIMIT; i++) {
                try (Client one = client()) {
                    assertEquals(ErrorCode.CONNECT, failure(one).code());
                }
            }
            List<Client> open = new ArrayList<>();
            CapauthException last;
            do {
                open.add(client());
                last = failure(open.get(open.size() - 1));
            } while (last.code() == ErrorCode.CONNECT && open.size() < LIMIT);
            open.forEach(Client::close);
            System.out.print(last.name() + " " + last.getMessage());
        }

        /** Nobody listens there. */
        private static Client client() {
            return Client.builder().baseUrl("http://127.0.0.1:1").maxRetries(0).build();
        }

        private static CapauthException failure(Client of) {
            return assertThrows(CapauthException.class,
                    () -> of.session("B").mobile("919999999993").deviceId("d").build().generateToken());
        }
    }

    @Test
    void closed_clients_give_them_back_and_none_left_is_no_lack_of_memory() throws Exception {
        String path = String.join(File.pathSeparator, System.getProperty("capauth.jars"),
                DescriptorTest.class.getProtectionDomain().getCodeSource().getLocation().getPath(),
                System.getProperty("java.class.path"));
        List<String> command = new ArrayList<>(
                Arrays.asList("sh", "-c", "ulimit -n " + LIMIT + " && exec \"$@\"", "sh"));
        command.addAll(LibraryTest.java(path, Main.class.getName()));
        String output = LibraryTest.run(command);
        assertTrue(output.startsWith("SYSTEM ") && output.contains("Too many open files"), output);
    }
}
