// SPDX-License-Identifier: Apache-2.0

/** Only for javac, see bindings/java/CMakeLists.txt. */
module org.junit.jupiter.api {}
