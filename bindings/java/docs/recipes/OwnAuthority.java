import io.capauth.*;
import io.capauth.testing.Emulator;

public class OwnAuthority {
    static final String OTHER_KEY = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    static void attempt(String what, Client.Builder builder) {
        try (Client client = builder.build()) {
            client.prepare(); // connects, and sends nothing
            System.out.println(what + ": connected");
        } catch (TlsException e) { // says why, and which store was used; do not repeat it
            System.out.println(what + ": " + e.getMessage());
        }
    }

    public static void main(String[] arguments) {
        try (Emulator emulator = new Emulator()) { // a server with an authority of its own
            String url = emulator.url();
            String caFile = emulator.caFile();
            attempt("the system's authorities", Client.builder().baseUrl(url));
            attempt("its own authority", Client.builder().baseUrl(url).caFile(caFile));
            attempt("and a pin of another key", Client.builder().baseUrl(url).caFile(caFile).pinnedKeys(OTHER_KEY));
        }
    }
}
