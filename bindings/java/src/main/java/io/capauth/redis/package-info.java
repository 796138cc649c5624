// SPDX-License-Identifier: Apache-2.0
/** Customers' sessions in Redis, for a fleet of workers: begin with {@link io.capauth.redis.SessionStore}. */
@NullMarked
package io.capauth.redis;

import org.jspecify.annotations.NullMarked;
