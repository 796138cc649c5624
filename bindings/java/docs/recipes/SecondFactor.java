import io.capauth.*;
import java.util.Scanner;

public class SecondFactor {
    static final Scanner KEYBOARD = new Scanner(System.in);

    static void byOtp(Session customer) {
        customer.generateToken();
        customer.generateOtp();
        System.out.print("OTP: ");
        customer.validateOtp(KEYBOARD.nextLine());
    }

    public static void main(String[] arguments) {
        try (Client client = Client.builder().baseUrl("http://127.0.0.1:8080").build()) {
            Session first = client.session("TwoFactors").mobile("919999991003").deviceId("device-1").build();
            byOtp(first);
            System.out.println("after the first factor: " + first.role() + " " + first.nextStep());

            Session customer = first;
            if (first.nextStep() == Step.SECOND_FACTOR) {
                customer = first.secondFactor().build(); // a session in its own right; .email(...): another identity
                byOtp(customer);
                first.close(); // from here on only the second counts: keep and export that one
            }
            System.out.println("signed in as " + customer.role() + " in the flow " + customer.flow());
        }
    }
}
