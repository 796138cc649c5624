// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import java.util.LinkedHashMap;
import java.util.Map;

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

    /**
     * The version of each library at work, by its name, such as capauth, libcurl and json-c. Where the native library
     * carries its libraries, also those, by the names and numbers of whoever packaged their sources. A new map each
     * time.
     */
    public static Map<String, String> versions() {
        return versionsIn(diagnose());
    }

    static Map<String, String> versionsIn(String diagnosis) {
        Map<String, String> versions = new LinkedHashMap<String, String>();
        for (String line : diagnosis.split("\n")) {
            int inside = line.indexOf(": ");
            String list = inside < 0 ? line.split(",")[0] : line.substring(inside + 2);
            for (String entry : list.split(", ")) {
                int space = entry.indexOf(' ');
                versions.put(entry.substring(0, space), entry.substring(space + 1));
            }
        }
        return versions;
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
