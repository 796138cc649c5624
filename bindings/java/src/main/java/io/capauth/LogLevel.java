// SPDX-License-Identifier: Apache-2.0
package io.capauth;

/** How much a log message matters. */
public enum LogLevel {
    /** Something failed. */
    ERROR(Native.LOG_ERROR),
    /** Something was odd, and went on. */
    WARNING(Native.LOG_WARNING),
    /** What happens. */
    INFO(Native.LOG_INFO),
    /** What happens, in detail. */
    DEBUG(Native.LOG_DEBUG),
    /** None, or one of a later version. */
    UNKNOWN(0);

    final int number;

    LogLevel(int number) {
        this.number = number;
    }

    static LogLevel of(int number) {
        for (LogLevel one : values()) {
            if (one.number == number) {
                return one;
            }
        }
        return UNKNOWN;
    }
}
