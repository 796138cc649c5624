// SPDX-License-Identifier: Apache-2.0
package io.capauth.redis;

/** What the texts go through that a {@link SessionStore} keeps. Threads call it at the same time. */
public interface Cipher {
    /** Makes of a session's export what Redis keeps. */
    String encrypt(String text);

    /** Makes of what Redis keeps the session's export. What it throws comes out of the store. */
    String decrypt(String text);
}
