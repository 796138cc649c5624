// SPDX-License-Identifier: Apache-2.0
package io.capauth;

/** Told once when a call has ended, see {@link Call#onDone}. */
public interface CallListener<T> {
    void done(Call<T> call);
}
