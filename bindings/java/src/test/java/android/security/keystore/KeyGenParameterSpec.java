// SPDX-License-Identifier: Apache-2.0
package android.security.keystore;

import java.security.spec.AlgorithmParameterSpec;

/** Stands in for Android's, for the example: what was asked for. */
public final class KeyGenParameterSpec implements AlgorithmParameterSpec {
    public final String alias;
    public final int keySize;

    private KeyGenParameterSpec(Builder builder) {
        alias = builder.alias;
        keySize = builder.keySize;
    }

    public static final class Builder {
        private final String alias;
        private int keySize;

        public Builder(String alias, int purposes) {
            this.alias = alias;
        }

        public Builder setBlockModes(String... modes) {
            return this;
        }

        public Builder setEncryptionPaddings(String... paddings) {
            return this;
        }

        public Builder setKeySize(int bits) {
            keySize = bits;
            return this;
        }

        public KeyGenParameterSpec build() {
            return new KeyGenParameterSpec(this);
        }
    }
}
