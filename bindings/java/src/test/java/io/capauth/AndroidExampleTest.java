// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;

import android.content.Context;
import android.security.keystore.KeyGenParameterSpec;
import java.io.File;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.security.Key;
import java.security.KeyStoreSpi;
import java.security.Provider;
import java.security.SecureRandom;
import java.security.Security;
import java.security.cert.Certificate;
import java.security.spec.AlgorithmParameterSpec;
import java.util.Arrays;
import java.util.Date;
import java.util.Enumeration;
import java.util.HashMap;
import java.util.Map;
import javax.crypto.KeyGeneratorSpi;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The example of how an app on Android keeps a session, with stand-ins for what Android has. */
class AndroidExampleTest {
    private static final Map<String, SecretKey> KEYS = new HashMap<>();

    private final Provider android = new AndroidProvider();

    @TempDir
    Path folder;

    private Object store;

    @BeforeEach
    void load_the_example() throws Exception {
        Security.addProvider(android);
        URL standIns = Context.class.getProtectionDomain().getCodeSource().getLocation();
        LibraryTest.run(Arrays.asList(
                new File(System.getProperty("java.home"), "bin/javac").getPath(),
                "-Xlint:all,-options", "-Werror", "--release", "8",
                "-cp", Paths.get(standIns.toURI()).toString(),
                "-d", folder.toString(),
                System.getProperty("capauth.source") + "/bindings/java/examples/android/SessionStore.java"));
        URL[] classes = {folder.toUri().toURL()};
        try (URLClassLoader loader = new URLClassLoader(classes, Context.class.getClassLoader())) {
            Constructor<?> made = loader.loadClass("SessionStore").getDeclaredConstructor(Context.class);
            made.setAccessible(true);
            store = made.newInstance(new Context(folder.toFile()));
        }
    }

    @AfterEach
    void clear() {
        Security.removeProvider(android.getName());
        KEYS.clear();
    }

    private Object call(String name, Object... arguments) throws Exception {
        Class<?>[] types = new Class<?>[arguments.length];
        Arrays.fill(types, String.class);
        Method method = store.getClass().getDeclaredMethod(name, types);
        method.setAccessible(true);
        return method.invoke(store, arguments);
    }

    private Path file() {
        return folder.resolve("session");
    }

    @Test
    void what_was_saved_is_loaded() throws Exception {
        assertNull(call("load"));
        for (String text : new String[] {"{\"identifier\":\"anna müller\"}", "another"}) {
            call("save", text);
            assertEquals(text, call("load"));
            String kept = new String(Files.readAllBytes(file()), StandardCharsets.ISO_8859_1);
            assertFalse(kept.contains("an"), kept);
        }
        assertEquals(1, KEYS.size());
    }

    @Test
    void what_cannot_be_decrypted_is_none() throws Exception {
        call("save", "text");
        byte[] all = Files.readAllBytes(file());
        for (int length : new int[] {0, 5, 12, all.length - 1}) {
            Files.write(file(), Arrays.copyOf(all, length));
            assertNull(call("load"), () -> length + " bytes");
        }
        Files.write(file(), all);
        KEYS.clear();
        assertNull(call("load"));
    }

    private static final class AndroidProvider extends Provider {
        private static final long serialVersionUID = 1;

        @SuppressWarnings("deprecation") // Java 8 has no other
        AndroidProvider() {
            super("AndroidKeyStore", 1.0, "stands in for Android's Keystore");
            put("KeyStore.AndroidKeyStore", Store.class.getName());
            put("KeyGenerator.AES", Generator.class.getName());
        }
    }

    public static final class Generator extends KeyGeneratorSpi {
        private KeyGenParameterSpec asked;

        @Override
        protected void engineInit(SecureRandom random) {
            throw new UnsupportedOperationException();
        }

        @Override
        protected void engineInit(AlgorithmParameterSpec spec, SecureRandom random) {
            asked = (KeyGenParameterSpec) spec;
        }

        @Override
        protected void engineInit(int size, SecureRandom random) {
            throw new UnsupportedOperationException();
        }

        @Override
        protected SecretKey engineGenerateKey() {
            byte[] key = new byte[asked.keySize / 8];
            new SecureRandom().nextBytes(key);
            KEYS.put(asked.alias, new SecretKeySpec(key, "AES"));
            return KEYS.get(asked.alias);
        }
    }

    public static final class Store extends KeyStoreSpi {
        @Override
        public Key engineGetKey(String alias, char[] password) {
            return KEYS.get(alias);
        }

        @Override
        public void engineLoad(InputStream stream, char[] password) {}

        @Override
        public Certificate[] engineGetCertificateChain(String alias) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Certificate engineGetCertificate(String alias) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Date engineGetCreationDate(String alias) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void engineSetKeyEntry(String alias, Key key, char[] password, Certificate[] chain) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void engineSetKeyEntry(String alias, byte[] key, Certificate[] chain) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void engineSetCertificateEntry(String alias, Certificate certificate) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void engineDeleteEntry(String alias) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Enumeration<String> engineAliases() {
            throw new UnsupportedOperationException();
        }

        @Override
        public boolean engineContainsAlias(String alias) {
            return KEYS.containsKey(alias);
        }

        @Override
        public int engineSize() {
            return KEYS.size();
        }

        @Override
        public boolean engineIsKeyEntry(String alias) {
            return engineContainsAlias(alias);
        }

        @Override
        public boolean engineIsCertificateEntry(String alias) {
            return false;
        }

        @Override
        public String engineGetCertificateAlias(Certificate certificate) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void engineStore(OutputStream stream, char[] password) {
            throw new UnsupportedOperationException();
        }
    }
}
