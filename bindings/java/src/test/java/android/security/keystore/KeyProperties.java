// SPDX-License-Identifier: Apache-2.0
package android.security.keystore;

/** Stands in for Android's, for the example. */
public final class KeyProperties {
    public static final String KEY_ALGORITHM_AES = "AES";
    public static final String BLOCK_MODE_GCM = "GCM";
    public static final String ENCRYPTION_PADDING_NONE = "NoPadding";
    public static final int PURPOSE_ENCRYPT = 1;
    public static final int PURPOSE_DECRYPT = 2;

    private KeyProperties() {}
}
