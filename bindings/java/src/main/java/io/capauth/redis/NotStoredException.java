// SPDX-License-Identifier: Apache-2.0
package io.capauth.redis;

import java.util.NoSuchElementException;

/** Nothing is stored under this key. */
public final class NotStoredException extends NoSuchElementException {
    private static final long serialVersionUID = 1;

    private final boolean deleted;

    NotStoredException(String message, boolean deleted) {
        super(message);
        this.deleted = deleted;
    }

    /** Whether the customer was deleted within the last hour; else expired, evicted, or never stored. */
    public boolean deleted() {
        return deleted;
    }
}
