// SPDX-License-Identifier: Apache-2.0
package io.capauth.redis;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;

/** Names: hexadecimal hashes, digits that nobody else has, and this host's. */
final class Hash {
    private static final SecureRandom RANDOM = new SecureRandom();

    private Hash() {}

    static String hex(String algorithm, byte[] bytes) {
        try {
            return digits(MessageDigest.getInstance(algorithm).digest(bytes));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible); // every Java has both
        }
    }

    static String sha256(String text) {
        return hex("SHA-256", text.getBytes(StandardCharsets.UTF_8));
    }

    static String random() {
        byte[] bytes = new byte[8];
        RANDOM.nextBytes(bytes);
        return digits(bytes);
    }

    /** Of this machine; "" when it has none. */
    static String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException nameless) {
            return "";
        }
    }

    private static String digits(byte[] bytes) {
        StringBuilder text = new StringBuilder();
        for (byte value : bytes) {
            text.append(Character.forDigit(value >> 4 & 15, 16)).append(Character.forDigit(value & 15, 16));
        }
        return text.toString();
    }
}
