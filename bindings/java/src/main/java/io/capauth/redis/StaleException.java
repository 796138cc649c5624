// SPDX-License-Identifier: Apache-2.0
package io.capauth.redis;

/** Not stored: somebody else has stored a newer state of this customer, or it was deleted. */
public final class StaleException extends IllegalStateException {
    private static final long serialVersionUID = 1;

    StaleException(String message) {
        super(message);
    }
}
