// SPDX-License-Identifier: Apache-2.0

import io.capauth.Client;
import io.capauth.Session;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/** Half a sign-in, in Java: "begin" asks for an OTP, prints the export and waits; "finish" goes on from its text. */
public class Handover {
    public static void main(String[] arguments) throws Exception {
        try (Client client = Client.builder()
                .baseUrl(System.getenv("CAPAUTH_URL")).caFile(System.getenv("CAPAUTH_CA_FILE")).build()) {
            if (arguments[0].equals("begin")) {
                begin(client);
            } else {
                finish(client);
            }
        }
    }

    private static void begin(Client client) throws InterruptedException {
        String mobile = System.getenv("HANDOVER_MOBILE");
        Session customer = client.session("DocDemo").mobile(mobile).deviceId("device-1").build();
        customer.generateToken();
        customer.generateOtp();
        System.out.println(customer.export());
        System.out.flush();
        Thread.sleep(Long.MAX_VALUE);
    }

    private static void finish(Client client) throws Exception {
        String text = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
        try (Session customer = client.restore(text)) {
            customer.validateOtp(System.getenv("HANDOVER_OTP"));
            System.out.println(customer.role() + " " + customer.signedIn());
        }
    }
}
