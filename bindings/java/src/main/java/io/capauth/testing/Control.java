// SPDX-License-Identifier: Apache-2.0
package io.capauth.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URL;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.Map;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;

/** The emulator's control interface, /_emulator/. */
final class Control {
    private final String url;
    private final SSLSocketFactory sockets; // null for plain HTTP

    Control(String url, String caFile) {
        this.url = url;
        try {
            sockets = url.startsWith("https:") ? trusting(caFile) : null;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException(caFile + " is not a certificate authority's", e);
        }
    }

    private static SSLSocketFactory trusting(String caFile) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (InputStream pem = Files.newInputStream(Paths.get(caFile))) {
            for (Certificate authority : CertificateFactory.getInstance("X.509").generateCertificates(pem)) {
                store.setCertificateEntry("authority" + store.size(), authority);
            }
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context.getSocketFactory();
    }

    static String encoded(String text) {
        try {
            return URLEncoder.encode(text, "UTF-8").replace("+", "%20");
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** A refusal is a mistake in a test, and is thrown with the emulator's explanation. */
    String call(String method, String path, Map<String, ?> body) {
        try {
            HttpURLConnection connection =
                    (HttpURLConnection) new URL(url + "/_emulator/" + path).openConnection(Proxy.NO_PROXY);
            if (sockets != null) {
                ((HttpsURLConnection) connection).setSSLSocketFactory(sockets);
            }
            connection.setRequestMethod(method);
            if (!method.equals("GET")) {
                connection.setDoOutput(true);
                connection.setRequestProperty("Content-Type", "application/json");
                byte[] bytes = body == null ? new byte[0] : Json.write(body).getBytes(StandardCharsets.UTF_8);
                connection.getOutputStream().write(bytes);
            }
            boolean fine = connection.getResponseCode() == 200;
            String answer = all(fine ? connection.getInputStream() : connection.getErrorStream());
            if (!fine) {
                throw new IllegalArgumentException("the emulator refuses " + method + " " + path + ": " + answer);
            }
            return answer;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String all(InputStream stream) throws IOException {
        if (stream == null) {
            return "";
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        byte[] block = new byte[8192];
        for (int count = stream.read(block); count > 0; count = stream.read(block)) {
            bytes.write(block, 0, count);
        }
        return new String(bytes.toByteArray(), StandardCharsets.UTF_8);
    }
}
