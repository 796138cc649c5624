// SPDX-License-Identifier: Apache-2.0
package io.capauth;

/** What a customer is known by. */
public enum IdentifierType {
    /** A mobile number. */
    MOBILE(Native.IDENTIFIER_MOBILE),
    /** An email address. */
    EMAIL(Native.IDENTIFIER_EMAIL),
    /** A user name; the OTP goes to the contact. */
    USERNAME(Native.IDENTIFIER_USERNAME),
    /** An id of another system. */
    EXTERNALID(Native.IDENTIFIER_EXTERNALID),
    /** None, or one of a later version. */
    UNKNOWN(0);

    final int number;

    IdentifierType(int number) {
        this.number = number;
    }

    static IdentifierType of(int number) {
        for (IdentifierType one : values()) {
            if (one.number == number) {
                return one;
            }
        }
        return UNKNOWN;
    }
}
