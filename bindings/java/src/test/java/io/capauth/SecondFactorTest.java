// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SecondFactorTest extends Fixture {
    @ParameterizedTest
    @CsvSource({"otp,otp", "otp,password", "password,otp", "password,password"})
    void each_pair_of_factors_signs_in(String firstKind, String secondKind) {
        emulator.brand(brand, map(
                "PASSWORD_ENABLED", firstKind.equals("password"),
                "IS_MFA_ENABLED", true, "IS_MFA_PASSWORD_ENABLED", secondKind.equals("password")));
        emulator.customer(brand, IdentifierType.MOBILE, mobile,
                map("mfa", true, "password", "First-1", "mfaPassword", "Second-1"));
        Session first = customer();
        first.generateToken();
        pass(first, firstKind, "First-1");
        assertFalse(first.signedIn());
        assertEquals("MFA_PENDING", first.role());
        assertEquals(Step.SECOND_FACTOR, first.nextStep());

        Session second = first.secondFactor().build();
        assertEquals(Flow.MFA, second.flow());
        assertEquals(mobile, second.identifier());
        second.generateToken();
        pass(second, secondKind, "Second-1");
        first.close();
        assertTrue(second.signedIn());
        assertEquals(Step.DONE, second.nextStep());
        second.regenerateToken();
        assertTrue(second.signedIn());
    }

    private void pass(Session factor, String kind, String password) {
        if (kind.equals("password")) {
            factor.validatePassword(password);
        } else {
            factor.generateOtp();
            factor.validateOtp(otp());
        }
    }

    private Session secondSignedIn() {
        emulator.brand(brand, map("IS_MFA_ENABLED", true));
        emulator.customer(brand, IdentifierType.MOBILE, mobile, map("mfa", true));
        Session second = signedIn().secondFactor().build();
        second.generateToken();
        second.generateOtp();
        second.validateOtp(otp());
        return second;
    }

    @Test
    void another_identifier_and_device_may_be_the_second() {
        emulator.brand(brand, map("IS_MFA_ENABLED", true));
        emulator.customer(brand, IdentifierType.MOBILE, mobile, map("mfa", true));
        Session second = signedIn().secondFactor().email("second@example.com").deviceId("device-2").build();
        second.generateToken();
        second.generateOtp();
        second.validateOtp(emulator.otp(brand, "second@example.com"));
        assertTrue(second.signedIn());
        assertEquals("device-2", second.deviceId());
    }

    @Test
    void expire_ends_the_token_and_keeps_the_key() {
        Session second = secondSignedIn();
        second.expireToken();
        assertEquals(1, requests("DELETE /auth/v1/mfa/token/expire"));
        second.regenerateToken();
        assertTrue(second.signedIn());
    }

    @Test
    void sign_out_expires_at_the_auth_engine() {
        Session second = secondSignedIn();
        second.signOut();
        assertEquals(1, requests("DELETE /auth/v1/mfa/token/expire"));
        assertFalse(second.signedIn());
    }

    @Test
    void none_without_a_first() {
        WrongStepException refused = thrown(WrongStepException.class, ErrorCode.WRONG_STEP,
                () -> customer().secondFactor().build());
        assertEquals(Step.TOKEN_GENERATE, refused.nextStep());
        assertTrue(refused.getMessage().startsWith("second_factor: an earlier step is missing"), refused.getMessage());
    }
}
