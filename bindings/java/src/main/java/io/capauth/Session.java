// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One customer of one brand on one device. May be shared by threads; a second operation that changes it, while
 * one is in flight, is a {@link BusyException}.
 *
 * <p>Each operation comes in three forms: blocking here, {@code start...} here, and as a future from {@link #async()}.
 * Getters give null for what there is not, and work on closed sessions too.
 */
public final class Session extends Operations implements AutoCloseable {
    final Client client;
    private final SessionHandle handle;
    private Listeners.Change change; // C holds it weakly

    Session(Client client, SessionHandle handle) {
        this.client = client;
        this.handle = handle;
    }

    /** The same operations as futures. Needs API level 24 on Android. */
    public AsyncSession async() {
        return new AsyncSession(this);
    }

    /**
     * Calls the brand's endpoint with a valid token, regenerated when needed. The method is GET or POST. An endpoint
     * that begins with a slash is a path on the gateway's host.
     */
    public Reply gateway(String method, String endpoint) {
        return gateway(method, endpoint, null, null);
    }

    /** The same with a body, null or a text that is sent as JSON, and options. */
    public Reply gateway(
            String method, String endpoint, @Nullable String body, @Nullable Options options) {
        return run(Operation.GATEWAY, Result.REPLY, options, gatewayTexts(method, endpoint, body));
    }

    /** Calls one of the brand's endpoints, and gives the call at once. */
    public Call<Reply> startGateway(String method, String endpoint) {
        return startGateway(method, endpoint, null, null);
    }

    public Call<Reply> startGateway(
            String method, String endpoint, @Nullable String body, @Nullable Options options) {
        return start(Operation.GATEWAY, Result.REPLY, options, gatewayTexts(method, endpoint, body));
    }

    private static Text[] gatewayTexts(String method, String endpoint, String body) {
        return new Text[] {Text.of("method", method), Text.of("endpoint", endpoint), Text.of("body", body)};
    }

    /** A secret, like the key. */
    public @Nullable String token() {
        byte[][] text = new byte[1][];
        return copied(Native.session_copy_token(handle, text), text);
    }

    /** What a new token is regenerated from, on mobile and for a second factor. A secret. */
    public @Nullable String key() {
        byte[][] text = new byte[1][];
        return copied(Native.session_copy_key(handle, text), text);
    }

    /** The token's role: VIEW, USER, MFA_PENDING, or one of the brand's. */
    public @Nullable String role() {
        byte[][] text = new byte[1][];
        return copied(Native.session_copy_role(handle, text), text);
    }

    /** The customer's id, a decimal text, as the token says; null without one. */
    public @Nullable String customerId() {
        byte[][] text = new byte[1][];
        return copied(Native.session_copy_customer_id(handle, text), text);
    }

    /** The brand, as given. */
    public String brand() {
        byte[][] text = new byte[1][];
        return copied(Native.session_copy_brand(handle, text), text);
    }

    /** Who the customer is, as given or last updated; null in an external session. */
    public @Nullable String identifier() {
        byte[][] text = new byte[1][];
        return copied(Native.session_copy_identifier(handle, text), text);
    }

    /** What the identifier is. */
    public IdentifierType identifierType() {
        return IdentifierType.of(Native.session_identifier_type(handle));
    }

    /** The device, as given; null in a web or external session. */
    public @Nullable String deviceId() {
        byte[][] text = new byte[1][];
        return copied(Native.session_copy_device_id(handle, text), text);
    }

    /** The family of operations that the session uses. */
    public Flow flow() {
        return Flow.of(Native.session_flow(handle));
    }

    /** Whether there is a token of a customer who finished signing in. Mere expiry does not end it. */
    public boolean signedIn() {
        return Native.session_signed_in(handle) == 1;
    }

    /** When the token expires, by the server's clock; 0 when it does not say. */
    public long expiresAtMillis() {
        return Native.session_expires_at(handle);
    }

    /**
     * For how long the token is still valid, by the server's clock and not by this machine's. 0: it has expired; -1:
     * not known, since there is no token, it does not say, or the client has not heard from the Auth Engine yet.
     */
    public int expiresInMillis() {
        return Native.session_expires_in_ms(handle);
    }

    /** null when the Auth Engine has not said. */
    public @Nullable Boolean appRegistered() {
        return said(Native.session_app_registered(handle));
    }

    /** null when the Auth Engine has not said. */
    public @Nullable Boolean registeredForPassword() {
        return said(Native.session_registered_for_password(handle));
    }

    /** What to do next, as advice. */
    public Step nextStep() {
        return Step.of(Native.session_next_step(handle));
    }

    /** What is known of the last OTP. */
    public Otp otp() {
        byte[][] destination = new byte[1][];
        byte[][] channel = new byte[1][];
        return new Otp(
                Native.session_otp_sent_at(handle),
                copied(Native.session_copy_otp_destination(handle, destination), destination),
                copied(Native.session_copy_otp_channel(handle, channel), channel),
                Native.session_otp_wrong_answers(handle));
    }

    /** The session as one text, at every step of the sign-in, for {@link Client#restore}. As secret as the key. */
    public String export() {
        byte[][] text = new byte[1][];
        int code = Native.session_export(handle, text);
        if (code != 0) {
            throw CapauthException.of(code, null, null);
        }
        return Text.from(text[0]);
    }

    /** Takes over the state of another process's {@link #export()} of the same customer. */
    public void reload(String exported) {
        Text text = Text.of("text", exported);
        try {
            check("text", Native.session_reload(handle, Client.bytes(text)));
        } finally {
            text.wipe();
        }
    }

    /**
     * For so long (0: no longer) only regenerateToken gets a new token; what needs one meanwhile uses the one there is,
     * then ends with {@link TokenExpiredException}.
     */
    public void pauseRefresh(long durationMillis) {
        check("durationMillis", Native.session_pause_refresh(handle, Millis.of(durationMillis)));
    }

    /** Tells this listener, and no other any more, when anything changed that an export holds; null: nobody. */
    public synchronized void onChange(@Nullable ChangeListener listener) {
        if (change != null) {
            change.listeners.clear();
        }
        if (listener != null) {
            addChangeListener(listener);
        }
    }

    /** Tells one more; an exception of one does not keep the others from being told. */
    public synchronized void addChangeListener(ChangeListener listener) {
        if (listener == null) {
            throw CapauthException.invalid(null, "listener", "must not be null");
        }
        if (change == null) {
            Listeners.Change first = new Listeners.Change(this);
            check("listener", Native.session_on_change(handle, first));
            change = first;
        }
        change.listeners.add(listener);
    }

    /**
     * Takes back {@link #addChangeListener} or {@link #onChange}, once; does nothing for a listener that is not there.
     */
    public synchronized void removeChangeListener(ChangeListener listener) {
        if (change != null) {
            change.listeners.remove(listener);
        }
    }

    /**
     * The second factor of a customer whose first ended with {@link Step#SECOND_FACTOR}, to be described further and
     * then built. What is not given is the first's. Once the second is done, keep it and close the first.
     */
    public Builder secondFactor() {
        return new Builder(this);
    }

    /** Cancels what is in flight. Does not sign out, never talks to the network. Closing twice is fine. */
    @Override
    public void close() {
        Native.session_close(handle);
        client.calls.closedSession();
        Handle.collect();
    }

    @Override
    public String toString() {
        return "Session[brand " + brand() + ", next step " + nextStep() + "]";
    }

    private static String copied(int code, byte[][] text) {
        if (code != 0) {
            throw CapauthException.of(code);
        }
        return Text.from(text[0]);
    }

    private static Boolean said(int answer) {
        return answer < 0 ? null : Boolean.valueOf(answer == 1);
    }

    private void check(String argument, int code) {
        if (code != 0) {
            byte[][] text = new byte[1][];
            Native.session_copy_error_message(handle, text);
            String message = code == ErrorCode.CLOSED ? null : Text.from(text[0]);
            if (message != null && message.startsWith("identifier ")) {
                message = argument + message.substring("identifier".length()); // mobile, email and so on
            }
            CapauthException refused = CapauthException.refused(code, argument, message);
            refused.failure.nextStep = nextStep();
            throw refused;
        }
    }

    @Override
    <T> T run(Operation operation, Result<T> result, Options options, Text... texts) {
        try {
            client.refuseToBlock(operation.toString());
        } catch (RuntimeException e) {
            wipe(texts);
            throw e;
        }
        Call<T> call = client.calls.parkHere()
                ? start(operation, result, options, texts)
                : newCall(operation, result, options, texts);
        return call.finish();
    }

    @Override
    <T> Call<T> start(Operation operation, Result<T> result, Options options, Text... texts) {
        return client.calls.started(newCall(operation, result, options, texts));
    }

    private <T> Call<T> newCall(Operation operation, Result<T> result, Options options, Text... texts) {
        OptionsHandle all = new OptionsHandle();
        CallHandle call = new CallHandle();
        try {
            for (Text text : texts) {
                if (!text.wellFormed) {
                    throw text.malformed(operation.toString());
                }
            }
            if (options != null || operation.takesAsOption(texts)) {
                Options.check(operation.toString(), null, all, Native.options_new(all));
            }
            if (options != null) {
                options.apply(operation.toString(), all);
            }
            client.askForLogLevel();
            int code = operation.start(handle, texts, all, call);
            if (Handle.number(call) == 0) {
                throw CapauthException.of(code, operation.toString(), null); // no memory for a call
            }
            return new Call<T>(this, operation, result, call);
        } catch (CapauthException e) {
            return new Call<T>(this, operation, e);
        } finally {
            all.free();
            wipe(texts);
        }
    }

    private static void wipe(Text... texts) {
        for (Text text : texts) {
            text.wipe();
        }
    }

    /** Who the customer is: exactly one of mobile, email, username and externalId, and a device except on the web. */
    public static final class Builder {
        private final Client client;
        private final String brand;
        private final Session first;
        private int flow = Native.FLOW_MOBILE;
        private IdentifierType type;
        private String identifier;
        private IdentifierType contactType;
        private String contact;
        private String deviceId;
        private boolean tooMany;

        Builder(Client client, String brand) {
            this.client = client;
            this.brand = brand;
            this.first = null;
        }

        Builder(Session first) {
            this.client = first.client;
            this.brand = null;
            this.first = first;
        }

        /** The web's operations: without a device, and without a key. */
        public Builder web() {
            flow = Native.FLOW_WEB;
            return this;
        }

        /** A mobile number, as the brand writes it: 919999999993. */
        public Builder mobile(String value) {
            return identifiedBy(IdentifierType.MOBILE, value);
        }

        /** An email address. */
        public Builder email(String value) {
            return identifiedBy(IdentifierType.EMAIL, value);
        }

        /** Give a contact too, where the OTP goes. */
        public Builder username(String value) {
            return identifiedBy(IdentifierType.USERNAME, value);
        }

        /** An id of another system, where the brand takes them. */
        public Builder externalId(String value) {
            return identifiedBy(IdentifierType.EXTERNALID, value);
        }

        /** The mobile that the OTP of a user name or external id goes to. */
        public Builder contactMobile(String value) {
            return contact(IdentifierType.MOBILE, value);
        }

        /** The email that the OTP of a user name or external id goes to. */
        public Builder contactEmail(String value) {
            return contact(IdentifierType.EMAIL, value);
        }

        /** Which device it is; needed save in the web flow, 1 to 512 bytes. */
        public Builder deviceId(String value) {
            deviceId = given("deviceId", value);
            return this;
        }

        private Builder identifiedBy(IdentifierType kind, String value) {
            tooMany |= type != null && type != kind;
            type = kind;
            identifier = given(option(kind), value);
            return this;
        }

        private Builder contact(IdentifierType kind, String value) {
            contactType = kind;
            contact = given("contact", value);
            return this;
        }

        private static String given(String name, String value) {
            if (value == null) {
                throw CapauthException.invalid(null, name, "must not be null");
            }
            return value;
        }

        private static String option(IdentifierType type) {
            return type == IdentifierType.EXTERNALID ? "externalId" : type.name().toLowerCase(Locale.ROOT);
        }

        /** @throws InvalidArgumentException naming what is missing or not acceptable */
        public Session build() {
            if (tooMany || type == null && first == null) {
                throw CapauthException.invalid(
                        null, "identifier", "must be one of mobile, email, username, externalId");
            }
            if (deviceId == null && first == null && flow == Native.FLOW_MOBILE) {
                throw CapauthException.invalid(null, "deviceId", "is missing");
            }
            Session session = created();
            if (type != null) {
                byte[] value = Client.bytes(Text.of(option(type), identifier));
                session.check(option(type), Native.session_set_identifier(session.handle, type.number, value));
            }
            if (contact != null) {
                byte[] value = Client.bytes(Text.of("contact", contact));
                session.check("contact", Native.session_set_contact(session.handle, contactType.number, value));
            }
            if (deviceId != null) {
                byte[] value = Client.bytes(Text.of("deviceId", deviceId));
                session.check("deviceId", Native.session_set_device_id(session.handle, value));
            }
            return session;
        }

        private Session created() {
            SessionHandle handle = new SessionHandle();
            if (first != null) {
                first.check("second_factor", Native.session_second_factor(first.handle, handle));
            } else {
                byte[] of = Client.bytes(Text.of("brand", brand));
                client.check(Native.session_new(client.handle, flow, of, handle), "brand");
            }
            return new Session(client, handle);
        }
    }
}
