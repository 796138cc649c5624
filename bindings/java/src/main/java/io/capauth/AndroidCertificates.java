// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.cert.Certificate;
import java.util.Collections;

/**
 * The system's authorities in Android's certificate store, which the native TLS library cannot find by itself, as PEM.
 * The others ("user:") were added by the phone's user; apps do not trust those by default since Android 7.
 */
final class AndroidCertificates {
    private static final String OF_SYSTEM = "system:";
    private static final char[] DIGITS =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".toCharArray();

    private AndroidCertificates() {}

    /** null where there is no such store. Elsewhere even asking for it would bring all security providers with it. */
    static String pem() {
        if (!NativeLibrary.isAndroid()) {
            return null;
        }
        KeyStore store;
        try {
            store = KeyStore.getInstance("AndroidCAStore");
        } catch (KeyStoreException notAndroid) {
            return null;
        }
        StringBuilder pem = new StringBuilder();
        try {
            store.load(null, null);
            for (String alias : Collections.list(store.aliases())) {
                Certificate certificate = alias.startsWith(OF_SYSTEM) ? store.getCertificate(alias) : null;
                if (certificate != null) {
                    pem.append("-----BEGIN CERTIFICATE-----\n");
                    base64(certificate.getEncoded(), pem);
                    pem.append("-----END CERTIFICATE-----\n");
                }
            }
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("Android's certificate store cannot be read", e);
        } catch (IOException e) {
            throw new IllegalStateException("Android's certificate store cannot be read", e);
        }
        return pem.length() == 0 ? null : pem.toString();
    }

    /** java.util.Base64 is younger than the Androids that we run on. */
    static void base64(byte[] bytes, StringBuilder out) {
        for (int i = 0; i < bytes.length; i += 3) {
            int left = bytes.length - i;
            int group = (bytes[i] & 0xFF) << 16
                    | (left > 1 ? (bytes[i + 1] & 0xFF) << 8 : 0)
                    | (left > 2 ? bytes[i + 2] & 0xFF : 0);
            out.append(DIGITS[group >> 18]).append(DIGITS[group >> 12 & 63]);
            out.append(left > 1 ? DIGITS[group >> 6 & 63] : '=').append(left > 2 ? DIGITS[group & 63] : '=');
            if (i % 48 == 45 || left <= 3) {
                out.append('\n');
            }
        }
    }
}
