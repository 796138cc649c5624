// SPDX-License-Identifier: Apache-2.0
package io.capauth;

/** First in, first out. Takes no memory: a call that has ended must be able to tell its listeners without. */
final class DeliveryQueue {
    private Delivery<?> first;
    private Delivery<?> last;

    boolean isEmpty() {
        return first == null;
    }

    void add(Delivery<?> delivery) {
        if (first == null) {
            first = delivery;
        } else {
            last.next = delivery;
        }
        last = delivery;
    }

    /** null: there is none. */
    Delivery<?> poll() {
        Delivery<?> taken = first;
        if (taken != null) {
            first = taken.next;
            taken.next = null;
        }
        return taken;
    }

    void remove(Delivery<?> delivery) {
        Delivery<?> before = null;
        for (Delivery<?> one = first; one != null; before = one, one = one.next) {
            if (one != delivery) {
                continue;
            }
            if (before == null) {
                first = one.next;
            } else {
                before.next = one.next;
            }
            if (one == last) {
                last = before;
            }
            one.next = null;
            return;
        }
    }
}
