// SPDX-License-Identifier: Apache-2.0
package io.capauth;

/** About the library itself. */
public final class Capauth {
    private Capauth() {}

    /** Of the native library, such as 1.2.3. */
    public static String version() {
        return Text.from(Native.version());
    }

    /** What a support request needs: versions, TLS library, CA store. See also {@link Client#diagnose()}. */
    public static String diagnose() {
        return diagnose(null);
    }

    static String diagnose(ClientHandle client) {
        byte[][] text = new byte[1][];
        int code = Native.diagnose(client, text);
        if (code != 0) {
            throw CapauthException.of(code);
        }
        return Text.orEmpty(text[0]);
    }
}
