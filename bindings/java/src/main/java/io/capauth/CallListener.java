// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import org.jspecify.annotations.Nullable;

/** Told once when a call has finished, see {@link Call#onDone}. */
public interface CallListener<T extends @Nullable Object> {
    void done(Call<T> call);
}
