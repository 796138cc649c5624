// SPDX-License-Identifier: Apache-2.0
package io.capauth;

/**
 * Told when a session's tokens changed or the session ended, so that the application can save
 * {@link Session#export()}. When it is called: as {@link LogListener}.
 */
public interface ChangeListener {
    void changed(Session session);
}
