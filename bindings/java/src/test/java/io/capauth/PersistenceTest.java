// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class PersistenceTest extends Fixture {
    @Test
    void sign_in_goes_on_in_another_client() {
        String exported = asked().export();
        client.close();
        try (Client other = emulator.client(); Session customer = other.restore(exported)) {
            assertEquals(mobile, customer.identifier());
            assertEquals(Step.OTP_VALIDATE, customer.nextStep());
            customer.validateOtp(otp());
            assertTrue(customer.signedIn());
        }
    }

    @Test
    void reload_takes_over_the_other_token() {
        Session one = signedIn();
        Session other = client.restore(one.export());
        other.regenerateToken();
        one.reload(other.export());
        assertEquals(other.token(), one.token());
    }

    @Test
    void export_works_after_close() {
        Session customer = signedIn();
        customer.close();
        client.close();
        assertTrue(customer.export().contains(mobile));
    }

    @Test
    void what_is_no_export_is_refused() {
        for (String text : new String[] {"", "{}", "not json", "{\"v\":2}", "a\0b", "\ud800", null}) {
            thrown(InvalidArgumentException.class, ErrorCode.INVALID_ARGUMENT, () -> client.restore(text));
            thrown(InvalidArgumentException.class, ErrorCode.INVALID_ARGUMENT, () -> customer().reload(text));
        }
    }

    @Test
    void reload_says_what_is_wrong_with_its_text() {
        Session customer = customer();
        thrown(WrongStepException.class, ErrorCode.WRONG_STEP, () -> customer.validateOtp("123456"));
        CapauthException thrown = thrown(InvalidArgumentException.class, ErrorCode.INVALID_ARGUMENT,
                () -> customer.reload("no JSON"));
        assertTrue(thrown.getMessage().contains("the export is not JSON"), thrown.getMessage());
    }

    private static Client clientAt(String url) {
        return Client.builder().baseUrl(url).build();
    }

    @Test
    void origins_compare_without_case_and_default_port() {
        String exported;
        try (Client first = clientAt("https://auth.brand.example")) {
            exported = first.session("B").mobile("1").deviceId("d").build().export();
        }
        for (String url : new String[] {"https://auth.brand.example:443", "HTTPS://Auth.Brand.Example/"}) {
            try (Client other = clientAt(url)) {
                assertEquals(exported, other.restore(exported).export());
            }
        }
    }

    @Test
    void export_of_another_origin_is_refused() {
        String exported = signedIn().export();
        try (Client other = Client.builder().cluster(Cluster.EU).build()) {
            thrown(InvalidArgumentException.class, ErrorCode.INVALID_ARGUMENT, () -> other.restore(exported));
        }
    }
}
