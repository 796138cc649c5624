// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import io.capauth.testing.Emulator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

/** One customer's client, session and all that come of them, for the attacks. */
final class Life {
    /** What inCallback reaches: log, trace, change, a call's listener, an executor. */
    static final int CALLBACKS = 5;

    final int number;
    final Client client;
    final Session session;
    private final Emulator emulator;
    private final String mobile;
    private final List<Object> objects = new ArrayList<>();
    private final List<AtomicReference<Runnable>> callbacks = new ArrayList<>();

    Life(Emulator emulator, int number) {
        this.emulator = emulator;
        this.number = number;
        for (int i = 0; i < CALLBACKS; i++) {
            callbacks.add(new AtomicReference<>());
        }
        TraceEvent[] event = new TraceEvent[1];
        client = emulator.clientBuilder()
                .log((level, text) -> callback(0))
                .trace(what -> {
                    event[0] = what;
                    callback(1);
                })
                .executor(task -> {
                    callback(4);
                    task.run();
                })
                .build();
        mobile = String.format("9177%08d", number);
        session = client.session("DocDemo").mobile(mobile).deviceId("d").build();
        session.onChange(changed -> callback(2));
        signInAgain();
        objects.addAll(Arrays.asList(
                client, session, session.startGateway("GET", "customer/get"), session.async(), client.async(),
                new Options(), Client.builder(), client.session("DocDemo"), session.gateway("GET", "customer/get"),
                session.otp(), event[0], new LoggerLog(), new InvalidOtpException("no"), CapauthException.builder(4)));
    }

    void signInAgain() {
        session.generateToken();
        session.generateOtp();
        session.validateOtp(emulator.otp(mobile));
    }

    /** One of each public class. */
    List<Object> objects() {
        return objects;
    }

    void inCallback(int which, Runnable attack) {
        callbacks.get(which).set(attack);
    }

    void ended(Call<?> call) {
        callback(3);
    }

    private void callback(int which) {
        Runnable attack = callbacks.get(which).getAndSet(null);
        if (attack != null) {
            attack.run();
        }
    }
}
