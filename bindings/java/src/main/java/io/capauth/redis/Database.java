// SPDX-License-Identifier: Apache-2.0
package io.capauth.redis;

import java.util.concurrent.TimeUnit;

/** Redis as the store asks it: again while it is away, and only believing answers to its own questions. */
final class Database {
    private static final long PAUSE_MILLIS = 100;
    private static final long CLOCK_NANOS = TimeUnit.SECONDS.toNanos(60); // how long a reading of its clock is trusted
    private static final int MOST_MISREADINGS = 10;

    private final RedisCommands redis;
    private final long patienceMillis;
    private volatile long[] clock; // Redis's microseconds, and our nanoseconds then

    Database(RedisCommands redis, long patienceMillis) {
        this.redis = redis;
        this.patienceMillis = patienceMillis;
    }

    /** Redis's clock, in microseconds, as near as the last script told. */
    long now() {
        long[] read = clock;
        return read == null ? 0 : read[0] + (System.nanoTime() - read[1]) / 1000;
    }

    Answer script(Script script, String name, Object... arguments) {
        String question = Hash.random();
        String[] all = new String[4 + arguments.length];
        all[0] = script.digest;
        all[1] = "1";
        all[2] = name;
        all[3] = question;
        for (int i = 0; i < arguments.length; i++) {
            all[4 + i] = String.valueOf(arguments[i]);
        }
        Answer answer = asked(script, name, question, all);
        clock = new long[] {answer.now, System.nanoTime()};
        return answer;
    }

    /**
     * What is stored. A plain read, unless we must learn what time it is for Redis; what seems not to be there is asked
     * for again, since nothing in such an answer tells whose it is.
     */
    Answer read(String name) {
        long[] read = clock;
        if (read != null && System.nanoTime() - read[1] < CLOCK_NANOS) {
            String[] arguments = new String[1 + Script.FIELDS.length];
            arguments[0] = name;
            System.arraycopy(Script.FIELDS, 0, arguments, 1, Script.FIELDS.length);
            Answer answer = asked(null, name, null, arguments);
            if (!answer.is("missing")) {
                return answer;
            }
        }
        return script(Script.LOCK, name, "", "", "", 0);
    }

    private Answer asked(Script script, String name, String question, String[] arguments) {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(patienceMillis);
        int misreadings = 0;
        while (true) {
            try {
                Object reply = redis.send(name, script == null ? "HMGET" : "EVALSHA", arguments);
                Answer answer =
                        script == null ? Answer.ofFields(reply, name) : Answer.ofScript(reply, name, question);
                if (answer != null) {
                    return answer;
                }
                if (++misreadings > MOST_MISREADINGS) {
                    throw new IllegalStateException("the answers of these Redis connections are not ours");
                }
            } catch (RuntimeException failure) {
                if (misreadings > MOST_MISREADINGS || System.nanoTime() > end || !passes(failure)) {
                    throw failure;
                }
                if (says(failure, "NOSCRIPT") && script != null) {
                    redis.send(name, "SCRIPT", "LOAD", script.source);
                } else {
                    sleep(PAUSE_MILLIS);
                }
            }
        }
    }

    /** The client's exceptions are not known here: what no waiting mends says so. */
    private static boolean passes(RuntimeException failure) {
        return !says(failure, "NOPERM")
                && !says(failure, "NOAUTH")
                && !says(failure, "WRONGPASS")
                && !says(failure, "WRONGTYPE")
                && !says(failure, "ERR ")
                && !(failure instanceof IllegalArgumentException)
                && !(failure instanceof NullPointerException);
    }

    private static boolean says(RuntimeException failure, String word) {
        return failure.getMessage() != null && failure.getMessage().contains(word);
    }

    static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException interruption) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for Redis", interruption);
        }
    }
}
