// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What the attacks counted, in one line of a file for the summary of all tests. */
final class Figures {
    private static final Map<String, Long> COUNTS = new TreeMap<>();

    private Figures() {}

    /** The number before the word, at the beginning of a line of an output, which can be long. */
    static int said(String output, String word) {
        for (String line : output.split("\n")) {
            String[] words = line.split(" ", 3);
            if (words.length == 3 && words[1].startsWith(word)) {
                return Integer.parseInt(words[0]);
            }
        }
        throw new AssertionError("no " + word + " in " + output);
    }

    static synchronized void add(String what, long count) throws IOException {
        COUNTS.merge(what, count, Long::sum);
        String folder = System.getenv("CAPAUTH_FIGURES");
        if (folder == null || folder.isEmpty()) {
            return;
        }
        String line = COUNTS.entrySet().stream()
                .map(one -> String.format("%,d %s", one.getValue(), one.getKey()))
                .collect(Collectors.joining(", ", "attack-java: ", "; 0 crashes\n"));
        Path file = Files.createDirectories(Paths.get(folder)).resolve("attack-java");
        Files.write(file, line.getBytes(StandardCharsets.UTF_8));
    }
}
