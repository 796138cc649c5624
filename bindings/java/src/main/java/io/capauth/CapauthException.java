// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import org.jspecify.annotations.Nullable;

/**
 * Root of everything that capauth reports. Its subclasses say what an application can do about it; the code says
 * exactly what happened. Holds no secret.
 */
public class CapauthException extends RuntimeException {
    private static final long serialVersionUID = 1;

    final Failure failure;

    CapauthException(Failure failure) {
        super(failure.message);
        this.failure = failure;
    }

    static CapauthException of(int code) {
        return Errors.exception(new Failure(code));
    }

    static CapauthException of(int code, String operation, String message) {
        Failure failure = new Failure(code);
        failure.operation = operation;
        if (message != null) {
            failure.message = message;
        }
        return Errors.exception(failure);
    }

    /** An argument that was refused outside a call, by its name here. */
    static CapauthException refused(int code, String argument, String message) {
        Failure failure = new Failure(code);
        failure.message = message == null ? argument + ": " + failure.message : message;
        if (code == ErrorCode.INVALID_ARGUMENT) {
            failure.argument = argument;
            failure.message = JavaNames.message(failure.message, null);
        }
        return Errors.exception(failure);
    }

    static CapauthException invalid(String operation, String argument, String what) {
        Failure failure = new Failure(ErrorCode.INVALID_ARGUMENT);
        failure.operation = operation;
        failure.argument = JavaNames.of(argument);
        failure.message = (operation == null ? "" : operation + ": ") + failure.argument + " " + what;
        return Errors.exception(failure);
    }

    /** Negative: capauth's own, see {@link ErrorCode}. Positive: the Auth Engine's, which may be a new one. */
    public int code() {
        return failure.code;
    }

    /** The code's stable name, such as INVALID_OTP, for an application's translations; UNKNOWN for a new code. */
    public String name() {
        return failure.name;
    }

    /** Such as otp_validate; null when it was no operation that failed. */
    public @Nullable String operation() {
        return failure.operation;
    }

    /** 0 when no HTTP answer arrived. */
    public int httpStatus() {
        return failure.httpStatus;
    }

    /** Whether the same call may succeed later, and repeating it does no harm. */
    public boolean retryable() {
        return failure.retryable;
    }

    /** What the server asked to wait; -1 when it said nothing. */
    public long retryAfterMillis() {
        return failure.retryAfterMillis;
    }

    /** Whether the request may have reached the Auth Engine. */
    public boolean maybeSent() {
        return failure.maybeSent;
    }

    /** The content delivery network's id of the request, for support; null when there was none. */
    public @Nullable String requestId() {
        return failure.requestId;
    }

    /** The number in the server's answer, as it came; 0 without one. */
    public long serverCode() {
        return failure.serverCode;
    }

    /** The message in the server's answer; null without one. */
    public @Nullable String serverMessage() {
        return failure.serverMessage;
    }

    /** An exception as capauth throws it for that code, for an application's tests. Needs no native library. */
    public static Builder builder(int code) {
        return new Builder(code);
    }

    /** What {@link #builder} made so far. What is not said is as the code alone tells, or not there. */
    public static final class Builder {
        private final Failure failure;

        private Builder(int code) {
            failure = Errors.failure(code);
        }

        /** One sentence; by default that of the code. */
        public Builder message(String message) {
            failure.message = message;
            return this;
        }

        /** Which operation failed, such as otp_validate. */
        public Builder operation(String operation) {
            failure.operation = operation;
            return this;
        }

        /** The HTTP status of the reply; 0 by default, none. */
        public Builder httpStatus(int status) {
            failure.httpStatus = status;
            return this;
        }

        /** Whether the same call may succeed later, and repeating it does no harm; by default as the code says. */
        public Builder retryable(boolean retryable) {
            failure.retryable = retryable;
            return this;
        }

        /** How long the service asked to wait; not said by default. */
        public Builder retryAfterMillis(long millis) {
            failure.retryAfterMillis = Millis.of(millis);
            return this;
        }

        /** Whether the request may have reached the Auth Engine; by default it has not. */
        public Builder maybeSent(boolean maybeSent) {
            failure.maybeSent = maybeSent;
            return this;
        }

        /** The CDN's id of the request; none by default. */
        public Builder requestId(String id) {
            failure.requestId = id;
            return this;
        }

        /** Of an {@link InvalidArgumentException}. */
        public Builder argument(String argument) {
            failure.argument = argument;
            return this;
        }

        /** Of a {@link WrongStepException}. */
        public Builder nextStep(Step step) {
            failure.nextStep = step;
            return this;
        }

        /** What the server's answer says. */
        public Builder server(long code, String message) {
            failure.serverCode = code;
            failure.serverMessage = message;
            return this;
        }

        /** Of the class that belongs to the code. */
        public CapauthException build() {
            return Errors.exception(failure.copy());
        }
    }
}
