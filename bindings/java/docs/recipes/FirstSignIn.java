import io.capauth.*;
import java.util.Date;
import java.util.Scanner;

public class FirstSignIn {
    public static void main(String[] arguments) {
        Scanner keyboard = new Scanner(System.in);
        try (Client client = Client.builder().baseUrl("http://127.0.0.1:8080").build();
             Session customer = client.session("DocDemo").mobile("919999999993").deviceId("device-1").build()) {
            customer.generateToken();                  // begins a sign-in
            customer.generateOtp();                    // sends the OTP to the customer's phone
            while (!customer.signedIn()) {
                System.out.print("OTP: ");
                try {
                    customer.validateOtp(keyboard.nextLine());
                } catch (InvalidOtpException e) {
                    System.out.println("That was not it. Please try again.");
                }
            }
            System.out.println("signed in as " + customer.role() + " until " + new Date(customer.expiresAtMillis()));
            System.out.println(customer.gateway("GET", "customer/get").bodyText());
        }
    }
}
