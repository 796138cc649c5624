// SPDX-License-Identifier: Apache-2.0

/** An emulator of the Auth Engine for an application's own tests. */
module io.capauth.testing {
    requires transitive io.capauth;
    requires static org.junit.jupiter.api; // of who uses EmulatorExtension

    exports io.capauth.testing;
}
