import io.capauth.*;
import io.capauth.testing.Emulator;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;

/** Without a framework; with JUnit 5, @ExtendWith(EmulatorExtension.class) gives the emulator to each test. */
public class TestApp {
    static Session started(Client client, String mobile) {
        Session customer = client.session("MyBrand").mobile(mobile).deviceId("device-1").build();
        customer.generateToken();
        customer.generateOtp();
        return customer;
    }

    static void check(boolean holds) {
        if (!holds) {
            throw new AssertionError();
        }
    }

    public static void main(String[] arguments) {
        try (Emulator emulator = new Emulator(); Client client = emulator.client()) {
            emulator.brand("MyBrand", Collections.singletonMap("CONF_MAX_OTP_RETRY_COUNT", 2));

            // A token is regenerated when an hour has passed.
            Session customer = started(client, "919999996003");
            customer.validateOtp(emulator.otp("919999996003"));
            String before = customer.token();
            emulator.advance(3600); // at once
            check(customer.gateway("GET", "customer/get").ok() && !customer.token().equals(before));

            // When the reply is lost, the code may be on its way.
            Session other = started(client, "919999996013");
            Map<String, Object> fault = new HashMap<>();
            fault.put("path", "/auth/v1/otp/generate");
            fault.put("reset", "after");
            emulator.fault(fault);
            try {
                other.generateOtp();
                check(false);
            } catch (UnknownOutcomeException e) {
                check(e.maybeSent());
            }
            other.validateOtp(emulator.otp("919999996013")); // it was
            System.out.println("all as it should be");
        }
    }
}
