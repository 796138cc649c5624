// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.capauth.testing.Emulator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.json.JSONArray;
import org.json.JSONObject;

/** One scenario as it is being played. */
final class Scenario {
    private static final Map<String, JSONObject> OPERATIONS = operations();

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

    private static Map<String, JSONObject> operations() {
        Path path = Paths.get(System.getProperty("capauth.source"), "core", "operations.json");
        Map<String, JSONObject> operations = new LinkedHashMap<>();
        try {
            String table = new String(Files.readAllBytes(path), StandardCharsets.UTF_8);
            for (Object row : new JSONObject(table).getJSONArray("operations")) {
                operations.put(((JSONObject) row).getString("method"), (JSONObject) row);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return operations;
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

    /** Calls the method that the table of operations names, with what it says that the method takes. */
    private void start(String op, Words step) {
        JSONObject row = OPERATIONS.get(op);
        assertNotNull(row, "unknown op " + op);
        if (op.equals("gateway")) {
            gateway(step);
            return;
        }
        List<String> texts = new ArrayList<>();
        for (Object argument : row.optJSONArray("arguments", new JSONArray())) {
            String name = ((JSONObject) argument).getString("name");
            texts.add(name.equals("otp") ? otp(step.text(name)) : step.text(name));
        }
        List<Object> options = row.optJSONArray("options", new JSONArray()).toList();
        if (options.contains("password") && step.has("password")) {
            texts.add(step.text("password"));
        }
        call(JavaNames.of(op), texts, options(options, step));
    }

    private void call(String method, List<String> texts, Options options) {
        Class<?>[] types = new Class<?>[texts.size() + 1];
        Arrays.fill(types, String.class);
        types[texts.size()] = Options.class;
        List<Object> arguments = new ArrayList<>(texts);
        arguments.add(options);
        try {
            Session.class.getMethod(method, types).invoke(customer, arguments.toArray());
        } catch (InvocationTargetException e) {
            throw (RuntimeException) e.getCause();
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    private void gateway(Words step) {
        Options options = options(Collections.<Object>singletonList("margin"), step);
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

    private Options options(List<Object> known, Words step) {
        Options options = new Options();
        if (known.contains("fallback_channel")) {
            step.pass("fallback_channel", options::fallbackChannel);
        }
        if (known.contains("otp_hash") && step.has("payload_hash")) {
            options.otpHash(step.text("payload_hash"), timestamp(step.text("payload_timestamp")));
        }
        if (known.contains("margin") && step.has("margin")) {
            options.marginMillis(step.number("margin") * 1000);
        }
        return options;
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
