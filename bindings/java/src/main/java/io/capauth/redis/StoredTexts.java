// SPDX-License-Identifier: Apache-2.0
package io.capauth.redis;

import io.capauth.CapauthException;
import io.capauth.Client;
import io.capauth.ErrorCode;
import io.capauth.Session;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sessions' exports on their way to Redis and back: through the cipher, and from an earlier origin to the client's. */
final class StoredTexts {
    static final String NOTHING = "nothing is stored under this key";
    static final String GONE = "this customer is no longer in Redis: expired or evicted, or Redis has lost its data";
    /** As the core begins every export. */
    private static final Pattern ORIGIN = Pattern.compile("(\\{\"v\":1,\"origin\":\")([^\"\\\\]*)\"");

    private final Client client;
    private final Cipher cipher;
    private final Set<String> earlierOrigins;

    StoredTexts(Client client, Cipher cipher, Set<String> earlierOrigins) {
        this.client = client;
        this.cipher = cipher;
        this.earlierOrigins = earlierOrigins;
    }

    static String plainOrigin(String url) {
        int end = url.length();
        while (end > 0 && url.charAt(end - 1) == '/') {
            end--;
        }
        return url.substring(0, end).toLowerCase(Locale.ROOT);
    }

    /** How long a session's token still lives, for the scripts: "" when that is not known. */
    static String life(Session session) {
        int left = session.expiresInMillis();
        return left < 0 ? "" : String.valueOf(left);
    }

    String sealed(String text) {
        return cipher == null || text.isEmpty() ? text : cipher.encrypt(text);
    }

    /** The state that Redis answered. {@code missing} says what it means that there is none. */
    State stateOf(Answer answer, String missing) {
        if (answer.is("deleted")) {
            throw new NotStoredException("this customer was deleted", true);
        }
        if (answer.is("missing")) {
            throw new NotStoredException(missing, false);
        }
        if (answer.is("version")) {
            throw CapauthException.builder(ErrorCode.UNSUPPORTED)
                    .message("a later version of capauth has stored this customer")
                    .build();
        }
        State state = answer.state;
        return state.text.isEmpty() ? state : new State(state.fence, opened(state.text), state.stored, state.expires);
    }

    private String opened(String stored) {
        String text = cipher == null ? stored : cipher.decrypt(stored);
        if (earlierOrigins.isEmpty()) {
            return text;
        }
        Matcher origin = ORIGIN.matcher(text);
        if (!origin.lookingAt() || !earlierOrigins.contains(plainOrigin(origin.group(2)))) {
            return text;
        }
        return origin.group(1) + clientOrigin() + text.substring(origin.end(2));
    }

    /** As exports have it. */
    private String clientOrigin() {
        try (Session session = client.externalSession("-", "-", "-")) {
            Matcher origin = ORIGIN.matcher(session.export());
            if (!origin.lookingAt()) {
                throw new IllegalStateException("an export does not begin with its origin");
            }
            return origin.group(2);
        }
    }
}
