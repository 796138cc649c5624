// SPDX-License-Identifier: Apache-2.0
package io.capauth.redis;

import io.capauth.CapauthException;
import io.capauth.Client;
import io.capauth.ErrorCode;
import io.capauth.InvalidArgumentException;
import io.capauth.Session;
import java.util.Collections;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Keeps customers in Redis, for a fleet of workers in Java, Python and Lua. At any time at most one of them regenerates
 * a customer's token; the others wait for what it gets. Threads may share a store.
 *
 * <pre>{@code
 * SessionStore store = SessionStore.builder(client, redis).ttlMillis(30L * 86400 * 1000).build();
 * store.save(key, session);                              // after the sign-in
 * try (Customer customer = store.session(key)) {         // in any worker
 *     customer.gateway("GET", "customer/get");
 * }
 * }</pre>
 */
public final class SessionStore {
    private static final long REMEMBERED_MILLIS = 3600 * 1000; // how long it is known that a customer was deleted

    final Client client;
    final Locks locks;
    final Regenerations regenerations;
    private final Database database;
    private final StoredTexts texts;
    private final String prefix;
    private final long lockMillis;
    private final long ttlMillis;
    // The states that sessions were stored as: the key's name and the fence.
    private final Map<Session, String[]> saved = Collections.synchronizedMap(new WeakHashMap<Session, String[]>());

    private SessionStore(Builder builder) {
        client = builder.client;
        prefix = builder.prefix;
        lockMillis = builder.lockMillis;
        ttlMillis = builder.ttlMillis;
        database = new Database(builder.redis, lockMillis);
        texts = new StoredTexts(client, builder.cipher, builder.earlierOrigins);
        OwnFailures ownFailures = new OwnFailures();
        locks = new Locks(client, database, texts, ownFailures, lockMillis);
        Metrics metrics = new Metrics(builder.metrics);
        regenerations = new Regenerations(client, database, texts, locks, ownFailures, metrics);
    }

    /** A store of this client's customers. */
    public static Builder builder(Client client, RedisCommands redis) {
        return new Builder(client, redis);
    }

    /** The name in Redis. A hash, since the key may be a cookie or a telephone number. */
    public String name(String key) {
        return prefix + Hash.sha256(key);
    }

    /**
     * Stores a session. The first time it replaces what there is: a new sign-in. Again, it is a {@link StaleException}
     * if anybody has stored this key since.
     */
    public void save(String key, Session session) {
        save(key, session, "");
    }

    /** The same; Redis deletes the customer so long after the last change, 0: never. */
    public void save(String key, Session session, long ttlMillis) {
        save(key, session, String.valueOf(checked(ttlMillis)));
    }

    private void save(String key, Session session, String ttl) {
        String name = name(key);
        String[] known = saved.get(session);
        String follows = known != null && known[0].equals(name) ? known[1] : "";
        Answer answer = database.script(
                Script.PUT, name, "save", texts.sealed(session.export()), follows, StoredTexts.life(session), ttl,
                ttlMillis);
        if (!answer.is("stored")) {
            throw new StaleException("a newer state of this customer is stored, or it was deleted");
        }
        saved.put(session, new String[] {name, answer.state.fence});
    }

    /** Has the customer's time to live begin again. */
    public void touch(String key) {
        texts.stateOf(database.script(Script.PUT, name(key), "touch", "", "", "", "", ""), StoredTexts.NOTHING);
    }

    /** Deletes customers, without signing them out. A worker that holds one of them stores nothing any more. */
    public void delete(String... keys) {
        for (String key : keys) {
            database.script(Script.PUT, name(key), "delete", "", "", "", REMEMBERED_MILLIS, "");
        }
    }

    /** Whether a customer is stored under this key. */
    public boolean exists(String key) {
        Answer answer = database.read(name(key));
        return !answer.is("missing") && !answer.is("deleted");
    }

    /**
     * The customer of this key. If they are signed in, their token is valid beyond the client's refresh margin.
     * {@link NotStoredException}: nothing is stored.
     */
    public Customer session(String key) {
        String name = name(key);
        State state = texts.stateOf(database.read(name), StoredTexts.NOTHING);
        Customer customer = new Customer(this, client.restore(state.text), name, state);
        try {
            regenerations.makeValid(customer, -1);
        } catch (RuntimeException failure) {
            customer.close();
            throw failure;
        }
        return customer;
    }

    @Override
    public String toString() {
        return "SessionStore(" + prefix + ", lock " + lockMillis + " ms)";
    }

    private static long checked(long ttlMillis) {
        if (ttlMillis < 0) {
            throw invalid("ttlMillis", "must be positive, or 0 for ever");
        }
        return ttlMillis;
    }

    private static InvalidArgumentException invalid(String argument, String what) {
        return (InvalidArgumentException) CapauthException.builder(ErrorCode.INVALID_ARGUMENT)
                .argument(argument)
                .message(argument + " " + what)
                .build();
    }

    /** What a store may be told. */
    public static final class Builder {
        private static final int LONGEST_PREFIX = 128;

        private final Client client;
        private final RedisCommands redis;
        private String prefix = "capauth:";
        private long lockMillis = 10_000;
        private long ttlMillis;
        private @Nullable Cipher cipher;
        private @Nullable StoreListener metrics;
        private Set<String> earlierOrigins = Collections.emptySet();

        private Builder(Client client, RedisCommands redis) {
            this.client = client;
            this.redis = redis;
        }

        /** What the names in Redis begin with; default {@code capauth:}. All workers use the same. */
        public Builder prefix(String prefix) {
            boolean printable = prefix.length() <= LONGEST_PREFIX && prefix.indexOf('{') < 0;
            for (char letter : prefix.toCharArray()) {
                printable &= !Character.isISOControl(letter);
            }
            if (!printable) {
                throw invalid("prefix", "must be at most 128 printable characters, without braces");
            }
            this.prefix = prefix;
            return this;
        }

        /** How long a worker that dies may block a customer, and a Redis that is away an operation; default 10,000. */
        public Builder lockMillis(long millis) {
            if (millis < 100 || millis > 3_600_000) {
                throw invalid("lockMillis", "must be 100 to 3600000");
            }
            lockMillis = millis;
            return this;
        }

        /** Redis deletes a customer so long after the last change; default 0, never. */
        public Builder ttlMillis(long millis) {
            ttlMillis = checked(millis);
            return this;
        }

        /** What is stored goes through it; default: the text as it is. All workers use the same. */
        public Builder cipher(Cipher cipher) {
            this.cipher = cipher;
            return this;
        }

        /** Is told what became of each token. */
        public Builder metrics(StoreListener listener) {
            metrics = listener;
            return this;
        }

        /**
         * Base URLs that customers were stored with before the client's changed. Others than these and the client's are
         * refused.
         */
        public Builder earlierOrigins(String... baseUrls) {
            Set<String> origins = new HashSet<String>();
            for (String url : baseUrls) {
                origins.add(StoredTexts.plainOrigin(url));
            }
            earlierOrigins = origins;
            return this;
        }

        /** The store. */
        public SessionStore build() {
            return new SessionStore(this);
        }
    }
}
