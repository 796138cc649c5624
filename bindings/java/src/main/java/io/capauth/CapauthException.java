// SPDX-License-Identifier: Apache-2.0
package io.capauth;

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
        failure.argument = code == ErrorCode.INVALID_ARGUMENT ? argument : null;
        failure.message = message == null ? argument + ": " + failure.message : message;
        return Errors.exception(failure);
    }

    static CapauthException invalid(String operation, String argument, String what) {
        Failure failure = new Failure(ErrorCode.INVALID_ARGUMENT);
        failure.operation = operation;
        failure.argument = Failure.camelCase(argument);
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
    public String operation() {
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
    public String requestId() {
        return failure.requestId;
    }

    /** The number in the server's answer, as it came; 0 without one. */
    public long serverCode() {
        return failure.serverCode;
    }

    /** The message in the server's answer; null without one. */
    public String serverMessage() {
        return failure.serverMessage;
    }
}
