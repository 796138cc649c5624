import io.capauth.*;
import java.util.Scanner;

public class Password {
    static final Scanner KEYBOARD = new Scanner(System.in);

    static Session newSession(Client client) {
        return client.session("DocDemoPassword").email("ada@java.example").deviceId("device-1").build();
    }

    static void confirmByOtp(Session customer) {
        customer.generateOtp();
        System.out.print("OTP: ");
        customer.validateOtp(KEYBOARD.nextLine());
    }

    /** The first time with a first password, which an OTP confirms; later with the password alone. */
    static Session signIn(Client client, String password) {
        Session customer = newSession(client);
        try {
            customer.generateToken();
        } catch (PasswordRequiredException e) { // nextStep() is PASSWORD_CREATE
            customer.generateToken(password);
            confirmByOtp(customer);
            System.out.println("first time: the password counts from now on");
            return customer;
        }
        customer.validatePassword(password); // InvalidPasswordException leaves the step open: ask again
        System.out.println("later: signed in by password");
        return customer;
    }

    static void forgotten(Client client, String newPassword) {
        Session customer = newSession(client);
        customer.generateToken();
        customer.forgetPassword(newPassword);
        confirmByOtp(customer);
        System.out.println("forgotten: the new password counts");
    }

    public static void main(String[] arguments) {
        try (Client client = Client.builder().baseUrl("http://127.0.0.1:8080").build()) {
            signIn(client, "analytical-1");
            Session customer = signIn(client, "analytical-1");
            customer.changePassword("analytical-1", "analytical-2"); // PasswordRulesException: show the brand's rule
            System.out.println("changed, by who is signed in");
            forgotten(client, "analytical-3");
            signIn(client, "analytical-3");
        }
    }
}
