// SPDX-License-Identifier: Apache-2.0
package io.capauth;

/** The Auth Engine's public hosts. */
public enum Cluster {
    APAC,
    APAC2,
    EU
}
