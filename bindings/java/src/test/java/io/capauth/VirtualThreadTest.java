// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** Blocking operations on Java 21's virtual threads: they park, and hold on to no carrier. */
class VirtualThreadTest {
    /** More than there are carriers, and no more than a client's connections. */
    private static final int AT_ONCE = 8;

    /** A Java of 21 or later: this one, or the one that the build found. */
    private static String java21() {
        if (Double.parseDouble(System.getProperty("java.specification.version")) >= 21) {
            return new File(System.getProperty("java.home"), "bin/java").getPath();
        }
        String other = System.getProperty("capauth.java21", "");
        Assumptions.assumeTrue(!other.isEmpty(), "NOT TESTED: no Java 21 or later on this machine");
        return other;
    }

    private static String classPath() {
        String classes = VirtualThreadTest.class.getProtectionDomain().getCodeSource().getLocation().getPath();
        return String.join(File.pathSeparator,
                System.getProperty("capauth.jars"), classes, System.getProperty("java.class.path"));
    }

    @Test
    void operations_park_and_leave_the_carriers_to_others() throws Exception {
        List<String> command = new ArrayList<>(LibraryTest.java(classPath(),
                "-Djdk.virtualThreadScheduler.parallelism=2", "-Djdk.virtualThreadScheduler.maxPoolSize=2",
                Main.class.getName()));
        command.set(0, java21());
        String output = LibraryTest.run(command);
        assertTrue(output.endsWith("all parked"), output);
    }

    /** Runs on two carriers. */
    public static final class Main {
        public static void main(String[] arguments) throws Exception {
            ExecutorService virtual = (ExecutorService)
                    Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
            try (ServerSocket server = new ServerSocket(0, AT_ONCE, InetAddress.getLoopbackAddress());
                    Client client = Client.builder().baseUrl("http://127.0.0.1:" + server.getLocalPort())
                            .timeoutMillis(20000).maxRetries(0).build()) {
                allAnswerAtOnce(server, virtual, client);
                interruptEnds(server, virtual, client);
            }
            virtual.shutdown();
            System.out.println("all parked");
        }

        /** The server answers none before all have asked, which two carriers alone could not do. */
        private static void allAnswerAtOnce(ServerSocket server, ExecutorService virtual, Client client)
                throws Exception {
            List<Future<Integer>> outcomes = new ArrayList<>();
            for (int i = 0; i < AT_ONCE; i++) {
                Session one = client.session("B").mobile("9199000000" + i).deviceId("d").build();
                boolean awaits = i % 2 == 0;
                outcomes.add(virtual.submit(() -> code(one, awaits)));
            }
            List<Socket> asked = new ArrayList<>();
            for (int i = 0; i < AT_ONCE; i++) {
                asked.add(request(server));
            }
            for (Socket one : asked) {
                answer(one);
            }
            for (Future<Integer> outcome : outcomes) {
                assertEquals(1504, outcome.get());
            }
        }

        private static int code(Session session, boolean awaits) {
            try {
                if (awaits) {
                    Call<Void> call = session.startGenerateToken();
                    call.await(-1);
                    call.result();
                } else {
                    session.generateToken();
                }
                return 0;
            } catch (CapauthException e) {
                return e.code();
            }
        }

        private static void interruptEnds(ServerSocket server, ExecutorService virtual, Client client)
                throws Exception {
            Session one = client.session("B").mobile("919900000099").deviceId("d").build();
            Thread[] thread = new Thread[1];
            Future<Integer> outcome = virtual.submit(() -> {
                thread[0] = Thread.currentThread();
                int code = code(one, false);
                assertTrue(Thread.interrupted(), "the status stays set");
                return code;
            });
            try (Socket asked = request(server)) {
                assertTrue(asked.isConnected() && !outcome.isDone());
                thread[0].interrupt();
                assertEquals(ErrorCode.CANCELLED, outcome.get());
            }
        }

        private static Socket request(ServerSocket server) throws IOException {
            Socket socket = server.accept();
            BufferedReader from = new BufferedReader(
                    new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
            for (String line = from.readLine(); line != null && !line.isEmpty(); line = from.readLine()) {
                continue;
            }
            return socket;
        }

        private static void answer(Socket socket) throws IOException {
            String body = "{\"status\":{\"success\":false,\"code\":1504,\"message\":\"no\"}}";
            socket.getOutputStream().write(("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\n"
                    + "Content-Length: " + body.length() + "\r\n\r\n" + body).getBytes(StandardCharsets.US_ASCII));
            socket.close();
        }
    }
}
