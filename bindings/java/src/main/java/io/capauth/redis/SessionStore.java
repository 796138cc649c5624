// SPDX-License-Identifier: Apache-2.0
package io.capauth.redis;

import io.capauth.CapauthException;
import io.capauth.Client;
import io.capauth.ErrorCode;
import io.capauth.InvalidArgumentException;
import io.capauth.Options;
import io.capauth.Session;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * Keeps customers in Redis, for a fleet of workers in Java, Python and Lua. At any time at most one of them renews a
 * customer's token; the others wait for what it gets. Threads may share a store.
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
    private static final double OPERATION_SHARE = 0.75; // of what is left of a lock; the rest is for storing the outcome
    private static final long POLL_MILLIS = 10;
    private static final long LONGEST_POLL_MILLIS = 100;
    private static final long REMEMBERED_MILLIS = 3600 * 1000; // how long it is known that a customer was deleted

    final Client client;
    private final Database database;
    private final String prefix;
    private final long lockMillis;
    private final long ttlMillis;
    private final String worker = Hash.sha256(host()).substring(0, 8) + ":" + Hash.random().substring(0, 8);
    private final Map<String, Flight> flights = new ConcurrentHashMap<String, Flight>();
    private final Map<String, Held> heldBack = new ConcurrentHashMap<String, Held>();
    private final Map<Session, String[]> saved = Collections.synchronizedMap(new WeakHashMap<Session, String[]>());

    private SessionStore(Builder builder) {
        client = builder.client;
        database = new Database(builder.redis, builder.lockMillis);
        prefix = builder.prefix;
        lockMillis = builder.lockMillis;
        ttlMillis = builder.ttlMillis;
    }

    /** A store of this client's customers. */
    public static Builder builder(Client client, RedisCommands redis) {
        return new Builder(client, redis);
    }

    private static String host() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException nameless) {
            return "";
        }
    }

    /** The name in Redis. A hash, since the key may be a cookie or a telephone number. */
    public String name(String key) {
        return prefix + Hash.sha256(key);
    }

    // ---- Keeping ----

    /**
     * Stores a session. The first time it replaces what there is: a new sign-in. Again, it is a {@link StaleException}
     * if anybody has stored this key since.
     */
    public void save(String key, Session session) {
        save(key, session, "");
    }

    /** The same; Redis forgets the customer so long after the last change, 0: never. */
    public void save(String key, Session session, long ttlMillis) {
        save(key, session, String.valueOf(checked(ttlMillis)));
    }

    private void save(String key, Session session, String ttl) {
        String name = name(key);
        String[] known = saved.get(session);
        String follows = known != null && known[0].equals(name) ? known[1] : "";
        Answer answer = database.script(
                Script.PUT, name, "save", session.export(), follows, life(session), ttl, ttlMillis);
        if (!answer.is("stored")) {
            throw new StaleException("a newer state of this customer is stored, or it was deleted");
        }
        saved.put(session, new String[] {name, answer.state.fence});
    }

    /** Has the customer's time to live begin again. */
    public void touch(String key) {
        stateOf(database.script(Script.PUT, name(key), "touch", "", "", "", "", ""), NOTHING);
    }

    /** Forgets customers, without signing them out. Whoever is at work on them stores nothing any more. */
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
        State state = stateOf(database.read(name), NOTHING);
        Customer customer = new Customer(this, client.restore(state.text), name, state);
        try {
            makeValid(customer, -1);
        } catch (RuntimeException failure) {
            customer.close();
            throw failure;
        }
        return customer;
    }

    private static final String NOTHING = "nothing is stored under this key";
    static final String GONE = "this customer is no longer in Redis: expired or evicted, or Redis has lost its data";

    private static State stateOf(Answer answer, String missing) {
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
        return answer.state;
    }

    private static String life(Session session) {
        int left = session.expiresInMillis();
        return left < 0 ? "" : String.valueOf(left);
    }

    // ---- The lock ----

    private static final class Lock {
        String holder;
        Answer answer;
        long end; // by System.nanoTime()
    }

    /** The lock, or an answer that says what there is instead; {@code fence} is that of the state that does not do. */
    private Lock lock(String name, String fence, long giveUp) {
        String holder = Hash.random();
        long pause = POLL_MILLIS;
        while (true) {
            String taker = !fence.isEmpty() && ownFailure(name) != null ? "" : holder;
            long asked = System.nanoTime();
            Lock lock = new Lock();
            lock.holder = holder;
            lock.end = asked + TimeUnit.MILLISECONDS.toNanos(lockMillis);
            lock.answer = database.script(Script.LOCK, name, worker, taker, fence, lockMillis);
            boolean late = System.nanoTime() - asked > TimeUnit.MILLISECONDS.toNanos(lockMillis / 2);
            if (lock.answer.is("locked") && late) {
                continue; // the same holder gets it anew
            }
            if (!lock.answer.is("busy")) {
                return lock;
            }
            if (System.nanoTime() > giveUp) {
                throw tooLate();
            }
            Database.sleep(pause);
            pause = Math.min(pause * 3 / 2, LONGEST_POLL_MILLIS);
        }
    }

    private static CapauthException tooLate() {
        return CapauthException.builder(ErrorCode.DEADLINE)
                .message("others were at work on this customer all the time")
                .build();
    }

    private static final class Done<T> {
        T value;
        CapauthException failure;
        State state;
        boolean changed;
        boolean stored;
    }

    /** An operation under the lock, its outcome stored; {@code told}: others hear of its failure. */
    private <T> Done<T> under(String name, Lock lock, Operation<T> operation, boolean told) {
        Done<T> done = new Done<T>();
        String changed = "";
        String life = "";
        Session session = null;
        try {
            session = client.restore(lock.answer.state.text);
            String before = session.export();
            long left = TimeUnit.NANOSECONDS.toMillis(lock.end - System.nanoTime());
            long millis = Math.max(1, Math.min(client.timeoutMillis(), (long) (left * OPERATION_SHARE)));
            try {
                done.value = operation.run(session, new Options().timeoutMillis(millis));
            } finally {
                session.close(); // nothing shall outlive the lock
                String after = session.export();
                changed = after.equals(before) ? "" : after;
                life = life(session);
            }
        } catch (CapauthException failure) {
            done.failure = failure;
        } finally {
            SharedFailure shared = told && done.failure != null ? SharedFailure.of(done.failure) : SharedFailure.NONE;
            Answer answer = database.script(
                    Script.UNLOCK, name, worker, lock.holder, lock.answer.state.fence, changed, life, shared.text,
                    shared.kind, shared.holdMillis);
            done.state = stateOf(answer, GONE);
            done.stored = answer.is("stored");
            done.changed = !changed.isEmpty();
        }
        return done;
    }

    <T> T perform(Customer customer, Operation<T> operation) {
        Lock lock = lock(customer.name, "", giveUp());
        stateOf(lock.answer, GONE);
        Done<T> done = under(customer.name, lock, operation, false);
        customer.adopt(done.state);
        if (done.failure != null) {
            throw done.failure;
        }
        if (done.changed && !done.stored) {
            throw new StaleException("somebody else has stored a newer state of this customer meanwhile");
        }
        return done.value;
    }

    // ---- One regeneration ----

    private long giveUp() {
        return System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(client.timeoutMillis());
    }

    private static final class Held {
        final CapauthException failure;
        final long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(SharedFailure.PAUSE_MILLIS);

        Held(CapauthException failure) {
            this.failure = failure;
        }
    }

    /** Whoever could not reach the service leaves the customer to others for a while. */
    private CapauthException ownFailure(String name) {
        Held held = heldBack.get(name);
        if (held != null && System.nanoTime() - held.end < 0) {
            return held.failure;
        }
        if (held != null) {
            heldBack.remove(name, held);
        }
        return null;
    }

    /** What one thread does, and others of this process wait for. */
    private static final class Flight {
        private State state;
        private RuntimeException failure;
        private boolean landed;

        synchronized void land(State state, RuntimeException failure) {
            this.state = state;
            this.failure = failure;
            landed = true;
            notifyAll();
        }

        synchronized boolean await(long giveUp) {
            try {
                while (!landed) {
                    long millis = TimeUnit.NANOSECONDS.toMillis(giveUp - System.nanoTime());
                    if (millis <= 0) {
                        return false;
                    }
                    wait(millis);
                }
            } catch (InterruptedException interruption) {
                Thread.currentThread().interrupt();
                return false;
            }
            return true;
        }
    }

    /** Another state than the customer's, by us or by another worker. */
    private void renewal(Customer customer, Flight flight, long giveUp) {
        String name = customer.name;
        Lock lock = lock(name, customer.state.fence, giveUp);
        if (lock.answer.is("free")) {
            flight.land(null, ownFailure(name));
            return;
        }
        if (!lock.answer.is("locked")) {
            String failure = lock.answer.failure;
            flight.land(
                    stateOf(lock.answer, GONE),
                    failure.isEmpty() ? null : SharedFailure.read(failure, lock.answer.waitMillis));
            return;
        }
        Done<Void> done = under(name, lock, REGENERATE, true);
        if (done.failure != null && SharedFailure.isOwn(done.failure)) {
            heldBack.put(name, new Held(done.failure));
        }
        flight.land(done.state, done.stored ? done.failure : null); // another may have brought what we could not
    }

    private static final Operation<Void> REGENERATE = new Operation<Void>() {
        @Override
        public Void run(Session session, Options options) {
            session.regenerateToken(options);
            return null;
        }
    };

    private Flight fly(Customer customer, long giveUp) {
        Flight mine = new Flight();
        Flight other = flights.putIfAbsent(customer.name, mine);
        if (other != null) {
            if (!other.await(giveUp)) {
                throw tooLate();
            }
            return other;
        }
        RuntimeException unexpected = null;
        try {
            renewal(customer, mine, giveUp);
        } catch (RuntimeException failure) {
            unexpected = failure;
        } finally {
            flights.remove(customer.name, mine);
            if (!mine.landed) {
                mine.land(null, unexpected == null ? tooLate() : unexpected);
            }
        }
        return mine;
    }

    /** Waits for another state until the token is another one than {@code refused}, or, without, valid. */
    void renew(Customer customer, String refused) {
        long giveUp = giveUp();
        String fence = customer.state.fence;
        while (true) {
            Flight flight = fly(customer, giveUp);
            if (flight.state != null) {
                customer.adopt(flight.state);
            }
            String token = customer.session.token();
            boolean suffices = refused == null
                    ? !customer.state.fence.equals(fence) && leftMillis(customer) > 0
                    : token != null && !token.equals(refused);
            if (suffices) {
                return;
            }
            if (flight.failure != null) {
                throw flight.failure;
            }
            if (!customer.isRenewable()) {
                return;
            }
            if (System.nanoTime() - giveUp > 0) {
                throw tooLate();
            }
        }
    }

    /** By Redis's clock and by the service's; our own may be wrong. */
    private long leftMillis(Customer customer) {
        int byService = customer.session.expiresInMillis();
        return Math.min(customer.state.leftMillis(database.now()), byService < 0 ? Long.MAX_VALUE : byService);
    }

    /** Sees to it that the token is valid for so long (-1: the client's margin). */
    void makeValid(Customer customer, long marginMillis) {
        long wanted = marginMillis < 0 ? client.refreshMarginMillis() : marginMillis;
        if (!customer.isRenewable() || leftMillis(customer) > customer.state.marginMillis(wanted)) {
            return;
        }
        try {
            renew(customer, null);
        } catch (CapauthException failure) {
            boolean usable = customer.isRenewable() && leftMillis(customer) > 0;
            if (marginMillis >= 0 || !usable) {
                throw failure;
            }
        }
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

        /** Redis forgets a customer so long after the last change; default 0, never. */
        public Builder ttlMillis(long millis) {
            ttlMillis = checked(millis);
            return this;
        }

        public SessionStore build() {
            return new SessionStore(this);
        }
    }
}
