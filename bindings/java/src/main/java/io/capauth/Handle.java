// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.util.HashSet;
import java.util.Set;

/**
 * Owns one pointer of the core's. It is freed only once the collector has seen that nobody can use it any more: closing
 * leaves it valid, so that a thread which is late finds a closed handle and not freed memory.
 *
 * <p>The subclasses are generated. Native methods get the object beside its pointer, which keeps it reachable while
 * they run.
 */
abstract class Handle {
    private static final ReferenceQueue<Handle> UNREACHABLE = new ReferenceQueue<Handle>();
    private static final Set<Owner> OWNERS = new HashSet<Owner>(); // keeps them from being collected themselves

    private volatile long pointer;
    private Owner owner;

    /** What is left of a handle when it is gone: enough to free what it owned. */
    private static final class Owner extends PhantomReference<Handle> {
        private final Class<? extends Handle> kind;
        private final long pointer;

        Owner(Handle handle, long pointer) {
            super(handle, UNREACHABLE);
            this.kind = handle.getClass();
            this.pointer = pointer;
        }

        void free() {
            synchronized (OWNERS) {
                if (!OWNERS.remove(this)) {
                    return;
                }
            }
            delete(kind, pointer);
        }
    }

    private static void delete(Class<? extends Handle> kind, long pointer) {
        if (kind == CallHandle.class) {
            NativeJNI.delete_CallHandle(pointer);
        } else if (kind == SessionHandle.class) {
            NativeJNI.delete_SessionHandle(pointer);
        } else if (kind == OptionsHandle.class) {
            NativeJNI.delete_OptionsHandle(pointer);
        } else {
            NativeJNI.delete_ClientHandle(pointer);
        }
    }

    /** 0, which C knows as NULL, for no handle, an empty one and a freed one. */
    static long pointer(Handle handle) {
        return handle == null ? 0 : handle.pointer;
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
            pointer = given;
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
        pointer = 0;
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

    /** How many pointers are owned, for tests of leaks. */
    static int count() {
        synchronized (OWNERS) {
            return OWNERS.size();
        }
    }
}
