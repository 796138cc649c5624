// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.capauth.testing.Emulator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.json.JSONObject;

/** One scenario as it is being played. */
final class Scenario {
    private final Emulator emulator;
    private final Client client;
    private final String brand;
    private long advancedMillis;
    private Session customer;

    private Scenario(Emulator emulator, Client client, String brand) {
        this.emulator = emulator;
        this.client = client;
        this.brand = brand;
    }

    @SuppressWarnings("unchecked")
    static void play(Words scenario, Emulator emulator, String brand) {
        emulator.brand(brand, scenario.members("brand"));
        try (Client client = emulator.client()) {
            Scenario play = new Scenario(emulator, client, brand);
            if (scenario.has("customer")) {
                play.putCustomer(scenario.words("customer"));
            }
            Words session = scenario.words("session");
            play.begin(session);
            session.end();
            for (Object step : (Iterable<Object>) scenario.take("steps")) {
                play.step((Map<String, Object>) step);
            }
        }
        scenario.end();
    }

    private void step(Map<String, Object> said) {
        Words step = new Words(said);
        try {
            run(step.text("op"), step);
            step.expect("next_step", customer.nextStep().toString());
            step.expect("role", customer.role());
            step.expect("signed_in", customer.signedIn());
            step.expect("identifier", customer.identifier());
            step.expect("registered_for_password", customer.registeredForPassword());
            step.end();
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError(e.getMessage() + " [" + new JSONObject(said) + "]", e);
        }
    }

    private void run(String op, Words step) {
        switch (op) {
            case "session":
                begin(step);
                break;
            case "second_factor":
                customer = identified(customer.secondFactor(), step);
                break;
            case "restore":
                restore(step);
                break;
            case "settings":
                emulator.brand(brand, step.members("settings"));
                break;
            case "customer":
                putCustomer(step);
                break;
            case "reply":
                emulator.gateway(brand, step.text("endpoint"), step.members("body"));
                break;
            case "fault":
                fault(step);
                break;
            case "advance":
                advance(step.number("seconds"));
                break;
            case "requests":
                Long count = emulator.requests(brand).get(step.text("request"));
                assertEquals(step.number("count"), count == null ? 0 : count);
                break;
            default:
                operation(op, step);
        }
    }

    // ---- Sessions ----

    private void begin(Words who) {
        Session.Builder builder = client.session(brand);
        String flow = who.text("flow");
        assertTrue(flow.equals("web") || flow.equals("mobile"), flow);
        customer = identified(flow.equals("web") ? builder.web() : builder, who);
    }

    private static Session identified(Session.Builder builder, Words who) {
        who.pass("mobile", builder::mobile);
        who.pass("email", builder::email);
        who.pass("username", builder::username);
        who.pass("external_id", builder::externalId);
        who.pass("contact_mobile", builder::contactMobile);
        who.pass("contact_email", builder::contactEmail);
        who.pass("device_id", builder::deviceId);
        return builder.build();
    }

    private void restore(Words step) {
        JSONObject exported = new JSONObject(customer.export());
        if (step.has("set")) {
            step.members("set").forEach(exported::put);
        }
        customer = client.restore(exported.toString());
    }

    // ---- The emulator's side ----

    private void putCustomer(Words who) {
        IdentifierType type = IdentifierType.valueOf(who.text("identifierType"));
        emulator.customer(brand, type, who.text("identifierValue"), who.members("body"));
        who.end();
    }

    private void fault(Words step) {
        Map<String, Object> fault = new LinkedHashMap<>(step.members("members"));
        fault.put("brand", brand);
        fault.put("path", step.text("path"));
        fault.put("count", step.number("count"));
        emulator.fault(fault);
    }

    private void advance(long seconds) {
        emulator.advance(seconds);
        advancedMillis += seconds * 1000;
    }

    // ---- Operations ----

    private void operation(String op, Words step) {
        String expected = step.has("error") ? step.text("error") : "none";
        String actual = "none";
        CapauthException refused = null;
        try {
            start(op, step);
        } catch (CapauthException e) {
            refused = e;
            actual = e.name();
        }
        if (!actual.equals(expected)) {
            throw new AssertionError("error " + actual + ", not " + expected, refused);
        }
        if (refused != null) {
            step.expect("maybe_sent", refused.maybeSent());
        }
    }

    private void start(String op, Words step) {
        switch (op) {
            case "generate_token":
                generateToken(step);
                break;
            case "generate_otp":
                customer.generateOtp(otpOptions(step));
                break;
            case "validate_otp":
                customer.validateOtp(otp(step.text("otp")));
                break;
            case "validate_password":
                customer.validatePassword(step.text("password"));
                break;
            case "change_password":
                customer.changePassword(step.text("current_password"), step.text("new_password"));
                break;
            case "forget_password":
                customer.forgetPassword(step.text("new_password"));
                break;
            case "regenerate_token":
                customer.regenerateToken();
                break;
            case "ensure_token":
                customer.ensureToken(marginOption(step));
                break;
            case "expire_token":
                customer.expireToken();
                break;
            case "update_identifier":
                customer.updateIdentifier(step.text("new_value"));
                break;
            case "sign_out":
                customer.signOut();
                break;
            case "gateway":
                gateway(step);
                break;
            default:
                throw new AssertionError("unknown op " + op);
        }
    }

    private void generateToken(Words step) {
        if (step.has("password")) {
            customer.generateToken(step.text("password"));
        } else {
            customer.generateToken();
        }
    }

    private void gateway(Words step) {
        Options options = marginOption(step);
        if (step.has("query")) {
            step.members("query").forEach((name, value) -> options.query(name, (String) value));
        }
        String body = step.has("body") ? new JSONObject(step.members("body")).toString() : null;
        Reply reply = customer.gateway(step.text("method"), step.text("endpoint"), body, options);
        step.expect("http_status", reply.httpStatus());
        step.expect("ok", reply.ok());
        step.expect("code", (int) reply.code());
        step.pass("contains", part -> assertTrue(reply.bodyText().contains(part), reply.bodyText()));
    }

    // ---- Their arguments ----

    private Options otpOptions(Words step) {
        Options options = new Options();
        step.pass("fallback_channel", options::fallbackChannel);
        if (step.has("payload_hash")) {
            options.otpHash(step.text("payload_hash"), timestamp(step.text("payload_timestamp")));
        }
        return options;
    }

    private static Options marginOption(Words step) {
        Options options = new Options();
        return step.has("margin") ? options.marginMillis(step.number("margin") * 1000) : options;
    }

    private String otp(String word) {
        switch (word) {
            case "$otp":
                return sentOtp();
            case "$wrong":
                return sentOtp().equals("000000") ? "111111" : "000000";
            default:
                return word;
        }
    }

    /** The newest one, whoever it went to. */
    private String sentOtp() {
        return new JSONObject(emulator.outbox("brand=" + brand)).getJSONArray("messages").getJSONObject(0)
                .getString("otp");
    }

    private long timestamp(String word) {
        long now = System.currentTimeMillis() + advancedMillis;
        return word.equals("$late") ? now - 3600000 : now;
    }
}
