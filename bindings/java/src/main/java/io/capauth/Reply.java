// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import java.nio.charset.Charset;
import org.jspecify.annotations.Nullable;

/** What HTTP answered to a gateway call, whatever it said. */
public final class Reply {
    private final byte[] body;
    private final boolean ok;
    private final Failure details; // the code is that of a refusal; see raiseForRefusal

    Reply(CallHandle call) {
        body = Native.call_body(call);
        ok = Native.call_ok(call) == 1;
        details = Failure.of(call, Native.call_refusal(call));
    }

    /** As HTTP answered. */
    public int httpStatus() {
        return details.httpStatus;
    }

    /** Whether both HTTP and the status inside the body, in any of its known shapes, say yes. */
    public boolean ok() {
        return ok;
    }

    /** The code in the body, as it came; 0 without one. */
    public long code() {
        return details.serverCode;
    }

    /** The message in the body; null without one. */
    public @Nullable String message() {
        return details.serverMessage;
    }

    /** As it came. */
    public byte[] body() {
        return body.clone();
    }

    /** The body as UTF-8, for the JSON library of your choice. */
    public String bodyText() {
        return new String(body, Charset.forName("UTF-8"));
    }

    /** The content delivery network's id of the request, for support; null when there was none. */
    public @Nullable String requestId() {
        return details.requestId;
    }

    /**
     * Returns this reply if it is {@link #ok()}.
     *
     * @throws CapauthException of the class of the reply's code, mostly {@link RefusedException}, if it is not
     */
    public Reply raiseForRefusal() {
        if (!ok) {
            throw Errors.exception(details);
        }
        return this;
    }

    @Override
    public String toString() {
        return "Reply[HTTP status " + details.httpStatus + ", " + body.length + " bytes]";
    }
}
