// SPDX-License-Identifier: Apache-2.0
package org.junit.jupiter.api.extension;

import java.lang.reflect.AnnotatedElement;
import java.util.Optional;
import java.util.function.Function;

/** Only for javac, see bindings/java/CMakeLists.txt. */
public interface ExtensionContext {
    Optional<AnnotatedElement> getElement();

    Optional<ExtensionContext> getParent();

    Store getStore(Namespace namespace);

    /** Where an extension keeps things. */
    interface Store {
        <K, V> V getOrComputeIfAbsent(K key, Function<K, V> make, Class<V> type);

        /** What JUnit before 5.13 closes; later ones close everything that is AutoCloseable. */
        interface CloseableResource {
            void close() throws Throwable;
        }
    }

    /** Keeps extensions apart. */
    class Namespace {
        private Namespace() {}

        public static Namespace create(Object... parts) {
            throw new UnsupportedOperationException();
        }
    }
}
