// SPDX-License-Identifier: Apache-2.0
package io.capauth;

/** For metrics: gets the start and the end of each call. When it is called: as {@link LogListener}. */
public interface TraceListener {
    void trace(TraceEvent event);
}
