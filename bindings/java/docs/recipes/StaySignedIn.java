import io.capauth.*;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.StandardCopyOption;
import java.util.Scanner;

public class StaySignedIn {
    static final Path FILE = Paths.get("session.java.json"); // as secret as a password: on Android see SessionStore

    static void save(Session changed) {
        try {
            Path whole = Paths.get(FILE + ".new");
            Files.write(whole, changed.export().getBytes(StandardCharsets.UTF_8));
            Files.move(whole, FILE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Session signIn(Client client) {
        Session customer = client.session("DocDemo").mobile("919999992003").deviceId("device-1").build();
        customer.onChange(StaySignedIn::save); // also in the midst of a sign-in
        customer.generateToken();
        customer.generateOtp();
        System.out.print("OTP: ");
        customer.validateOtp(new Scanner(System.in).nextLine());
        return customer;
    }

    /** The customer who was signed in when this program last ran; null: nobody. */
    static Session restored(Client client) throws IOException {
        if (!Files.exists(FILE)) {
            return null;
        }
        Session customer = client.restore(new String(Files.readAllBytes(FILE), StandardCharsets.UTF_8));
        customer.onChange(StaySignedIn::save);
        return customer.signedIn() ? customer : null;
    }

    public static void main(String[] arguments) throws IOException {
        try (Client client = Client.builder().baseUrl("http://127.0.0.1:8080").build()) {
            Session customer = restored(client);
            if (customer == null) {
                customer = signIn(client);
            }
            Reply reply;
            try {
                reply = customer.gateway("GET", "customer/get"); // with a valid token, regenerated when needed
            } catch (SignInRequiredException e) { // the key was refused: only the customer can help
                System.out.println("Please sign in again.");
                customer = signIn(client);
                reply = customer.gateway("GET", "customer/get");
            }
            System.out.println("signed in, and the gateway said " + reply.httpStatus());
        }
    }
}
