// SPDX-License-Identifier: Apache-2.0
package io.capauth;


import io.capauth.testing.Emulator;
import io.capauth.testing.EmulatorExtension;
import java.io.File;
import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** An application that a server unloads brings its own capauth.jar, and takes it along. */
@ExtendWith(EmulatorExtension.class)
class ClassLoaderTest {
    /** Runs in a class loader of its own. It loads only what the virtual machine has, beside itself and capauth. */
    public static final class Application implements BiConsumer<String, String> {
        @Override
        public void accept(String url, String caFile) {
            Client client = Client.builder().baseUrl(url).caFile(caFile)
                    .log((level, text) -> seen(text)).trace(event -> seen(event.toString())).build();
            Session customer = client.session("DocDemo").mobile("919999999977").deviceId("d").build();
            customer.onChange(changed -> seen(changed.export()));
            customer.startGenerateToken().onDone(call -> seen(call.toString())).await(-1);
            client.close();
        }

        private void seen(String text) {
            if (text.isEmpty()) {
                throw new AssertionError();
            }
        }
    }

    @Test
    void loader_is_collected_after_close(Emulator emulator) throws Exception {
        WeakReference<ClassLoader> gone = loadedAndLeft(emulator);
        Fixture.awaitCollected(() -> gone.get() == null);
    }

    private static WeakReference<ClassLoader> loadedAndLeft(Emulator emulator) throws Exception {
        URL[] classPath = {
            new File(System.getProperty("capauth.jars").split(File.pathSeparator)[0]).toURI().toURL(),
            ClassLoaderTest.class.getProtectionDomain().getCodeSource().getLocation()
        };
        try (URLClassLoader loader = new URLClassLoader(classPath, ClassLoader.getSystemClassLoader().getParent())) {
            @SuppressWarnings("unchecked")
            BiConsumer<String, String> application = (BiConsumer<String, String>)
                    loader.loadClass(Application.class.getName()).getConstructor().newInstance();
            application.accept(emulator.url(), emulator.caFile());
            return new WeakReference<>(loader);
        }
    }
}
