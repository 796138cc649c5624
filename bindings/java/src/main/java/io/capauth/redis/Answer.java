// SPDX-License-Identifier: Apache-2.0
package io.capauth.redis;

import java.nio.charset.StandardCharsets;
import java.util.List;

/** What a script or a plain read answered. Times are microseconds by Redis's clock; 0: not known. */
final class Answer {
    private static final int SCRIPT_PARTS = 10;

    final String outcome;
    final long now;
    final String failure;
    final long waitMillis;
    State state;

    private Answer(String outcome, State state, long now, String failure, long waitMillis) {
        this.outcome = outcome;
        this.state = state;
        this.now = now;
        this.failure = failure;
        this.waitMillis = waitMillis;
    }

    boolean is(String outcome) {
        return this.outcome.equals(outcome);
    }

    /** null when it is the answer to somebody else's question. */
    static Answer ofScript(Object reply, String name, String question) {
        String[] parts = texts(reply, SCRIPT_PARTS);
        if (parts == null || !parts[0].equals(name) || !parts[1].equals(question)) {
            return null;
        }
        return new Answer(parts[3], State.of(parts, 4), number(parts[2]), parts[8], number(parts[9]));
    }

    /** Likewise. */
    static Answer ofFields(Object reply, String name) {
        String[] parts = texts(reply, Script.FIELDS.length);
        if (parts == null) {
            return null;
        }
        boolean empty = true;
        for (String part : parts) {
            empty &= part.isEmpty();
        }
        if (empty) {
            return new Answer("missing", State.NONE, 0, "", 0);
        }
        if (!parts[0].equals(name)) {
            return null;
        }
        String outcome = !parts[1].equals(Script.VERSION) ? "version" : parts[3].isEmpty() ? "missing" : "read";
        return new Answer(outcome, State.of(parts, 2), 0, "", 0);
    }

    static long number(String text) {
        return text.isEmpty() ? 0 : Long.parseLong(text);
    }

    private static String[] texts(Object reply, int length) {
        if (!(reply instanceof List) || ((List<?>) reply).size() != length) {
            return null;
        }
        String[] parts = new String[length];
        for (int i = 0; i < length; i++) {
            parts[i] = text(((List<?>) reply).get(i));
        }
        return parts;
    }

    static String text(Object part) {
        if (part instanceof byte[]) {
            return new String((byte[]) part, StandardCharsets.UTF_8);
        }
        return part == null ? "" : part.toString();
    }
}
