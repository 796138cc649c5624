// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/** What a scenario or one of its steps says. Each word is taken once, and none may be left over. */
final class Words {
    private final Map<String, Object> left;

    Words(Map<String, Object> all) {
        left = new HashMap<>(all);
    }

    boolean has(String name) {
        return left.containsKey(name);
    }

    Object take(String name) {
        assertNotNull(left.get(name), name + " is missing");
        return left.remove(name);
    }

    String text(String name) {
        return (String) take(name);
    }

    long number(String name) {
        return ((Number) take(name)).longValue();
    }

    boolean flag(String name) {
        return has(name) && (Boolean) take(name);
    }

    /** The members of an object. */
    @SuppressWarnings("unchecked")
    Map<String, Object> members(String name) {
        return (Map<String, Object>) take(name);
    }

    Words words(String name) {
        return new Words(members(name));
    }

    /** Hands a text on if it is there. */
    void pass(String name, Consumer<String> to) {
        if (has(name)) {
            to.accept(text(name));
        }
    }

    /** Compares if the word is there. */
    void expect(String name, Object actual) {
        if (has(name)) {
            assertEquals(take(name), actual, name);
        }
    }

    void end() {
        assertEquals(Collections.emptyMap(), left, "words that nobody knows");
    }
}
