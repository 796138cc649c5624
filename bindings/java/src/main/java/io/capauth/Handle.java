// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;

/**
 * Owns one handle of the core's, which C knows by its number. It is freed only once the collector has seen that nobody
 * can use it any more: closing leaves it valid, so that a thread which is late finds a closed handle.
 *
 * <p>The subclasses are generated. Native methods get the object beside its number, which keeps it reachable while
 * they run.
 */
abstract class Handle {
    private static final ReferenceQueue<Handle> UNREACHABLE = new ReferenceQueue<Handle>();
    private static final Owners OWNERS = new Owners();

    private volatile long number;
    private Owner owner;

    /** What is left of a handle when it is gone: enough to free what it owned. */
    private static final class Owner extends PhantomReference<Handle> {
        private final Class<? extends Handle> kind;
        private final long number;
        private Owner before;
        private Owner after;
        private boolean listed;

        Owner(Handle handle, long number) {
            super(handle, UNREACHABLE);
            this.kind = handle.getClass();
            this.number = number;
        }

        void free() {
            if (OWNERS.remove(this)) {
                delete(kind, number);
            }
        }
    }

    /**
     * Keeps the owners from being collected themselves. A list through them: each operation adds and removes one, and a
     * set would take memory and their hashes, for which the virtual machine has to be asked.
     */
    private static final class Owners {
        private Owner first;
        private int count;

        synchronized void add(Owner owner) {
            owner.after = first;
            if (first != null) {
                first.before = owner;
            }
            first = owner;
            owner.listed = true;
            count++;
        }

        /** False: it has been removed before. */
        synchronized boolean remove(Owner owner) {
            if (!owner.listed) {
                return false;
            }
            if (owner.before == null) {
                first = owner.after;
            } else {
                owner.before.after = owner.after;
            }
            if (owner.after != null) {
                owner.after.before = owner.before;
            }
            owner.before = null; // or one that has grown old would keep others as old
            owner.after = null;
            owner.listed = false;
            count--;
            return true;
        }

        synchronized int count() {
            return count;
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
            Owner made = new Owner(this, given);
            OWNERS.add(made);
            owned = true;
            owner = made;
            number = given;
        } finally {
            if (!owned) { // no memory, or no stack: nobody else would ever free it
                delete(getClass(), given);
            }
        }
    }

    /** Frees at once. Only for a handle that no other thread can be using. */
    final void free() {
        number = 0;
        if (owner != null) {
            owner.free(); // the collector may still tell of it: it is freed once
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
        return OWNERS.count();
    }
}
