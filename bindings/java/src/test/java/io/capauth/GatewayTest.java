// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.capauth.testing.Emulator;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class GatewayTest extends Fixture {
    @Test
    void get_gives_the_customer() {
        Reply reply = signedIn().gateway("GET", "customer/get", null, new Options().query("mlp", "true"));
        assertEquals(200, reply.httpStatus());
        assertTrue(reply.ok());
        assertEquals(200, reply.code());
        assertEquals("Success", reply.message());
        assertTrue(reply.bodyText().contains(mobile));
        assertArrayEquals(reply.bodyText().getBytes(StandardCharsets.UTF_8), reply.body());
        assertSame(reply, reply.raiseForRefusal());
    }

    @Test
    void post_carries_a_body() {
        emulator.gateway(brand, "customer/update", map("status", 200, "body", map("status", map("success", true))));
        Reply reply = signedIn().gateway("POST", "customer/update", "{\"name\":\"Zoë 😀\"}", null);
        assertTrue(reply.ok());
        assertEquals(1, requests("POST /mobile/v2/api/customer/update"));
    }

    @Test
    void refusal_is_a_reply_and_raises_only_when_asked() {
        Reply reply = signedIn().gateway("GET", "nothing/here");
        assertEquals(404, reply.httpStatus());
        assertFalse(reply.ok());
        RefusedException refused = assertThrows(RefusedException.class, reply::raiseForRefusal);
        assertEquals(404, refused.httpStatus());
        assertEquals("gateway", refused.operation());
    }

    private void assertRefusal(Session customer, int status, int code, Class<? extends CapauthException> type) {
        Object body = code == 0 ? map() : map("status", map("success", false, "code", code, "message", "no"));
        emulator.gateway(brand, "shop", map("status", status, "body", body));
        Reply reply = customer.gateway("POST", "shop", "{}", null);
        assertEquals(status, assertThrows(type, reply::raiseForRefusal).httpStatus());
    }

    @Test
    void refusal_has_the_class_of_its_code() {
        Session customer = signedIn();
        assertRefusal(customer, 429, 0, RateLimitedException.class);
        assertRefusal(customer, 200, 1515, UnknownCustomerException.class);
        assertRefusal(customer, 200, 1534, RateLimitedException.class);
        assertRefusal(customer, 503, 0, ServiceException.class);
        assertRefusal(customer, 403, 0, RefusedException.class);
    }

    @Test
    void view_token_will_do_where_asked_for() {
        Session customer = customer();
        customer.generateToken();
        String path = "/mobile/v2/api/stores";
        fault(path, "status", 200, "body", map("status", map("success", true)));
        thrown(SignInRequiredException.class, ErrorCode.SIGN_IN_REQUIRED, () -> customer.gateway("GET", path));
        assertTrue(customer.gateway("GET", path, null, new Options().view(true)).ok());
    }

    @Test
    void pause_leaves_the_token_alone() {
        Session customer = signedIn();
        String before = customer.token();
        fault("/mobile/v2/api/customer/get", "count", 2, "status", 401, "body", "no");
        customer.pauseRefresh(3600000);
        assertThrows(TokenExpiredException.class, () -> customer.gateway("GET", "customer/get"));
        assertThrows(InvalidArgumentException.class, () -> customer.pauseRefresh(-1));
        assertEquals(before, customer.token());
        customer.pauseRefresh(0);
        assertTrue(customer.gateway("GET", "customer/get").ok());
        assertFalse(before.equals(customer.token()));
    }

    @Test
    void body_that_is_no_text_comes_as_it_is() {
        emulator.gateway(brand, "odd", map("status", 200, "body", "plain, not JSON"));
        Reply reply = signedIn().gateway("GET", "odd");
        assertEquals("plain, not JSON", reply.bodyText());
    }

    @Test
    void empty_body_is_empty() {
        fault("/mobile/v2/api/customer/get", "status", 204, "body", "");
        Reply reply = signedIn().gateway("GET", "customer/get");
        assertEquals(204, reply.httpStatus());
        assertEquals("", reply.bodyText());
        assertEquals(0, reply.body().length);
    }

    @Test
    void expired_token_is_regenerated_first() {
        try (Emulator own = new Emulator(); Client of = own.client()) {
            Session customer = of.session("DocDemo").mobile(mobile).deviceId("d").build();
            customer.generateToken();
            customer.generateOtp();
            customer.validateOtp(own.otp(mobile));
            own.advance(3600);
            assertTrue(customer.gateway("GET", "customer/get").ok());
            assertEquals(1, own.requests(null).get("POST /auth/v1/token/regenerate"));
        }
    }

    @Test
    void nobody_signed_in_says_so_each_time() {
        Session customer = customer();
        for (int i = 0; i < 2; i++) {
            thrown(SignInRequiredException.class, ErrorCode.SIGN_IN_REQUIRED,
                    () -> customer.gateway("GET", "customer/get"));
        }
    }

    @Test
    void external_session_calls_with_both_tokens() {
        Session external = client.externalSession(brand, "access-token", "id-token");
        assertEquals(Flow.EXTERNAL, external.flow());
        emulator.gateway(brand, "points/history", map("status", 200, "body", map("status", map("success", true))));
        assertTrue(external.gateway("GET", "points/history").ok());
        thrown(UsageException.class, ErrorCode.UNSUPPORTED, external::generateToken);
    }
}
