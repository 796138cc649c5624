// SPDX-License-Identifier: Apache-2.0

/** Signs a customer in at the Auth Engine and keeps them signed in. */
module io.capauth {
    requires java.logging;

    exports io.capauth;
    exports io.capauth.redis;
}
