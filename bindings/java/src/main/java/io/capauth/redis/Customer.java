// SPDX-License-Identifier: Apache-2.0
package io.capauth.redis;

import io.capauth.CapauthException;
import io.capauth.Flow;
import io.capauth.InvalidArgumentException;
import io.capauth.Options;
import io.capauth.Reply;
import io.capauth.Session;
import io.capauth.Step;
import io.capauth.TokenExpiredException;

/**
 * A customer of a {@link SessionStore}, who shows what is stored. Operations run under the customer's lock, on the
 * state that is stored then, and are stored when they return. For one thread at a time.
 */
public final class Customer implements AutoCloseable {
    private static final long FOR_EVER_MILLIS = Integer.MAX_VALUE;

    final SessionStore store;
    final Session session;
    final String name;
    State state;

    Customer(SessionStore store, Session session, String name, State state) {
        this.store = store;
        this.session = session;
        this.name = name;
        this.state = state;
        session.pauseRefresh(FOR_EVER_MILLIS); // regenerating is the store's
    }

    boolean canRegenerate() {
        return session.signedIn() && session.flow() != Flow.EXTERNAL;
    }

    void adopt(State newer) {
        if (newer.fence.equals(state.fence)) {
            return;
        }
        try {
            session.reload(newer.text);
        } catch (InvalidArgumentException refusal) {
            store.client.restore(newer.text).close(); // a damaged text says so
            throw new StaleException("another customer is stored under this key now");
        }
        session.pauseRefresh(FOR_EVER_MILLIS);
        state = newer;
    }

    /** Runs any operation of a session under the lock; {@link #gateway} needs none. */
    public <T> T perform(Operation<T> operation) {
        Locks.Lock lock = store.locks.take(name, "", store.locks.callEnd());
        Locks.Done<T> done = store.locks.run(name, lock, operation, false);
        adopt(done.state);
        if (done.failure != null) {
            throw done.failure;
        }
        if (done.changed && !done.stored) {
            throw new StaleException("somebody else has stored a newer state of this customer meanwhile");
        }
        return done.value;
    }

    /** Gets a fresh token, or the one that another worker is just getting. */
    public void regenerateToken() {
        store.regenerations.replaceToken(this, String.valueOf(session.token()));
    }

    /** Gives a token that is valid for so long; at most half of its life is asked for. */
    public String ensureToken(long marginMillis) {
        if (!session.signedIn()) {
            return session.ensureToken(); // which says why not
        }
        store.regenerations.makeValid(this, marginMillis);
        return session.signedIn() ? session.token() : session.ensureToken();
    }

    /** Calls one of the brand's endpoints with a valid token. */
    public Reply gateway(String method, String endpoint) {
        return gateway(method, endpoint, null, new Options());
    }

    /**
     * The same with a body (null: none) and options. A call other than GET whose token was refused is not sent again:
     * its exception is retryable, since there is a fresh token then.
     */
    public Reply gateway(String method, String endpoint, String body, Options options) {
        store.regenerations.makeValid(this, -1);
        String token = session.token();
        try {
            return session.gateway(method, endpoint, body, options);
        } catch (TokenExpiredException refusal) {
            if (!canRegenerate()) {
                throw refusal;
            }
            store.regenerations.replaceToken(this, String.valueOf(token));
            if (refusal.httpStatus() != 0 && !method.equals("GET")) {
                throw CapauthException.builder(refusal.code())
                        .message(refusal.getMessage())
                        .operation(refusal.operation())
                        .httpStatus(refusal.httpStatus())
                        .retryable(true)
                        .build();
            }
            return session.gateway(method, endpoint, body, options);
        }
    }

    /** The access token, as it is stored; null without one. A secret. */
    public String token() {
        return session.token();
    }

    /** Whether there is a token of a customer who has proved who they are. */
    public boolean signedIn() {
        return session.signedIn();
    }

    /** What to do next. */
    public Step nextStep() {
        return session.nextStep();
    }

    /** The customer's id, as the token says; null without one. */
    public String customerId() {
        return session.customerId();
    }

    /** The token's role; empty without one. */
    public String role() {
        return session.role();
    }

    /** Who the customer is, as given or last updated. */
    public String identifier() {
        return session.identifier();
    }

    /** What is stored, as text. As secret as the key. */
    public String export() {
        return state.text;
    }

    /** Does not sign out and never talks to the network. */
    @Override
    public void close() {
        session.close();
    }

    @Override
    public String toString() {
        return "Customer(" + session.brand() + ", " + session.nextStep() + ")";
    }
}
