// SPDX-License-Identifier: Apache-2.0
package io.capauth.testing;

import io.capauth.Client;
import io.capauth.IdentifierType;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An emulator of the Auth Engine for an application's own tests, on a free port of this machine, over TLS. The program
 * is the one that the environment's CAPAUTH_EMULATOR names, else capauth-emulator on the PATH.
 *
 * <p>Settings, customers, faults and gateway replies are maps of what the emulator's manual calls members; values are
 * strings, numbers, booleans, null, maps and collections.
 */
public final class Emulator implements AutoCloseable {
    /** A shell keeps the emulator for as long as a pipe to this process is open: it ends with us, however we end. */
    private static final String KEEPER = "trap '' INT HUP\n"
            + "\"$@\" </dev/null &\n"
            + "emulator=$!\n"
            + "exec >/dev/null 2>&1\n"
            + "cat\n"
            + "kill \"$emulator\"\n"
            + "wait \"$emulator\"\n";

    private final Process keeper; // null: somebody else's emulator
    private final Path folder;
    private final String url;
    private final String caFile;
    private final Control control;

    /** Starts one with the brands DocDemo and DocDemoPassword. */
    public Emulator() {
        this((File) null);
    }

    /** Starts one with the brands of a file. */
    public Emulator(@Nullable File brands) {
        try {
            folder = Files.createTempDirectory("capauth-emulator");
            keeper = new ProcessBuilder(command(brands)).redirectErrorStream(true).start();
            BufferedReader said =
                    new BufferedReader(new InputStreamReader(keeper.getInputStream(), StandardCharsets.UTF_8));
            String[] announced = announced(said);
            url = announced[0];
            caFile = announced[1];
            drain(said);
            control = new Control(url, caFile);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Emulator(String url, String caFile) {
        this.keeper = null;
        this.folder = null;
        this.url = url;
        this.caFile = caFile;
        this.control = new Control(url, caFile);
    }

    /** One that runs already; closing this leaves it running. */
    public static Emulator attach(String url, @Nullable String caFile) {
        return new Emulator(url, caFile);
    }

    private List<String> command(File brands) {
        String program = System.getenv("CAPAUTH_EMULATOR");
        List<String> words = new ArrayList<>();
        Collections.addAll(words, "sh", "-c", KEEPER, "sh");
        Collections.addAll(words, program == null || program.isEmpty() ? "capauth-emulator" : program);
        Collections.addAll(words, "--listen", "127.0.0.1:0", "--tls", "--ca-file", folder.resolve("ca.pem").toString());
        if (brands != null) {
            Collections.addAll(words, "--brands", brands.getPath());
        }
        return words;
    }

    /** The URL and the CA file; both lines come when it is ready. */
    private String[] announced(BufferedReader said) throws IOException {
        String[] found = new String[2];
        StringBuilder all = new StringBuilder();
        while (found[0] == null || found[1] == null) {
            String line = said.readLine();
            if (line == null) {
                close();
                throw new IOException("the emulator did not start: " + all);
            }
            all.append(line).append('\n');
            if (line.startsWith("listening on ")) {
                found[0] = line.substring("listening on ".length());
            } else if (line.startsWith("ca file ")) {
                found[1] = line.substring("ca file ".length());
            }
        }
        return found;
    }

    /** What it says later is not interesting, but it must never wait until someone reads it. */
    private static void drain(BufferedReader said) {
        Thread thread = new Thread("capauth-emulator-output") {
            @Override
            public void run() {
                try {
                    while (said.readLine() != null) {
                        continue;
                    }
                } catch (IOException e) {
                    return; // closed
                }
            }
        };
        thread.setDaemon(true);
        thread.start();
    }

    /** What to give a client as its base URL. */
    public String url() {
        return url;
    }

    /** The PEM file of its certificate authority. */
    public String caFile() {
        return caFile;
    }

    /** A client for it. */
    public Client client() {
        return clientBuilder().build();
    }

    /** The same, for more options. */
    public Client.Builder clientBuilder() {
        return Client.builder().baseUrl(url).caFile(caFile);
    }

    /** The newest OTP of that identifier. */
    public String otp(String identifier) {
        return otp(null, identifier);
    }

    /** The newest OTP of that identifier at one brand. */
    public String otp(@Nullable String brand, String identifier) {
        String query = "identifier=" + Control.encoded(identifier);
        String outbox = outbox(brand == null ? query : query + "&brand=" + Control.encoded(brand));
        Matcher otp = Pattern.compile("\"otp\"\\s*:\\s*\"([^\"]*)\"").matcher(outbox);
        if (!otp.find()) {
            throw new IllegalStateException("no OTP was sent to " + identifier);
        }
        return otp.group(1);
    }

    /** The outbox as JSON; the query may be empty. */
    public String outbox(String query) {
        return control.call("GET", "outbox" + (query.isEmpty() ? "" : "?" + query), null);
    }

    /** Moves the virtual clock on, and gives its Unix time, in seconds. */
    public long advance(long seconds) {
        return advance(null, seconds);
    }

    /** The same for the clock of one brand alone. */
    public long advance(@Nullable String brand, long seconds) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("advanceSeconds", seconds);
        if (brand != null) {
            body.put("brand", brand);
        }
        Matcher now = Pattern.compile("\"now\"\\s*:\\s*(\\d+)").matcher(control.call("POST", "clock", body));
        if (!now.find()) {
            throw new IllegalStateException("the emulator did not say what time it is");
        }
        return Long.parseLong(now.group(1));
    }

    /** Has the virtual clock stand still, save when it is advanced; false lets it run again. */
    public void holdClock(boolean held) {
        control.call("POST", "clock", Collections.singletonMap("held", held));
    }

    /** Makes or replaces a brand. */
    public void brand(String name, Map<String, ?> settings) {
        control.call("PUT", "brands/" + Control.encoded(name), settings);
    }

    /**
     * Makes or replaces a customer who is there already. The details are by the emulator's names: password, customerId,
     * mfa, identifiers, and for what {@code customer/get} shows firstname, loyalty_points and so on.
     */
    public void customer(String brand, IdentifierType type, String value, Map<String, ?> details) {
        control.call("PUT", "customers/" + Control.encoded(brand) + "/" + type + "/" + Control.encoded(value), details);
    }

    /** What the gateway answers at that endpoint: status and body. */
    public void gateway(String brand, String endpoint, Map<String, ?> reply) {
        control.call("PUT", "gateway/" + Control.encoded(brand) + "/" + endpoint, reply);
    }

    /** Lets the next requests go wrong. */
    public void fault(Map<String, ?> fault) {
        control.call("POST", "faults", fault);
    }

    /** How many requests arrived since the last reset, by method and path; of all brands if null. */
    public Map<String, Long> requests(@Nullable String brand) {
        String counts = control.call("GET", "requests" + query(brand), null);
        Map<String, Long> requests = new LinkedHashMap<>();
        Matcher count = Pattern.compile("\"([A-Z]+ [^\"]+)\"\\s*:\\s*(\\d+)").matcher(counts.replace("\\/", "/"));
        while (count.find()) {
            requests.put(count.group(1), Long.valueOf(count.group(2)));
        }
        return requests;
    }

    /** Clears what happened, at all brands if null; clock and settings stay. */
    public void reset(@Nullable String brand) {
        control.call("POST", "reset" + query(brand), null);
    }

    private static String query(String brand) {
        return brand == null ? "" : "?brand=" + Control.encoded(brand);
    }

    /** Stops it, and waits until it is gone. */
    @Override
    public void close() {
        if (keeper == null) {
            return;
        }
        try {
            keeper.getOutputStream().close();
            if (!keeper.waitFor(10, TimeUnit.SECONDS)) {
                keeper.destroyForcibly();
            }
            File[] left = folder.toFile().listFiles(); // the authority's certificate and key
            for (File file : left == null ? new File[0] : left) {
                Files.delete(file.toPath());
            }
            Files.deleteIfExists(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public String toString() {
        return "Emulator[" + url + "]";
    }
}
