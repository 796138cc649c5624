// SPDX-License-Identifier: Apache-2.0
/**
 * Signs a customer in at the Auth Engine and keeps them signed in: begin with {@link io.capauth.Client#builder()}. What
 * may be null says so.
 */
@NullMarked
package io.capauth;

import org.jspecify.annotations.NullMarked;
