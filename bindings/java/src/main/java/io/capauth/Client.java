// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Configuration and connections, shared by sessions and by threads. Closing cancels what is in flight, closes the
 * connections, and never waits for the network.
 */
public final class Client implements AutoCloseable {
    final ClientHandle handle;
    final Calls calls;
    private final Listeners.Log log; // C holds them weakly; see capauth.pro
    private final Listeners.Trace trace;

    private Client(Builder builder) {
        handle = builder.newHandle();
        calls = new Calls(handle, builder.executor, builder.background);
        log = builder.log == null ? null : new Listeners.Log(this, builder.log);
        trace = builder.trace == null ? null : new Listeners.Trace(this, builder.trace);
        if (log != null) {
            Native.client_set_log(handle, log);
        }
        if (trace != null) {
            Native.client_set_trace(handle, trace);
        }
    }

    /** What a client is made with; a cluster or a base URL is needed. */
    public static Builder builder() {
        return new Builder();
    }

    /** A customer of that brand, to be described further and then built. */
    public Session.Builder session(String brand) {
        return new Session.Builder(this, brand);
    }

    /** A customer whom the brand's OpenID provider signed in: gateway calls are all there is. */
    public Session externalSession(String brand, String accessToken, String idToken) {
        SessionHandle session = new SessionHandle();
        Text access = Text.of("access_token", accessToken);
        Text id = Text.of("id_token", idToken);
        try {
            byte[] of = bytes(Text.of("brand", brand));
            check(Native.session_external_new(handle, of, bytes(access), bytes(id), session),
                    "brand", "access_token", "id_token");
        } finally {
            access.wipe();
            id.wipe();
        }
        return new Session(this, session);
    }

    /** A session from what {@link Session#export()} gave, at every step of the sign-in. */
    public Session restore(String exported) {
        SessionHandle session = new SessionHandle();
        Text text = Text.of("text", exported);
        try {
            int code = Native.session_restore(handle, bytes(text), session);
            if (code != 0) {
                throw refused(code, message(handle, code), code == ErrorCode.INVALID_ARGUMENT ? "text" : null);
            }
        } finally {
            text.wipe();
        }
        return new Session(this, session);
    }

    /**
     * Loads the certificates and makes one connection, where a stall is welcome, so that no later operation has to. The
     * first sign-in uses that connection.
     */
    public void prepare() {
        refuseToBlock("prepare");
        Call<Void> call = calls.parkHere() ? startPrepare() : newPrepareCall();
        call.finish();
    }

    /** {@link #prepare}, started. */
    public Call<@Nullable Void> startPrepare() {
        return calls.started(newPrepareCall());
    }

    /** {@link #prepare} as a future. Needs API level 24 on Android. */
    public AsyncClient async() {
        return new AsyncClient(this);
    }

    /** At the start of each operation: an application may configure its logging at any time. */
    void askForLogLevel() {
        if (log != null) {
            Native.client_set_log_level(handle, log.wantedLevel());
        }
    }

    private Call<Void> newPrepareCall() {
        askForLogLevel();
        CallHandle call = new CallHandle();
        int code = Native.client_start_prepare(handle, call);
        if (Handle.number(call) == 0) {
            throw CapauthException.of(code, "prepare", null); // no memory for a call
        }
        return new Call<Void>(this, "prepare", Result.NOTHING, call);
    }

    /** What a whole call may take. */
    public long timeoutMillis() {
        return Native.client_timeout_ms(handle);
    }

    /** A token that expires within this time is regenerated before it is used. */
    public long refreshMarginMillis() {
        return Native.client_refresh_margin_ms(handle);
    }

    /**
     * For clients without a thread of their own ({@link Builder#background}): lets calls move on, and waits until one
     * has finished, at most so many milliseconds; a negative time waits without limit, 0 does what can be done now.
     *
     * <p>Listeners and futures without an executor are told inside. A call that has finished is not kept: take it by
     * {@link #nextDone()} before the next poll.
     *
     * @return how many calls have finished since the last time
     * @throws CancelledException if the thread is interrupted while it waits; the calls go on
     */
    public int poll(long millis) {
        if (millis != 0) {
            refuseToBlock("poll");
        }
        Slices slices = new Slices("poll", millis);
        int slice;
        int count;
        do {
            slice = slices.next();
            count = calls.poll(slice);
        } while (count == 0 && slice > 0 && calls.moreMayEnd());
        if (count < 0) {
            throw CapauthException.of(count, "poll", null);
        }
        return count;
    }

    /** A descriptor that is readable when {@link #poll} has something to do. It stays the client's. */
    public int fd() {
        int fd = Native.client_fd(handle);
        if (fd < 0) {
            throw CapauthException.of(fd);
        }
        return fd;
    }

