// SPDX-License-Identifier: Apache-2.0
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;

/** HttpClientSignIn COUNT [BEFORE]: java.net.http.HttpClient and Jackson, one customer after the other. */
final class HttpClientSignIn {
    private HttpClientSignIn() {}

    public static void main(String[] arguments) throws Exception {
        ObjectMapper json = new ObjectMapper();
        HttpClient client =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).sslContext(Measure.trust()).build();
        Measure.run(arguments, () -> Measure.signIn(json, (path, request) -> {
            HttpRequest post = HttpRequest.newBuilder(URI.create(Measure.URL + path))
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofByteArray(json.writeValueAsBytes(request))).build();
            return json.readTree(client.send(post, BodyHandlers.ofByteArray()).body());
        }));
    }
}
