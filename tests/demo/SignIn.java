// SPDX-License-Identifier: Apache-2.0
// Signs one customer in by OTP, in Java. `run` starts the emulator and says where it is.

import io.capauth.Client;
import io.capauth.Options;
import io.capauth.Reply;
import io.capauth.Session;
import io.capauth.testing.Emulator;
import java.io.PrintStream;
import java.time.Instant;

public class SignIn {
    static final String URL = System.getenv("CAPAUTH_DEMO_URL");
    static final String CA_FILE = System.getenv("CAPAUTH_DEMO_CA_FILE");
    static final String MOBILE = "919999990004"; // the emulator signs up whom it has not seen

    public static void main(String[] arguments) throws Exception {
        PrintStream out = new PrintStream(System.out, true, "UTF-8"); // whatever the locale

        // The emulator keeps what it would have sent to the customer's telephone.
        Emulator telephone = Emulator.attach(URL, CA_FILE);

        try (Client client = Client.builder().baseUrl(URL).caFile(CA_FILE).build();
                Session customer = client.session("DocDemo").mobile(MOBILE).deviceId("demo-java").build()) {
            customer.generateToken();
            out.printf("%-17s next: %s%n", "token generate", customer.nextStep());

            customer.generateOtp();
            out.printf("%-17s sent to %s%n", "OTP generate", customer.otp().destination());

            customer.validateOtp(telephone.otp(MOBILE));
            String token = redacted(customer.token());
            out.printf("%-17s token %s, key %s%n", "OTP validate", token, redacted(customer.key()));

            customer.regenerateToken();
            out.printf("%-17s token %s%n", "token regenerate", redacted(customer.token()));

            Reply reply = customer.gateway("GET", "customer/get", null, new Options().query("mlp", "true"));
            String found = reply.raiseForRefusal().bodyText().replaceAll(".*\"user_id\":\\s*\"?(\\d+).*", "$1");
            out.printf("%-17s HTTP %d, customer %s%n", "customer/get", reply.httpStatus(), found);

            out.printf("%-17s role %s, brand %s, expires %s%n", "the token says",
                    customer.role(), customer.brand(), Instant.ofEpochMilli(customer.expiresAtMillis()));
        }
    }

    static String redacted(String secret) {
        return secret.substring(0, 3) + "…(" + secret.length() + " characters)";
    }
}
