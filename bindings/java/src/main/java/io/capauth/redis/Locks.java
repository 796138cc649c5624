// SPDX-License-Identifier: Apache-2.0
package io.capauth.redis;

import io.capauth.CapauthException;
import io.capauth.Client;
import io.capauth.ErrorCode;
import io.capauth.Options;
import io.capauth.Session;
import java.util.concurrent.TimeUnit;

/**
 * Customers' locks in Redis, and what is done under them: an operation on a private copy of the state that is stored
 * then. Its outcome is stored before the lock is freed, unless the fence says that it is too old.
 */
final class Locks {
    private static final double OPERATION_SHARE = 0.75; // of the lock's time; the rest is for storing the outcome
    private static final long POLL_MILLIS = 10;
    private static final long LONGEST_POLL_MILLIS = 100;

    private final Client client;
    private final Database database;
    private final StoredTexts texts;
    private final OwnFailures ownFailures;
    private final long lockMillis;
    private final String worker;

    Locks(Client client, Database database, StoredTexts texts, OwnFailures ownFailures, long lockMillis) {
        this.client = client;
        this.database = database;
        this.texts = texts;
        this.ownFailures = ownFailures;
        this.lockMillis = lockMillis;
        worker = Hash.sha256(Hash.hostName()).substring(0, 8) + ":" + Hash.random().substring(0, 8);
    }

    /** A lock, or the answer that says what there is instead. */
    static final class Lock {
        final String holder;
        final Answer answer;
        final long end; // by System.nanoTime()

        Lock(String holder, Answer answer, long end) {
            this.holder = holder;
            this.answer = answer;
            this.end = end;
        }
    }

    /** What came of an operation under a lock. */
    static final class Done<T> {
        T value;
        CapauthException failure;
        State state;
        boolean changed;
        boolean stored;
    }

    /** When a call that begins now ends, by System.nanoTime(). */
    long callEnd() {
        return System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(client.timeoutMillis());
    }

    static CapauthException tooLate() {
        return CapauthException.builder(ErrorCode.DEADLINE)
                .message("other workers held this customer's lock all the time")
                .build();
    }

    /** {@code fence} is that of the state that does not do; "" for any operation but a regeneration. */
    Lock take(String name, String fence, long end) {
        String holder = Hash.random();
        long pause = POLL_MILLIS;
        while (true) {
            String taker = !fence.isEmpty() && ownFailures.of(name) != null ? "" : holder;
            long asked = System.nanoTime();
            Answer answer = database.script(Script.LOCK, name, worker, taker, fence, lockMillis);
            boolean late = System.nanoTime() - asked > TimeUnit.MILLISECONDS.toNanos(lockMillis / 2);
            if (answer.is("locked") && late) {
                continue; // the same holder gets it anew
            }
            if (!answer.is("busy")) {
                return new Lock(holder, answer, asked + TimeUnit.MILLISECONDS.toNanos(lockMillis));
            }
            if (System.nanoTime() - end > 0) {
                throw tooLate();
            }
            Database.sleep(pause);
            pause = Math.min(pause * 3 / 2, LONGEST_POLL_MILLIS);
        }
    }

    /** Runs an operation under the lock; {@code shared}: other workers hear of its failure. */
    <T> Done<T> run(String name, Lock lock, Operation<T> operation, boolean shared) {
        String stored = texts.stateOf(lock.answer, StoredTexts.GONE).text; // throws when there was nothing to lock
        Done<T> done = new Done<T>();
        String changed = "";
        String life = "";
        try {
            Session session = client.restore(stored);
            String before = session.export();
            try {
                done.value = operation.run(session, new Options().timeoutMillis(operationMillis(lock)));
            } finally {
                session.close(); // nothing shall outlive the lock
                String after = session.export();
                changed = after.equals(before) ? "" : after;
                life = StoredTexts.life(session);
            }
        } catch (CapauthException failure) {
            done.failure = failure;
        } finally {
            done.changed = !changed.isEmpty();
            unlock(name, lock, changed, life, shared ? done.failure : null, done);
        }
        return done;
    }

    private long operationMillis(Lock lock) {
        long left = TimeUnit.NANOSECONDS.toMillis(lock.end - System.nanoTime());
        return Math.max(1, Math.min(client.timeoutMillis(), (long) (left * OPERATION_SHARE)));
    }

    /** Stores the outcome and frees the lock. {@code told}, which may be null, is for other workers to know. */
    private void unlock(String name, Lock lock, String text, String life, CapauthException told, Done<?> done) {
        SharedFailure failure = told == null ? SharedFailure.NONE : SharedFailure.of(told);
        Answer answer = database.script(
                Script.UNLOCK, name, worker, lock.holder, lock.answer.state.fence, texts.sealed(text), life,
                failure.text, failure.kind, failure.holdMillis);
        done.state = texts.stateOf(answer, StoredTexts.GONE);
        done.stored = answer.is("stored");
    }
}
