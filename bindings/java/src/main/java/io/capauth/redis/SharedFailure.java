// SPDX-License-Identifier: Apache-2.0
package io.capauth.redis;

import io.capauth.CancelledException;
import io.capauth.CapauthException;
import io.capauth.ErrorCode;
import io.capauth.ProtocolException;
import io.capauth.RefusedException;
import io.capauth.ServiceException;
import io.capauth.SignInRequiredException;
import io.capauth.TlsException;
import io.capauth.UsageException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A failed regeneration, as one worker tells it to the others. */
final class SharedFailure {
    static final SharedFailure NONE = new SharedFailure("", "", 0);
    static final long PAUSE_MILLIS = 1000;
    private static final long LONGEST_PAUSE_MILLIS = 300_000;
    private static final Pattern WRITTEN =
            Pattern.compile("(\\w*) (-?\\d+) (\\d+) ([01]) (-?\\d+) (-?\\d+) (.*)", Pattern.DOTALL);

    final String text;
    final String kind;
    final long holdMillis;

    private SharedFailure(String text, String kind, long holdMillis) {
        this.text = text;
        this.kind = kind;
        this.holdMillis = holdMillis;
    }

    private static boolean saidByTheService(CapauthException failure) {
        return failure instanceof RefusedException
                || failure instanceof ServiceException
                || failure instanceof ProtocolException;
    }

    /** The service did not say so: another host may have more luck. */
    static boolean isOwn(CapauthException failure) {
        return !saidByTheService(failure)
                && !(failure instanceof UsageException)
                && !(failure instanceof CancelledException);
    }

    /**
     * What the service said is for everybody. What one host met alone may be that host's own fault: others hear of it
     * only when two have met it, and of its TLS set-up never.
     */
    static SharedFailure of(CapauthException failure) {
        boolean local = failure instanceof SignInRequiredException && failure.httpStatus() == 0;
        if (local
                || failure instanceof CancelledException
                || failure instanceof UsageException
                || failure instanceof TlsException) {
            return NONE;
        }
        long wait = failure.retryAfterMillis();
        long hold = wait < 0 ? PAUSE_MILLIS : Math.max(1, Math.min(wait, LONGEST_PAUSE_MILLIS));
        String text = failure.name() + " " + failure.code() + " " + failure.httpStatus() + " "
                + (failure.retryable() ? 1 : 0) + " " + wait + " " + failure.serverCode() + " " + failure.getMessage();
        return new SharedFailure(text, saidByTheService(failure) ? "service" : "local", hold);
    }

    /** The exception that another worker wrote; so much of its pause is left. */
    static CapauthException read(String text, long waitMillis) {
        Matcher parts = WRITTEN.matcher(text);
        if (!parts.matches()) {
            return CapauthException.builder(ErrorCode.SERVICE)
                    .message("another worker's regeneration failed")
                    .build();
        }
        return CapauthException.builder(Integer.parseInt(parts.group(2)))
                .message(parts.group(7))
                .operation("token_regenerate")
                .httpStatus(Integer.parseInt(parts.group(3)))
                .retryable(parts.group(4).equals("1"))
                .retryAfterMillis(Long.parseLong(parts.group(5)) < 0 ? -1 : waitMillis)
                .server(Long.parseLong(parts.group(6)), null)
                .build();
    }
}
