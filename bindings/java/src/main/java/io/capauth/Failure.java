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

    /** What a finished call tells. */
    static Failure of(NativeCall call, int code) {
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
        failure.argument = camelCase(Text.from(Native.call_argument(call)));
        failure.nextStep = Step.of(Native.call_next_step(call));
        failure.serverCode = Native.call_server_code(call);
        failure.serverMessage = Text.from(Native.call_server_message(call));
        return failure;
    }

    /** new_password is newPassword here. */
    static String camelCase(String name) {
        if (name == null) {
            return null;
        }
        StringBuilder camel = new StringBuilder();
        for (int i = 0; i < name.length(); i++) {
            boolean hump = i > 0 && name.charAt(i - 1) == '_';
            if (name.charAt(i) != '_') {
                camel.append(hump ? Character.toUpperCase(name.charAt(i)) : name.charAt(i));
            }
        }
        return camel.toString();
    }
}
