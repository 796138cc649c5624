// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** The flows of the first factor. */
class SignInTest extends Fixture {
    @Test
    void otp_signs_in() {
        Session customer = customer();
        assertEquals(Step.TOKEN_GENERATE, customer.nextStep());
        customer.generateToken();
        assertEquals("VIEW", customer.role());
        assertEquals(Step.OTP_GENERATE, customer.nextStep());
        customer.generateOtp();
        assertEquals(Step.OTP_VALIDATE, customer.nextStep());
        assertFalse(customer.signedIn());
        customer.validateOtp(otp());
        assertEquals(Step.DONE, customer.nextStep());
        assertTrue(customer.signedIn());
        assertEquals("USER", customer.role());
        assertNotNull(customer.token());
        assertNotNull(customer.key());
        assertNotNull(customer.customerId());
        assertTrue(customer.expiresAtMillis() > System.currentTimeMillis());
        assertTrue(customer.expiresInMillis() > 800_000 && customer.expiresInMillis() <= 900_000);
    }

    @Test
    void getters_say_what_was_given_and_null_for_what_there_is_not() {
        Session customer = customer();
        assertEquals(brand, customer.brand());
        assertEquals(mobile, customer.identifier());
        assertEquals(IdentifierType.MOBILE, customer.identifierType());
        assertEquals("device-1", customer.deviceId());
        assertEquals(Flow.MOBILE, customer.flow());
        assertNull(customer.token());
        assertNull(customer.key());
        assertNull(customer.role());
        assertNull(customer.customerId());
        assertNull(customer.registeredForPassword());
        assertNull(customer.appRegistered());
        assertEquals(0, customer.expiresAtMillis());
        assertEquals(-1, customer.expiresInMillis());
        assertEquals(0, customer.otp().sentAtMillis());
    }

    @Test
    void wrong_otp_leaves_the_step_open() {
        Session customer = asked();
        InvalidOtpException refused = thrown(
                InvalidOtpException.class, ErrorCode.INVALID_OTP, () -> customer.validateOtp(wrongOtp()));
        assertEquals("INVALID_OTP", refused.name());
        assertEquals("otp_validate", refused.operation());
        assertEquals(200, refused.httpStatus());
        assertEquals(1506, refused.serverCode());
        assertFalse(refused.retryable());
        assertEquals(1, customer.otp().wrongAnswers());
        assertEquals(Step.OTP_VALIDATE, customer.nextStep());
        customer.validateOtp(otp().toCharArray());
        assertTrue(customer.signedIn());
    }

    @Test
    void resent_otp_replaces_the_first() {
        Session customer = asked();
        String first = otp();
        customer.generateOtp(new Options().timeoutMillis(5000).header("X-Test", "yes"));
        if (!first.equals(otp())) {
            thrown(InvalidOtpException.class, ErrorCode.INVALID_OTP, () -> customer.validateOtp(first));
        }
        customer.validateOtp(otp());
        assertTrue(customer.otp().sentAtMillis() > 0);
        assertNotEquals(mobile, customer.otp().destination());
    }

    @Test
    void fallback_channel_is_sent_and_remembered() {
        emulator.brand(brand, map("CONF_FALLBACK_CHANNELS", "SMS,WHATSAPP"));
        Session customer = customer();
        customer.generateToken();
        customer.generateOtp(new Options().fallbackChannel("WHATSAPP"));
        assertEquals("WHATSAPP", customer.otp().channel());
        thrown(RefusedException.class, ErrorCode.CHANNEL_NOT_CONFIGURED,
                () -> customer.generateOtp(new Options().fallbackChannel("ZALO")));
    }

    @Test
    void otp_hash_is_sent() {
        emulator.brand(brand, map("CONF_ENABLE_ENCRYPTION", true));
        Session customer = customer();
        customer.generateToken();
        thrown(RefusedException.class, ErrorCode.HASH_OUT_OF_WINDOW, customer::generateOtp);
        customer.generateOtp(new Options().otpHash("c2VhbGVk", System.currentTimeMillis()));
        customer.validateOtp(otp());
        assertTrue(customer.signedIn());
    }

    @Test
    void web_has_no_device_and_no_key_and_regenerates_from_the_token() {
        Session customer = client.session(brand).web().mobile(mobile).build();
        customer.generateToken();
        customer.generateOtp();
        customer.validateOtp(otp());
        assertTrue(customer.signedIn());
        assertNull(customer.key());
        assertNull(customer.deviceId());
        assertEquals(Flow.WEB, customer.flow());
        customer.regenerateToken();
        assertTrue(customer.signedIn());
        assertEquals(1, requests("POST /auth/v1/web/token/regenerate"));
    }

    @Test
    void email_signs_in() {
        Session customer = client.session(brand).email("t@example.com").deviceId("d").build();
        customer.generateToken();
        customer.generateOtp();
        customer.validateOtp(emulator.otp(brand, "t@example.com"));
        assertTrue(customer.signedIn());
        assertEquals(IdentifierType.EMAIL, customer.identifierType());
    }

    @Test
    void username_gets_its_otp_at_the_contact() {
        Session customer = client.session(brand).username("zoë😀").contactMobile(mobile).deviceId("d").build();
        customer.generateToken();
        customer.generateOtp();
        customer.validateOtp(otp());
        assertEquals("zoë😀", customer.identifier());
        assertTrue(customer.signedIn());
    }

