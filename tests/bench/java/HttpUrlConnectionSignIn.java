// SPDX-License-Identifier: Apache-2.0
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URL;
import javax.net.ssl.HttpsURLConnection;

/** HttpUrlConnectionSignIn COUNT [BEFORE]: HttpsURLConnection and Jackson, one customer after the other. */
final class HttpUrlConnectionSignIn {
    private HttpUrlConnectionSignIn() {}

    public static void main(String[] arguments) throws Exception {
        ObjectMapper json = new ObjectMapper();
        HttpsURLConnection.setDefaultSSLSocketFactory(Measure.trust().getSocketFactory());
        Measure.run(arguments, () -> Measure.signIn(json, (path, request) -> {
            HttpsURLConnection connection = (HttpsURLConnection) new URL(Measure.URL + path).openConnection();
            connection.setRequestMethod("POST");
            connection.setRequestProperty("Content-Type", "application/json");
            connection.setDoOutput(true);
            try (OutputStream out = connection.getOutputStream()) {
                out.write(json.writeValueAsBytes(request));
            }
            try (InputStream in = connection.getInputStream()) {
                return json.readTree(in.readAllBytes());
            }
        }));
    }
}
