// SPDX-License-Identifier: Apache-2.0
package io.capauth;

/** For metrics: gets the start and the end of each call. When it is called: as {@link LogListener}. */
public interface TraceListener {
    /** A call has started, or has ended. */
    void trace(TraceEvent event);
}