    @Test
    void external_id_signs_in_where_the_brand_has_it() {
        Session refused = client.session(brand).externalId("x-1").contactEmail("x@example.com").deviceId("d").build();
        thrown(RefusedException.class, ErrorCode.EXTERNAL_ID_NOT_ENABLED, refused::generateToken);
        emulator.brand(brand, map("CONF_EXTERNAL_ID_LOGIN_ENABLED", true, "CONF_OTP_SEND_FOR_EXTERNAL_ID", "email"));
        Session customer = client.session(brand).externalId("x-2").contactEmail("x@example.com").deviceId("d").build();
        customer.generateToken();
        customer.generateOtp();
        customer.validateOtp(emulator.otp(brand, "x@example.com"));
        assertTrue(customer.signedIn());
    }

    @Test
    void first_password_then_otp_then_password_alone() {
        emulator.brand(brand, map("PASSWORD_ENABLED", true));
        Session first = customer();
        thrown(PasswordRequiredException.class, ErrorCode.PASSWORD_REQUIRED, first::generateToken);
        assertEquals(Step.PASSWORD_CREATE, first.nextStep());
        first.generateToken("Secret-1".toCharArray());
        first.generateOtp();
        first.validateOtp(otp());
        assertTrue(first.signedIn());
        Session again = customer();
        again.generateToken();
        assertEquals(Boolean.TRUE, again.registeredForPassword());
        assertEquals(Step.PASSWORD_VALIDATE, again.nextStep());
        thrown(InvalidPasswordException.class, ErrorCode.INVALID_PASSWORD, () -> again.validatePassword("Secret-2"));
        again.validatePassword("Secret-1".toCharArray());
        assertTrue(again.signedIn());
    }

    @Test
    void password_has_a_tab_and_device_id_512_bytes() {
        String id = new String(new char[512]).replace('\0', 'd');
        emulator.brand(brand, map("PASSWORD_ENABLED", true));
        emulator.customer(brand, IdentifierType.MOBILE, mobile, map("password", "Tab\tSecret-1\u007f"));
        Session customer = client.session(brand).mobile(mobile).deviceId(id).build();
        customer.generateToken();
        customer.validatePassword("Tab\tSecret-1\u007f");
        assertTrue(customer.signedIn());
        CapauthException thrown = thrown(InvalidArgumentException.class, ErrorCode.INVALID_ARGUMENT,
                () -> client.session(brand).mobile(mobile).deviceId(id + "d").build());
        assertTrue(thrown.getMessage().contains("longer than 512 bytes"), thrown.getMessage());
    }

    @Test
    void changed_password_replaces_the_old() {
        Session customer = passwordCustomer("Secret-1");
        customer.generateToken();
        customer.validatePassword("Secret-1");
        thrown(PasswordRulesException.class, ErrorCode.PASSWORD_UNCHANGED,
                () -> customer.changePassword("Secret-1", "Secret-1"));
        customer.changePassword("Secret-1".toCharArray(), "Secret-2".toCharArray());
        Session again = customer();
        again.generateToken();
        thrown(InvalidPasswordException.class, ErrorCode.INVALID_PASSWORD, () -> again.validatePassword("Secret-1"));
        again.validatePassword("Secret-2");
        assertTrue(again.signedIn());
    }

    @Test
    void forgotten_password_is_confirmed_by_otp() {
        Session customer = passwordCustomer("Secret-1");
        customer.generateToken();
        customer.forgetPassword("Secret-3".toCharArray());
        assertEquals(Step.OTP_GENERATE, customer.nextStep());
        customer.generateOtp();
        customer.validateOtp(otp());
        assertTrue(customer.signedIn());
        Session again = customer();
        again.generateToken();
        again.validatePassword("Secret-3");
        assertTrue(again.signedIn());
    }

    @Test
    void otp_instead_of_the_password_works() {
        Session customer = passwordCustomer("Secret-1");
        customer.generateToken();
        customer.generateOtp();
        customer.validateOtp(otp());
        assertTrue(customer.signedIn());
    }

    private Session passwordCustomer(String password) {
        emulator.brand(brand, map("PASSWORD_ENABLED", true));
        emulator.customer(brand, IdentifierType.MOBILE, mobile, map("password", password));
        return customer();
    }

    @Test
    void identifier_is_updated() {
        Session customer = signedIn();
        String other = "91770000" + mobile.substring(8);
        customer.updateIdentifier(other);
        customer.regenerateToken();
        assertTrue(customer.signedIn());
        Session again = client.session(brand).mobile(other).deviceId("device-1").build();
        again.generateToken();
        again.generateOtp();
        again.validateOtp(emulator.otp(brand, other));
        assertEquals(customer.customerId(), again.customerId());
    }

    @Test
    void token_is_regenerated_and_ensured() {
        Session customer = signedIn();
        customer.regenerateToken();
        assertEquals(1, requests("POST /auth/v1/token/regenerate"));
        assertEquals(customer.token(), customer.ensureToken());
        assertEquals(1, requests("POST /auth/v1/token/regenerate"), "it was still valid");
        customer.ensureToken(new Options().marginMillis(24 * 3600 * 1000));
        assertEquals(2, requests("POST /auth/v1/token/regenerate"));
    }

    @Test
    void expire_is_for_the_second_factor_only() {
        Session customer = signedIn();
        thrown(UsageException.class, ErrorCode.UNSUPPORTED, customer::expireToken);
    }

    @Test
    void sign_out_clears_token_key_and_step() {
        Session customer = signedIn();
        customer.signOut();
        assertFalse(customer.signedIn());
        assertNull(customer.token());
        assertNull(customer.key());
        assertEquals(Step.TOKEN_GENERATE, customer.nextStep());
    }
}
