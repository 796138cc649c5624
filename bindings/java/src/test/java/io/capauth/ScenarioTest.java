// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.capauth.testing.Emulator;
import io.capauth.testing.EmulatorExtension;
import java.io.IOException;
import java.io.Reader;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import org.json.JSONArray;
import org.json.JSONTokener;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;

/** Plays tests/scenarios/scenarios.json; its README.md says what the words mean. */
@ExtendWith(EmulatorExtension.class)
class ScenarioTest {
    private static final String PROCESS = ManagementFactory.getRuntimeMXBean().getName().replaceFirst("@.*", "");

    private static Emulator clocked; // for the scenarios that move the clock

    @BeforeAll
    static void startClocked() {
        clocked = new Emulator();
    }

    @AfterAll
    static void stopClocked() {
        clocked.close();
    }

    @TestFactory
    List<DynamicTest> scenarios(Emulator shared) throws IOException {
        JSONArray all = read();
        assertFalse(all.isEmpty());
        List<DynamicTest> tests = new ArrayList<>();
        for (int number = 0; number < all.length(); number++) {
            Words scenario = new Words(all.getJSONObject(number).toMap());
            String brand = "ScenarioJava" + PROCESS + "x" + number;
            Emulator emulator = scenario.flag("clock") ? clocked : shared;
            tests.add(dynamicTest(scenario.text("name"), () -> Scenario.play(scenario, emulator, brand)));
        }
        return tests;
    }

    private static JSONArray read() throws IOException {
        Path file = Paths.get(System.getProperty("capauth.source"), "tests", "scenarios", "scenarios.json");
        try (Reader reader = Files.newBufferedReader(file)) {
            return new JSONArray(new JSONTokener(reader));
        }
    }
}
