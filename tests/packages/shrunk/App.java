// SPDX-License-Identifier: Apache-2.0
// A small app: signs a customer in, and prints which of its listeners were told, once the collector has run.

import io.capauth.Client;
import io.capauth.InvalidOtpException;
import io.capauth.Session;
import io.capauth.testing.Emulator;
import java.util.Collections;
import java.util.Set;
import java.util.TreeSet;

public class App {
    private static final String MOBILE = "919999990006";

    public static void main(String[] arguments) {
        Set<String> told = Collections.synchronizedSet(new TreeSet<>());
        try (Emulator emulator = new Emulator();
                Client client = Client.builder().baseUrl(emulator.url()).caFile(emulator.caFile())
                        .log((level, message) -> told.add("log"))
                        .trace(event -> told.add("trace"))
                        .build();
                Session customer = client.session("DocDemo").mobile(MOBILE).deviceId("d").build()) {
            customer.onChange(session -> told.add("change"));
            System.gc(); // C holds the listeners weakly
            signIn(customer, emulator);
            System.out.println("told " + told);
            System.out.println("role " + customer.role());
        }
    }

    private static void signIn(Session customer, Emulator emulator) {
        customer.generateToken();
        customer.generateOtp();
        try {
            customer.validateOtp("000000");
        } catch (InvalidOtpException e) {
            System.out.println("refused " + e.code());
        }
        customer.validateOtp(emulator.otp(MOBILE));
    }
}
