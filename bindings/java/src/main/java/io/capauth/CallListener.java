// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import org.jspecify.annotations.Nullable;

/** Told once when a call has finished, see {@link Call#onDone}. */
public interface CallListener<T extends @Nullable Object> {
    /** The call has finished: its result is there. */
    void done(Call<T> call);
}
