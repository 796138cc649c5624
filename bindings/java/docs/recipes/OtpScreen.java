import io.capauth.*;
import java.util.Scanner;

public class OtpScreen {
    static final long RESEND_AFTER = 30_000; // milliseconds for which "send another" stays grey

    /** Sends a code, and gives the moment from which another may be sent. */
    static long send(Session customer) {
        try {
            customer.generateOtp();
            System.out.println("A code was sent to " + customer.otp().destination());
        } catch (UnknownOutcomeException e) {
            System.out.println("A code may be on its way."); // the reply was lost: wait for it before you send another
        } catch (RateLimitedException e) {
            System.out.println("No more codes for now.");
            return System.currentTimeMillis() + Math.max(e.retryAfterMillis(), RESEND_AFTER);
        }
        return System.currentTimeMillis() + RESEND_AFTER;
    }

    static void validate(Session customer, String typed) {
        try {
            customer.validateOtp(typed);
        } catch (InvalidOtpException e) {
            System.out.println("That was not it. Please try again."); // the step is still open
        } catch (TooManyAttemptsException | SignInExpiredException e) {
            System.out.println("We have to begin again.");
            customer.generateToken();
            send(customer);
        }
    }

    public static void main(String[] arguments) {
        Scanner keyboard = new Scanner(System.in);
        try (Client client = Client.builder().baseUrl("http://127.0.0.1:8080").build();
             Session customer = client.session("DocDemo").mobile("919999990003").deviceId("device-1").build()) {
            customer.generateToken();
            long againAt = send(customer);
            while (!customer.signedIn()) {
                System.out.print("Code, or r for another: ");
                String typed = keyboard.nextLine();
                long wait = againAt - System.currentTimeMillis();
                if (!typed.equals("r")) {
                    validate(customer, typed);
                } else if (wait > 0) {
                    System.out.println("Another in " + wait / 1000 + " seconds."); // the countdown
                } else {
                    againAt = send(customer);
                }
            }
            System.out.println("signed in as " + customer.role());
        }
    }
}
