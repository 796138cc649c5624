// SPDX-License-Identifier: Apache-2.0
package org.junit.jupiter.api.extension;

import java.lang.reflect.Parameter;

/** Only for javac, see bindings/java/CMakeLists.txt. */
public interface ParameterContext {
    Parameter getParameter();
}
