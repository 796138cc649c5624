// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import java.util.ArrayList;
import java.util.List;

/**
 * The optional arguments of one call. One object may serve many calls; do not change it while another thread starts
 * one. What an operation has no use for is ignored. What is wrong is said by the call.
 */
public final class Options {
    private Long timeout;
    private Long margin;
    private boolean repeatable;
    private boolean view;
    private String fallbackChannel;
    private String otpHash;
    private long otpTimestamp;
    private final List<String[]> headers = new ArrayList<String[]>();
    private final List<String[]> query = new ArrayList<String[]>();

    /** Instead of the client's timeout. */
    public Options timeoutMillis(long millis) {
        timeout = millis;
        return this;
    }

    /** A header of this request. */
    public Options header(String name, String value) {
        headers.add(new String[] {name, value});
        return this;
    }

    /** generateOtp: SMS, WHATSAPP, EMAIL and so on. */
    public Options fallbackChannel(String channel) {
        fallbackChannel = channel;
        return this;
    }

    /** generateOtp, where the brand has payload encryption: what the application sealed, and when. */
    public Options otpHash(String hash, long timestampMillis) {
        otpHash = hash;
        otpTimestamp = timestampMillis;
        return this;
    }

    /** ensureToken and gateway: how long the token must still be valid, instead of the client's refresh margin. */
    public Options marginMillis(long millis) {
        margin = millis;
        return this;
    }

    /** gateway: a query parameter, encoded as it must be; may repeat. */
    public Options query(String name, String value) {
        query.add(new String[] {name, value});
        return this;
    }

    /** gateway: whether a call other than GET may be sent twice without harm. */
    public Options repeatable(boolean repeatable) {
        this.repeatable = repeatable;
        return this;
    }

    /** gateway: whether the VIEW token of generateToken will do, before anybody has signed in. */
    public Options view(boolean view) {
        this.view = view;
        return this;
    }

    void apply(String operation, OptionsHandle to) {
        if (timeout != null) {
            check(operation, "timeoutMillis", to, Native.options_set_timeout_ms(to, Millis.of(timeout)));
        }
        if (margin != null) {
            check(operation, "marginMillis", to, Native.options_set_margin_ms(to, Millis.of(margin)));
        }
        if (repeatable) {
            check(operation, "repeatable", to, Native.options_set_repeatable(to, 1));
        }
        if (view) {
            check(operation, "view", to, Native.options_set_view(to, 1));
        }
        if (fallbackChannel != null) {
            byte[] channel = bytes(operation, "fallback_channel", fallbackChannel);
            check(operation, "fallbackChannel", to, Native.options_set_fallback_channel(to, channel));
        }
        if (otpHash != null) {
            byte[] hash = bytes(operation, "otp_hash", otpHash);
            check(operation, "otpHash", to, Native.options_set_otp_hash(to, hash, otpTimestamp));
        }
        for (String[] header : headers) {
            byte[] name = bytes(operation, "header", header[0]);
            check(operation, "header", to, Native.options_add_header(to, name, bytes(operation, "header", header[1])));
        }
        for (String[] parameter : query) {
            byte[] name = bytes(operation, "query", parameter[0]);
            check(operation, "query", to, Native.options_add_query(to, name, bytes(operation, "query", parameter[1])));
        }
    }

    private static byte[] bytes(String operation, String name, String value) {
        Text text = Text.of(name, value);
        if (!text.wellFormed) {
            throw text.malformed(operation);
        }
        return text.bytes;
    }

    static void check(String operation, String argument, OptionsHandle options, int code) {
        if (code == ErrorCode.INVALID_ARGUMENT) {
            byte[][] text = new byte[1][];
            Native.options_copy_error_message(options, text);
            String why = JavaNames.message(Text.orEmpty(text[0]), null, argument);
            throw CapauthException.invalid(operation, argument,
                    why.startsWith(argument + " ") ? why.substring(argument.length() + 1) : "is refused: " + why);
        }
        if (code != 0) {
            throw CapauthException.of(code, operation, null);
        }
    }
}
