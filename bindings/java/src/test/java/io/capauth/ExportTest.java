// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The pinned texts of tests/exports/ come back as they went in, or are refused. */
class ExportTest {
    private static final Path EXPORTS = Paths.get(System.getProperty("capauth.source"), "tests", "exports");
    private static final Path REFUSED = EXPORTS.resolve("refused");

    private final Client client = Client.builder().baseUrl("https://auth.brand.example").build();

    @AfterEach
    void close() {
        client.close();
    }

    private static List<String> table(Path folder) throws IOException {
        List<String> lines = Files.readAllLines(folder.resolve("expected.tsv"), StandardCharsets.UTF_8);
        assertTrue(lines.size() > 1);
        return lines;
    }

    private static String text(Path file) throws IOException {
        String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        assertTrue(text.endsWith("\n"), file.toString());
        return text.substring(0, text.length() - 1);
    }

    @Test
    void each_state_comes_back() throws IOException {
        for (String line : table(EXPORTS)) {
            String[] row = line.split("\t");
            String text = text(EXPORTS.resolve(row[0]));
            try (Session session = client.restore(text)) {
                assertEquals(row[1], session.nextStep().toString(), row[0]);
                assertEquals(row[2].equals("1"), session.signedIn(), row[0]);
                assertEquals(row[3].equals("-") ? null : row[3], session.identifier(), row[0]);
                assertEquals(text, session.export(), row[0]);
            }
        }
    }

    @Test
    void what_is_no_export_is_refused() throws IOException {
        for (String line : table(REFUSED)) {
            String[] row = line.split("\t");
            String text = text(REFUSED.resolve(row[0]));
            InvalidArgumentException thrown =
                    assertThrows(InvalidArgumentException.class, () -> client.restore(text), row[0]);
            assertEquals(ErrorCode.INVALID_ARGUMENT, thrown.code());
            assertTrue(thrown.getMessage().contains(row[1]), () -> row[0] + ": " + thrown.getMessage());
        }
    }
}
