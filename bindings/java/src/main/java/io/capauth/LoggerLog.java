// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import java.util.logging.Level;
import java.util.logging.Logger;

/** Hands a client's log to {@code java.util.logging}: {@code builder.log(new LoggerLog())}. */
public final class LoggerLog implements SelectiveLogListener {
    private final Logger logger;

    /** To the logger io.capauth. */
    public LoggerLog() {
        this(Logger.getLogger("io.capauth"));
    }

    public LoggerLog(Logger logger) {
        if (logger == null) {
            throw CapauthException.invalid(null, "logger", "is null");
        }
        this.logger = logger;
    }

    /** Hands the message to the logger, at the level that stands for it there. */
    @Override
    public void log(LogLevel level, String message) {
        logger.log(level(level), message);
    }

    /** Whether the logger takes what that level stands for. */
    @Override
    public boolean isLoggable(LogLevel level) {
        return logger.isLoggable(level(level));
    }

    private static Level level(LogLevel level) {
        switch (level) {
            case ERROR:
                return Level.SEVERE;
            case WARNING:
                return Level.WARNING;
            case INFO:
                return Level.INFO;
            default:
                return Level.FINE;
        }
    }
}
