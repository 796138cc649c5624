// SPDX-License-Identifier: Apache-2.0
package io.capauth.testing;

import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * JUnit 5: {@code @ExtendWith(EmulatorExtension.class)} gives test and lifecycle methods and constructors that have a
 * parameter of type {@link Emulator} one that all tests of the class share, and stops it after the last. Tests keep out
 * of each other's way by brands of their own; one that moves the clock makes an {@code Emulator} of its own.
 */
public final class EmulatorExtension implements ParameterResolver {
    private static final ExtensionContext.Namespace NAMESPACE =
            ExtensionContext.Namespace.create(EmulatorExtension.class);

    /** JUnit closes it with the context of the class: before 5.13 the one kind, since then the other. */
    @SuppressWarnings("deprecation")
    private static final class Shared implements ExtensionContext.Store.CloseableResource, AutoCloseable {
        final Emulator emulator = new Emulator();

        @Override
        public void close() {
            emulator.close();
        }
    }

    /** Whether it is an Emulator that a test asks for. */
    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == Emulator.class;
    }

    /** The emulator that the tests of a run share. */
    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        ExtensionContext ofClass = context;
        while (!ofClass.getElement().filter(element -> element instanceof Class).isPresent()) {
            ofClass = ofClass.getParent().get();
        }
        ExtensionContext.Store store = ofClass.getStore(NAMESPACE);
        return store.getOrComputeIfAbsent(Shared.class, key -> new Shared(), Shared.class).emulator;
    }
}
