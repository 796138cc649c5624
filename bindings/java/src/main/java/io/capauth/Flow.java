// SPDX-License-Identifier: Apache-2.0
package io.capauth;

/** The family of operations that a session uses. */
public enum Flow {
    /** With a device; gives a token and a key. */
    MOBILE(Native.FLOW_MOBILE),
    /** Without a device; gives a token. */
    WEB(Native.FLOW_WEB),
    /** The second factor. */
    MFA(Native.FLOW_MFA),
    /** Tokens of an OpenID provider. */
    EXTERNAL(Native.FLOW_EXTERNAL),
    /** None, or one of a later version. */
    UNKNOWN(0);

    final int number;

    Flow(int number) {
        this.number = number;
    }

    static Flow of(int number) {
        for (Flow one : values()) {
            if (one.number == number) {
                return one;
            }
        }
        return UNKNOWN;
    }
}
