// SPDX-License-Identifier: Apache-2.0
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.management.OperatingSystemMXBean;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.Locale;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** What the programs in Java share. */
final class Measure {
    static final String URL = System.getenv("CAPAUTH_BENCH_URL");
    static final String CA_FILE = System.getenv("CAPAUTH_BENCH_CA_FILE");
    static final String BRAND = "Bench";
    static final String OTP = "012345";

    private static int customers;

    private Measure() {}

    interface Work {
        void run() throws Exception;
    }

    interface Post {
        JsonNode apply(String path, ObjectNode request) throws Exception;
    }

    /** Of a customer nobody has seen before. String.format would take as long as all of our Java in a sign-in. */
    static String mobile() {
        return Long.toString(919900000000L + customers++);
    }

    /** By a peer. */
    static void signIn(ObjectMapper json, Post post) throws Exception {
        ObjectNode request = json.createObjectNode().put("identifierType", "MOBILE").put("identifierValue", mobile())
                .put("brand", BRAND).put("deviceId", "device-1");
        JsonNode session = post.apply("/auth/v1/token/generate", request);
        request.put("sessionId", session.get("user").get("sessionId").asText());
        post.apply("/auth/v1/otp/generate", request);
        request.put("otp", OTP);
        JsonNode signedIn = post.apply("/auth/v1/otp/validate", request);
        if (!signedIn.get("status").get("success").asBoolean() || signedIn.get("auth").get("token").isNull()) {
            throw new IllegalStateException("not signed in");
        }
    }

    static SSLContext trust() throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (InputStream file = Files.newInputStream(Paths.get(CA_FILE))) {
            store.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(file));
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    /** The arguments: how many are measured, and how many come before, to connect and to warm up. */
    static void run(String[] arguments, Work work) throws Exception {
        int count = Integer.parseInt(arguments[0]);
        int before = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 1;
        for (int i = 0; i < before; i++) {
            work.run();
        }
        if (count == 0) {
            return;
        }
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long start = System.nanoTime();
        long startCpu = system.getProcessCpuTime();
        for (int i = 0; i < count; i++) {
            work.run();
        }
        double cpu = (system.getProcessCpuTime() - startCpu) / 1e3;
        double seconds = (System.nanoTime() - start) / 1e9;
        System.out.printf(Locale.ROOT, "{\"rate\": %.1f, \"cpu_us\": %.2f}%n", count / seconds, cpu / count);
    }
}
