import io.capauth.*;
import java.util.Scanner;

public class Web {
    public static void main(String[] arguments) {
        try (Client client = Client.builder().baseUrl("http://127.0.0.1:8080").build();
             Session customer = client.session("DocDemo").mobile("919999993003").web().build()) { // no device
            customer.generateToken();
            customer.generateOtp();
            System.out.print("OTP: ");
            customer.validateOtp(new Scanner(System.in).nextLine());
            System.out.println("signed in as " + customer.role() + " with a key: " + (customer.key() != null));

            customer.regenerateToken(); // of the token itself, even of one that has expired: web has no key
            System.out.println("a new token, valid for " + customer.expiresInMillis() / 1000 + " seconds");
        }
    }
}
