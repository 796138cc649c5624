// SPDX-License-Identifier: Apache-2.0
package io.capauth.redis;

/** Is told what became of the tokens of a {@link SessionStore}, for metrics. */
public interface StoreListener {
    /** Comes on the thread that is at work on the customer: be brief. What it throws goes to that thread's handler. */
    void happened(StoreEvent event);
}
