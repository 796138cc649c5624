// SPDX-License-Identifier: Apache-2.0
/** An emulator of the Auth Engine for an application's own tests. What may be null says so. */
@NullMarked
package io.capauth.testing;

import org.jspecify.annotations.NullMarked;
