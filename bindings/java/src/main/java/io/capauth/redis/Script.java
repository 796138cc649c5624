// SPDX-License-Identifier: Apache-2.0
package io.capauth.redis;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** The scripts that all languages share; bindings/redis/README.md describes them. */
enum Script {
    LOCK,
    UNLOCK,
    PUT;

    static final String[] FIELDS = {"name", "v", "fence", "text", "stored", "expires"};
    static final String VERSION = "1";

    final String source;
    final String digest;

    Script() {
        byte[] bytes = read(name().toLowerCase(Locale.ROOT) + ".lua");
        source = new String(bytes, StandardCharsets.UTF_8);
        digest = Hash.hex("SHA-1", bytes);
    }

    private static byte[] read(String file) {
        try {
            InputStream in = Script.class.getResourceAsStream(file);
            if (in == null) {
                throw new IllegalStateException("capauth.jar lacks io/capauth/redis/" + file);
            }
            try {
                ByteArrayOutputStream out = new ByteArrayOutputStream();
                byte[] buffer = new byte[4096];
                for (int count; (count = in.read(buffer)) > 0; ) {
                    out.write(buffer, 0, count);
                }
                return out.toByteArray();
            } finally {
                in.close();
            }
        } catch (IOException failure) {
            throw new IllegalStateException("cannot read " + file, failure);
        }
    }
}
