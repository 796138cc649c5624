// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import java.io.Serializable;

/** What there is to know about one failure; the exceptions are its public face. */
final class Failure implements Serializable {
    private static final long serialVersionUID = 1;

    final int code;
    String name;
    String message;
    String operation;
    int httpStatus;
    boolean retryable;
    int retryAfterMillis = -1;
    boolean maybeSent;
    String requestId;
    String argument;
    Step nextStep = Step.UNKNOWN;
    long serverCode;
    String serverMessage;

    /** All that the code alone tells. */
    Failure(int code) {
        this.code = code;
        name = ErrorCode.name(code);
        message = ErrorCode.message(code);
        retryable = ErrorCode.retryable(code);
    }

    /** The same without the native library, for exceptions that an application's tests make. */
    Failure(int code, String name, String message, boolean retryable) {
        this.code = code;
        this.name = name;
        this.message = message;
        this.retryable = retryable;
    }

    Failure copy() {
        Failure copy = new Failure(code, name, message, retryable);
        copy.operation = operation;
        copy.httpStatus = httpStatus;
        copy.retryAfterMillis = retryAfterMillis;
        copy.maybeSent = maybeSent;
        copy.requestId = requestId;
        copy.argument = argument;
        copy.nextStep = nextStep;
        copy.serverCode = serverCode;
        copy.serverMessage = serverMessage;
        return copy;
    }

    Failure saying(String text) {
        message = text;
        return this;
    }

    /** What a finished call tells. */
    static Failure of(CallHandle call, int code) {
        Failure failure = new Failure(code);
        String message = Text.from(Native.call_error_message(call));
        if (message != null) {
            failure.message = message;
        }
        failure.operation = Text.from(Native.call_operation(call));
        failure.httpStatus = Native.call_http_status(call);
        failure.retryable = Native.call_retryable(call) == 1;
        failure.retryAfterMillis = Native.call_retry_after_ms(call);
        failure.maybeSent = Native.call_maybe_sent(call) == 1;
        failure.requestId = Text.from(Native.call_request_id(call));
        failure.argument = JavaNames.of(Text.from(Native.call_argument(call)));
        failure.nextStep = Step.of(Native.call_next_step(call));
        failure.serverCode = Native.call_server_code(call);
        failure.serverMessage = Text.from(Native.call_server_message(call));
        if (code == ErrorCode.INVALID_ARGUMENT) {
            failure.message = JavaNames.message(failure.message, failure.operation);
        }
        return failure;
    }
}
