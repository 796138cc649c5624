// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.util.HashSet;
import java.util.Set;

/**
 * Owns one handle of the core's, which C knows by its number. It is freed only once the collector has seen that nobody
 * can use it any more: closing leaves it valid, so that a thread which is late finds a closed handle.
 *
 * <p>The subclasses are generated. Native methods get the object beside its number, which keeps it reachable while
 * they run.
 */
abstract class Handle {
    private static final ReferenceQueue<Handle> UNREACHABLE = new ReferenceQueue<Handle>();
    private static final Set<Owner> OWNERS = new HashSet<Owner>(); // keeps them from being collected themselves

    private volatile long number;
    private Owner owner;

    /** What is left of a handle when it is gone: enough to free what it owned. */
    private static final class Owner extends PhantomReference<Handle> {
        private final Class<? extends Handle> kind;
        private final long number;

        Owner(Handle handle, long number) {
            super(handle, UNREACHABLE);
            this.kind = handle.getClass();
            this.number = number;
        }

        void free() {
            synchronized (OWNERS) {
                if (!OWNERS.remove(this)) {
                    return;
                }
            }
            delete(kind, number);
        }
    }

    private static void delete(Class<? extends Handle> kind, long number) {
        if (kind == CallHandle.class) {
            NativeJNI.delete_CallHandle(number);
        } else if (kind == SessionHandle.class) {
            NativeJNI.delete_SessionHandle(number);
        } else if (kind == OptionsHandle.class) {
            NativeJNI.delete_OptionsHandle(number);
        } else {
            NativeJNI.delete_ClientHandle(number);
        }
    }

    /** 0, which is NULL to C, for no handle, an empty one and a freed one. */
    static long number(Handle handle) {
        return handle == null ? 0 : handle.number;
    }

    /** Takes over what C gave; 0 leaves the handle empty. */
    void fill(long given) {
        if (given == 0) {
            return;
        }
        boolean owned = false;
        try {
            collect();
            owner = new Owner(this, given);
            synchronized (OWNERS) {
                owned = OWNERS.add(owner);
            }
            number = given;
        } finally {
            if (!owned) { // no memory, or no stack: nobody else would ever free it
                disown();
                delete(getClass(), given);
            }
        }
    }

    private void disown() {
        if (owner != null) {
            owner.clear();
            owner = null;
        }
    }

    /** Frees at once. Only for a handle that no other thread can be using. */
    final void free() {
        number = 0;
        if (owner != null) {
            owner.clear();
            owner.free();
            owner = null;
        }
    }

    /** Frees what has become unreachable since the last time: there is no thread for it. */
    static void collect() {
        for (Owner gone = (Owner) UNREACHABLE.poll(); gone != null; gone = (Owner) UNREACHABLE.poll()) {
            gone.free();
        }
    }

    /** How many are owned, for tests of leaks. */
    static int count() {
        synchronized (OWNERS) {
            return OWNERS.size();
        }
    }
}
