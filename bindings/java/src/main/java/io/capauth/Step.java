// SPDX-License-Identifier: Apache-2.0
package io.capauth;

/** What to do next, as advice: only an operation that lacks what it must send is refused. */
public enum Step {
    /** Begin a sign-in. */
    TOKEN_GENERATE(Native.STEP_TOKEN_GENERATE),
    /** Ask for an OTP. */
    OTP_GENERATE(Native.STEP_OTP_GENERATE),
    /** Send the OTP that the customer got. */
    OTP_VALIDATE(Native.STEP_OTP_VALIDATE),
    /** Token generate again, with a first password. */
    PASSWORD_CREATE(Native.STEP_PASSWORD_CREATE),
    /** Send the password. */
    PASSWORD_VALIDATE(Native.STEP_PASSWORD_VALIDATE),
    /** Go on with {@link Session#secondFactor()}. */
    SECOND_FACTOR(Native.STEP_SECOND_FACTOR),
    /** The customer is signed in. */
    DONE(Native.STEP_DONE),
    /** None, or one of a later version. */
    UNKNOWN(0);

    final int number;

    Step(int number) {
        this.number = number;
    }

    static Step of(int number) {
        for (Step one : values()) {
            if (one.number == number) {
                return one;
            }
        }
        return UNKNOWN;
    }

    /** The protocol's way to write it, such as otp_validate. */
    @Override
    public String toString() {
        return Text.from(Native.step_name(number));
    }
}
