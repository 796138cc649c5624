// SPDX-License-Identifier: Apache-2.0
package io.capauth;

/**
 * Told when anything changed that {@link Session#export()} holds (tokens, key, identifier, the step), once for each
 * answer, so that the application can save a new one. When it is called: as {@link LogListener}.
 */
public interface ChangeListener {
    /** Something has changed that an export holds: save a new one. */
    void changed(Session session);
}
