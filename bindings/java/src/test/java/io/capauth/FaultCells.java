// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import org.json.JSONArray;
import org.json.JSONObject;
import org.json.JSONTokener;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Runs the cells of tests/faults, all of one fault at once; its README.md says what the words mean. Not named as a
 * test, since it wants tests/with_faults around it.
 */
class FaultCells {
    private static final long PATIENCE_MILLIS = 40_000;

    private static int cellsRun;

    private JSONObject table;

    @TestFactory
    List<DynamicTest> faults() throws IOException {
        try (Reader reader = Files.newBufferedReader(Paths.get(System.getenv("CAPAUTH_FAULTS")))) {
            table = new JSONObject(new JSONTokener(reader));
        }
        List<DynamicTest> tests = new ArrayList<>();
        for (Object fault : table.getJSONArray("faults")) {
            JSONObject each = (JSONObject) fault;
            tests.add(dynamicTest(each.getString("name"), () -> meetsEveryOperation(each)));
        }
        assertFalse(tests.isEmpty());
        return tests;
    }

    @AfterAll
    static void tellHowMany() throws IOException {
        Path file = Paths.get(System.getenv("CAPAUTH_FAULTS_RUN"));
        Files.write(file, Integer.toString(cellsRun).getBytes(StandardCharsets.US_ASCII));
    }

    private void meetsEveryOperation(JSONObject fault) {
        List<FaultCell> cells = new ArrayList<>();
        JSONArray rows = fault.getJSONArray("cells");
        for (int i = 0; i < rows.length(); i++) {
            cells.add(new FaultCell(rows.getJSONObject(i), fault.getBoolean("kept")));
        }
        JSONObject before = requestsByCell();
        cells.forEach(FaultCell::start);
        for (FaultCell cell : cells) {
            assertTrue(cell.await(PATIENCE_MILLIS), cell.name());
        }
        JSONObject after = requestsByCell();
        for (FaultCell cell : cells) {
            cell.compare(after.getInt(cell.name()) - before.getInt(cell.name()));
            cell.close();
            cellsRun++;
        }
    }

    /** How often the servers were asked. The control server disturbs idle connections before it answers. */
    private JSONObject requestsByCell() {
        try (Client client = Client.builder().baseUrl(table.getString("control")).build()) {
            Session anybody = client.externalSession("Faults", "A", "I");
            return new JSONObject(anybody.gateway("GET", "/requests").bodyText());
        }
    }
}

/** One operation that meets one fault, in a session and a client of its own. */
final class FaultCell {
    private final JSONObject row;
    private final Client client;
    private final Session session;
    private Call<?> call;

    FaultCell(JSONObject row, boolean kept) {
        this.row = row;
        client = client(row.getJSONObject("client"));
        session = client.restore(row.getString("session"));
        if (kept) {
            client.session("Faults").mobile("919999999970").deviceId("device-1").build().generateToken();
        }
    }

    private static Client client(JSONObject settings) {
        return Client.builder()
                .baseUrl(settings.getString("base_url"))
                .caFile(settings.getString("ca_file"))
                .proxy(settings.getString("proxy"))
                .http2(settings.getBoolean("http2"))
                .timeoutMillis(settings.getLong("timeout_ms"))
                .connectTimeoutMillis(settings.getLong("connect_timeout_ms"))
                .maxRetries(settings.getInt("max_retries"))
                .refreshMarginMillis(settings.getLong("refresh_margin_ms"))
                .build();
    }

    String name() {
        return row.getString("name");
    }

    void close() {
        client.close();
    }

    boolean await(long millis) {
        return call.await(millis);
    }

    // ---- Starting ----

    void start() {
        JSONObject given = row.getJSONObject("arguments");
        Options options = new Options().repeatable(given.optBoolean("repeatable"));
        if (row.getLong("timeout_ms") > 0) {
            options.timeoutMillis(row.getLong("timeout_ms"));
        }
        switch (row.getString("method")) {
            case "prepare":
                call = client.startPrepare();
                break;
            case "generate_token":
                call = given.has("password") ? session.startGenerateToken(given.getString("password"), options)
                        : session.startGenerateToken(options);
                break;
            case "generate_otp":
                call = session.startGenerateOtp(options);
                break;
            case "validate_otp":
                call = session.startValidateOtp(given.getString("otp"), options);
                break;
            case "validate_password":
                call = session.startValidatePassword(given.getString("password"), options);
                break;
            case "change_password":
                call = session.startChangePassword(given.getString("current_password"),
                        given.getString("new_password"), options);
                break;
            case "forget_password":
                call = session.startForgetPassword(given.getString("new_password"), options);
                break;
            case "update_identifier":
                call = session.startUpdateIdentifier(given.getString("new_value"), options);
                break;
            case "regenerate_token":
                call = session.startRegenerateToken(options);
                break;
            case "ensure_token":
                call = session.startEnsureToken(options);
                break;
            case "expire_token":
                call = session.startExpireToken(options);
                break;
            case "sign_out":
                call = session.startSignOut(options);
                break;
            case "gateway":
                call = session.startGateway(given.getString("method"), given.getString("endpoint"),
                        given.optString("body", null), options);
                break;
            default:
                throw new AssertionError("unknown method of " + name());
        }
    }

    // ---- Comparing ----

    void compare(int requests) {
        Words expected = new Words(row.getJSONObject("expected").toMap());
        expected.expect("requests", requests);
        expected.expect("next_step", session.nextStep().toString());
        expected.expect("signed_in", session.signedIn());
        expected.expect("token", session.token() == null ? "" : session.token());
        expected.expect("key", session.key() == null ? "" : session.key());
        expected.expect("identifier", session.identifier());
        try {
            Object result = call.result();
            expected.expect("code", "OK");
            if (result instanceof Reply) {
                compareReply(expected, (Reply) result);
            }
        } catch (CapauthException error) {
            expected.expect("code", error.name());
            compareError(expected, error);
        }
        expected.end();
    }

    private void compareReply(Words expected, Reply reply) {
        expected.expect("ok", reply.ok());
        try {
            assertEquals(reply, reply.raiseForRefusal());
            expected.expect("refusal", "OK");
            expected.expect("http_status", reply.httpStatus());
        } catch (CapauthException error) {
            expected.expect("refusal", error.name());
            compareError(expected, error);
        }
    }

    private static void compareError(Words expected, CapauthException error) {
        String type = error.getClass().getSimpleName().replaceFirst("^Capauth", "");
        expected.expect("class", type.replaceFirst("Exception$", "Error"));
        expected.expect("maybe_sent", error.maybeSent());
        expected.expect("retryable", error.retryable());
        expected.expect("http_status", error.httpStatus());
        expected.expect("retry_after", error.retryAfterMillis() < 0 ? 0 : (int) error.retryAfterMillis() / 1000);
    }
}
