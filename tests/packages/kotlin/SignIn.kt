// SPDX-License-Identifier: Apache-2.0

import io.capauth.InvalidOtpException
import io.capauth.testing.Emulator
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.async
import kotlinx.coroutines.delay
import kotlinx.coroutines.runBlocking

const val MOBILE = "919999999993"

/** What an app does with awaitResult of examples/kotlin: a sign-in, a refusal, a cancellation. */
fun main(): Unit = runBlocking {
    Emulator().use { emulator ->
        emulator.client().use { client ->
            val customer = client.session("DocDemo").mobile(MOBILE).deviceId("device-1").build()
            customer.startGenerateToken().awaitResult()
            customer.startGenerateOtp().awaitResult()
            try {
                customer.startValidateOtp("000000").awaitResult()
            } catch (refused: InvalidOtpException) {
                println("refused ${refused.name()}")
            }
            customer.startValidateOtp(emulator.otp(MOBILE)).awaitResult()
            println("role ${customer.role()}")
            val token: String? = customer.token() // may be null, says JSpecify
            println("token ${token != null}")

            emulator.fault(mapOf("path" to "/auth/v1/token/regenerate", "delayMs" to 60000))
            val call = customer.startRegenerateToken()
            val waiting = async { call.awaitResult() }
            delay(100)
            waiting.cancel()
            try {
                waiting.await()
            } catch (cancelled: CancellationException) {
                call.await(10000)
                println("cancelled ${call.done()}")
            }
        }
    }
}
