// SPDX-License-Identifier: Apache-2.0

import io.capauth.Call
import java.util.concurrent.Executor
import kotlinx.coroutines.suspendCancellableCoroutine

/** Resuming a coroutine only hands it to its dispatcher: the client's thread can do that itself. */
private val here = Executor { it.run() }

/**
 * Suspends until the call has finished: `customer.startValidateOtp(otp).awaitResult()`. Gives what the operation gave, or
 * throws its exception. A coroutine that is cancelled cancels the call, too.
 */
suspend fun <T> Call<T>.awaitResult(): T = suspendCancellableCoroutine { coroutine ->
    onDone(here) { ended -> coroutine.resumeWith(runCatching { ended.result() }) }
    coroutine.invokeOnCancellation { cancel() }
}
