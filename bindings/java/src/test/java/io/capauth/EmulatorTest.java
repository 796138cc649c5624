// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.capauth.testing.Emulator;
import java.io.File;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** io.capauth.testing, as an application's tests use it. */
class EmulatorTest extends Fixture {
    @Test
    void starts_with_a_brand_file_and_stops(@TempDir Path folder) throws Exception {
        Path brands = folder.resolve("brands.json");
        Files.write(brands, "{\"brands\":{\"Mine\":{}}}".getBytes(StandardCharsets.UTF_8));
        Emulator own = new Emulator(brands.toFile());
        try (Client of = own.client()) {
            of.session("Mine").mobile("91").deviceId("d").build().generateToken();
            assertTrue(new File(own.caFile()).exists());
            own.close();
            own.close();
            assertFalse(new File(own.caFile()).exists());
            thrown(NetworkException.class, ErrorCode.CONNECT,
                    () -> of.session("Mine").mobile("91").deviceId("d").build().generateToken(
                            new Options().timeoutMillis(2000)));
        }
    }

    @Test
    void says_why_it_does_not_start() {
        UncheckedIOException failed = assertThrows(
                UncheckedIOException.class, () -> new Emulator(new File("/nonexistent/brands.json")));
        assertTrue(failed.getMessage().contains("brands.json"), failed.getMessage());
    }

    @Test
    void refused_control_says_why() {
        IllegalArgumentException refused = assertThrows(
                IllegalArgumentException.class, () -> emulator.brand(brand, map("NO_SUCH_SETTING", true)));
        assertTrue(refused.getMessage().contains("NO_SUCH_SETTING"), refused.getMessage());
        assertThrows(IllegalStateException.class, () -> emulator.otp("nobody"));
    }

    @Test
    void counts_and_clears() {
        signedIn();
        assertEquals(1, requests("POST /auth/v1/otp/validate"));
        emulator.reset(brand);
        assertEquals(0, requests("POST /auth/v1/otp/validate"));
        assertThrows(IllegalStateException.class, this::otp);
    }

    @Test
    void clock_of_one_brand_and_a_clock_that_is_held() {
        try (Emulator own = new Emulator()) {
            own.holdClock(true);
            long before = own.advance(0);
            assertEquals(before + 900, own.advance(900));
            assertEquals(before + 960, own.advance("DocDemo", 60));
            assertEquals(before + 900, own.advance(0));
            own.holdClock(false);
        }
    }

    @Test
    void customer_has_a_profile() {
        emulator.customer(brand, IdentifierType.MOBILE, mobile,
                map("customerId", "77", "firstname", "Ada", "loyalty_points", 12));
        String found = signedIn().gateway("GET", "customer/get").bodyText();
        assertTrue(found.contains("\"firstname\":\"Ada\"") && found.contains("\"loyalty_points\":12"), found);
    }

    @Test
    void attached_one_is_left_running() {
        try (Emulator attached = Emulator.attach(emulator.url(), emulator.caFile())) {
            assertEquals(emulator.requests(brand), attached.requests(brand));
        }
        signedIn();
    }
}