    /**
     * For clients without a thread of their own: a call that finished in the last {@link #poll} and was not given here
     * before, or that was refused on the spot; null when there is none left. A call that was awaited does not appear.
     */
    public @Nullable Call<?> nextDone() {
        return calls.nextDone();
    }

    /** What a support request needs: versions, TLS library, CA store and why that one. */
    public String diagnose() {
        return Capauth.diagnose(handle);
    }

    /** Calls in flight end with a {@link CancelledException}. Closing twice is fine. */
    @Override
    public void close() {
        Native.client_close(handle);
        calls.close();
        Handle.collect();
    }

    void refuseToBlock(String what) {
        MainThread.refuse(what);
        if (Listeners.calling(this)) {
            throw CapauthException.of(ErrorCode.REENTRANT, what, null);
        }
    }

    /** The arguments by C's names, with one of which C's message begins. */
    void check(int code, String... arguments) {
        if (code == 0) {
            return;
        }
        String message = message(handle, code);
        String wrong = null;
        for (String argument : arguments) {
            if (message != null && message.startsWith(argument + " ")) {
                wrong = JavaNames.of(argument);
            }
        }
        throw refused(code, message, wrong);
    }

    private static CapauthException refused(int code, String message, String argument) {
        CapauthException refused = CapauthException.of(code, null,
                code == ErrorCode.INVALID_ARGUMENT ? JavaNames.message(message, null) : message);
        refused.failure.argument = argument;
        return refused;
    }

    /** What C says about the last failure, if it says something. */
    private static String message(ClientHandle handle, int code) {
        byte[][] text = new byte[1][];
        Native.client_copy_error_message(handle, text);
        return code == ErrorCode.CLOSED ? null : Text.from(text[0]);
    }

    /** For C, which must not get a text that is not well-formed. */
    static byte[] bytes(Text text) {
        if (!text.wellFormed) {
            throw text.malformed(null);
        }
        return text.bytes;
    }

    /** The client's options. What is wrong with one is said by {@link #build()}. */
    public static final class Builder extends ClientOptions {
        private final List<Given> given = new ArrayList<Given>();
        private boolean hasOrigin;
        private boolean hasCertificates;
        private Executor executor;
        private boolean background = true;
        private LogListener log;
        private TraceListener trace;

        private Builder() {}

        /** For a bridge to java.util.logging see {@link LoggerLog}. */
        public Builder log(@Nullable LogListener listener) {
            log = listener;
            return this;
        }

        /** Is told of the start and the end of each call; null: nobody. */
        public Builder trace(@Nullable TraceListener listener) {
            trace = listener;
            return this;
        }

        /** Where listeners of calls and futures run, unless told otherwise. */
        public Builder executor(@Nullable Executor executor) {
            this.executor = executor;
            return this;
        }

        /**
         * False: the client never makes a thread. Calls that were started then move on while some thread waits, or
         * calls {@link Client#poll}, which a game does once a frame.
         */
        public Builder background(boolean enabled) {
            background = enabled;
            return this;
        }

        /** @throws InvalidArgumentException naming the option that is not acceptable */
        public Client build() {
            if (!hasOrigin) {
                throw CapauthException.invalid(null, "base_url", "or cluster is missing");
            }
            return new Client(this);
        }

        @Override
        Builder set(Setting setting, String name, String text, long number) {
            hasOrigin |= setting == Setting.CLUSTER || setting == Setting.BASE_URL;
            hasCertificates |= setting == Setting.CA_FILE || setting == Setting.CA_PEM;
            given.add(new Given(setting, name, text, number));
            return this;
        }

        private ClientHandle newHandle() {
            ClientHandle client = new ClientHandle();
            int code = Native.client_new(client);
            if (code != 0) {
                throw CapauthException.of(code);
            }
            String pem = hasCertificates ? null : AndroidCertificates.pem();
            if (pem != null) {
                new Given(Setting.CA_PEM, null, pem, 0).apply(client);
            }
            apply(client, true);
            apply(client, false);
            return client;
        }

        private void apply(ClientHandle client, boolean first) {
            for (Given one : given) {
                if (one.setting.isFirst() == first) {
                    one.apply(client);
                }
            }
        }
    }

    /** An option and what it was given. */
    private static final class Given {
        private final Setting setting;
        private final String name;
        private final String text;
        private final long number;

        Given(Setting setting, String name, String text, long number) {
            this.setting = setting;
            this.name = name;
            this.text = text;
            this.number = number;
        }

        void apply(ClientHandle client) {
            byte[] value = bytes(Text.of(setting.name().toLowerCase(Locale.ROOT), text));
            int code = setting.apply(client, bytes(Text.of("header", name)), value, number);
            if (code != 0) {
                throw CapauthException.refused(code, setting.toString(), message(client, code));
            }
        }
    }
}
