// SPDX-License-Identifier: Apache-2.0
import io.capauth.Client;
import io.capauth.Session;

/** CapauthSignIn COUNT [BEFORE]: capauth, one customer after the other. */
final class CapauthSignIn {
    private CapauthSignIn() {}

    public static void main(String[] arguments) throws Exception {
        try (Client client = Client.builder().baseUrl(Measure.URL).caFile(Measure.CA_FILE).build()) {
            Measure.run(arguments, () -> {
                try (Session session =
                        client.session(Measure.BRAND).mobile(Measure.mobile()).deviceId("device-1").build()) {
                    session.generateToken();
                    session.generateOtp();
                    session.validateOtp(Measure.OTP);
                }
            });
        }
    }
}
