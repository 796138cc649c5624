// SPDX-License-Identifier: Apache-2.0
package org.junit.jupiter.api.extension;

/** Only for javac, see bindings/java/CMakeLists.txt. */
public interface ParameterResolver extends Extension {
    boolean supportsParameter(ParameterContext parameter, ExtensionContext context);

    Object resolveParameter(ParameterContext parameter, ExtensionContext context);
}
