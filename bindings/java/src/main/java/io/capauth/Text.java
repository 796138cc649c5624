// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import java.nio.charset.Charset;
import java.util.Arrays;

/**
 * A text on its way into C, as UTF-8. Made by hand rather than by a Charset, whose encoders leave copies that cannot be
 * wiped.
 */
final class Text {
    private static final Charset UTF_8 = Charset.forName("UTF-8");
    /** An array is no longer, and a char may need three bytes. */
    static final int LONGEST = Integer.MAX_VALUE / 3;

    /** What C calls the argument, for the error. */
    final String name;
    /** null when the text was null, or is not well-formed. */
    final byte[] bytes;
    /**
     * False for a NUL, which would end the text early in C, for half a surrogate pair, which UTF-8 cannot say, and for
     * a text that is too long for an array.
     */
    final boolean wellFormed;
    private final boolean tooLong;

    private Text(String name, byte[] bytes, boolean wellFormed, boolean tooLong) {
        this.name = name;
        this.bytes = bytes;
        this.wellFormed = wellFormed;
        this.tooLong = tooLong;
    }

    private static Text none(String name) {
        return new Text(name, null, true, false);
    }

    static Text tooLong(String name) {
        return new Text(name, null, false, true);
    }

    static Text of(String name, String text) {
        if (text == null) {
            return none(name);
        }
        if (text.length() > LONGEST) {
            return tooLong(name);
        }
        char[] characters = text.toCharArray();
        try {
            return of(name, characters);
        } finally {
            Arrays.fill(characters, '\0');
        }
    }

    static Text of(String name, char[] text) {
        if (text == null) {
            return none(name);
        }
        if (text.length > LONGEST) {
            return tooLong(name);
        }
        byte[] room = new byte[text.length * 3];
        int length = encode(text, room);
        byte[] bytes = length < 0 ? null : Arrays.copyOf(room, length);
        Arrays.fill(room, (byte) 0);
        return new Text(name, bytes, length >= 0, false);
    }

    /** The length, or -1 for a text that is not well-formed. A surrogate pair, two chars, takes four bytes. */
    private static int encode(char[] text, byte[] room) {
        int length = 0;
        for (int i = 0; i < text.length; i++) {
            int point = text[i];
            if (Character.isHighSurrogate(text[i]) && i + 1 < text.length && Character.isLowSurrogate(text[i + 1])) {
                point = Character.toCodePoint(text[i], text[++i]);
            } else if (point == 0 || Character.isHighSurrogate(text[i]) || Character.isLowSurrogate(text[i])) {
                return -1;
            }
            if (point < 0x80) {
                room[length++] = (byte) point;
                continue;
            }
            int more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3; // bytes after the first
            room[length++] = (byte) (0xF80 >> more | point >> 6 * more);
            while (more-- > 0) {
                room[length++] = (byte) (0x80 | point >> 6 * more & 0x3F);
            }
        }
        return length;
    }

    void wipe() {
        if (bytes != null) {
            Arrays.fill(bytes, (byte) 0);
        }
    }

    /** The exception for a text that is not well-formed. */
    CapauthException malformed(String operation) {
        return CapauthException.invalid(operation, name,
                tooLong ? "is too long" : "contains a NUL or half a surrogate pair");
    }

    /** A text of C's; null for none, which C says as "". The bytes are wiped: they may be a secret's. */
    static String from(byte[] utf8) {
        if (utf8 == null || utf8.length == 0) {
            return null;
        }
        String text = new String(utf8, UTF_8);
        Arrays.fill(utf8, (byte) 0);
        return text;
    }

    /** The same, for what is always there. */
    static String orEmpty(byte[] utf8) {
        String text = from(utf8);
        return text == null ? "" : text;
    }
}
