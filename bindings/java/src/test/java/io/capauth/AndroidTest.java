// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import android.os.Looper;
import io.capauth.testing.Emulator;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.security.Key;
import java.security.KeyStoreSpi;
import java.security.Provider;
import java.security.Security;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Date;
import java.util.Enumeration;
import java.util.List;
import org.codehaus.mojo.animal_sniffer.SignatureChecker;
import org.codehaus.mojo.animal_sniffer.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What can be checked of Android without Android. */
class AndroidTest extends Fixture {
    private static final String FUTURES = "AsyncClient|AsyncSession|CallFuture";
    /** Needed by nothing that runs below API level 24, or on Android at all. */
    private static final String NOT_FOR_ANDROID_21 = FUTURES + "|BundledLibrary";

    @Test
    void base_classes_use_nothing_beyond_android_21() throws IOException {
        assertTrue(checked("capauth.android", "(?!(" + NOT_FOR_ANDROID_21 + ")\\b).*\\.class") > 50);
    }

    @Test
    void futures_use_nothing_beyond_android_24() throws IOException {
        assertTrue(checked("capauth.android24", "(" + FUTURES + ")\\b.*\\.class") >= 3);
    }

    /** How many classes of these names use only what that Android offers; fails if one uses more. */
    private static int checked(String android, String names) throws IOException {
        List<String> complaints = new ArrayList<>();
        SignatureChecker checker;
        try (InputStream signature = new FileInputStream(System.getProperty(android))) {
            checker = new SignatureChecker(
                    signature, Collections.singleton("io.capauth.*"), new Complaints(complaints));
            checker.setSourcePath(Collections.emptyList());
            checker.setAnnotationTypes(Collections.emptySet());
        }
        int checked = 0;
        for (File file : new File(System.getProperty("capauth.classes"), "io/capauth").listFiles()) {
            if (file.getName().matches(names)) {
                checker.process(file);
                checked++;
            }
        }
        assertEquals(Collections.emptyList(), complaints);
        return checked;
    }

    private static final class Complaints implements Logger {
        private final List<String> complaints;

        Complaints(List<String> complaints) {
            this.complaints = complaints;
        }

        @Override
        public void info(String message) {}

        @Override
        public void info(String message, Throwable t) {}

        @Override
        public void debug(String message) {}

        @Override
        public void debug(String message, Throwable t) {}

        @Override
        public void warn(String message) {
            complaints.add(message);
        }

        @Override
        public void warn(String message, Throwable t) {
            complaints.add(message);
        }

        @Override
        public void error(String message) {
            complaints.add(message);
        }

        @Override
        public void error(String message, Throwable t) {
            complaints.add(message);
        }
    }

    @Test
    void base_classes_become_those_of_android_as_they_are(@TempDir Path folder) throws Exception {
        Path classes = Files.createDirectories(folder.resolve("io/capauth"));
        for (File file : new File(System.getProperty("capauth.classes"), "io/capauth").listFiles()) {
            if (file.getName().endsWith(".class") && !file.getName().matches("(" + NOT_FOR_ANDROID_21 + ")\\b.*")) {
                Files.copy(file.toPath(), classes.resolve(file.getName()));
            }
        }
        Path dex = folder.resolve("classes.dex");
        String output = LibraryTest.run(LibraryTest.java(System.getProperty("capauth.dx"),
                "com.android.dx.command.Main", "--dex", "--min-sdk-version=21", "--output=" + dex, folder.toString()));
        assertEquals("", output);
        assertTrue(Files.size(dex) > 50000);
    }

    @Test
    void base_classes_have_no_lambdas() throws IOException {
        for (File file : new File(System.getProperty("capauth.classes"), "io/capauth").listFiles()) {
            if (file.isFile()) {
                String bytes = new String(Files.readAllBytes(file.toPath()), StandardCharsets.ISO_8859_1);
                assertFalse(bytes.contains("LambdaMetafactory"), file.getName());
            }
        }
    }

    /** R8 takes fields away that nobody reads, and then the collector takes the listeners. */
    @Test
    void rules_keep_the_fields_by_which_listeners_live() throws IOException {
        String rules = new String(Files.readAllBytes(Paths.get(System.getProperty("capauth.source"),
                "bindings/java/src/main/resources/META-INF/proguard/capauth.pro")), StandardCharsets.UTF_8);
        for (Class<?> holder : new Class<?>[] {Client.class, Session.class}) {
            assertTrue(Arrays.stream(holder.getDeclaredFields())
                    .anyMatch(field -> field.getType().getEnclosingClass() == Listeners.class), holder::getName);
            assertTrue(rules.contains(
                    "-keepclassmembers class " + holder.getName() + " { io.capauth.Listeners$* *; }"), rules);
        }
    }

    @Test
    void blocking_on_the_main_looper_is_refused_and_sends_nothing() {
        Session customer = asked();
        Call<Void> call = customer.startRegenerateToken();
        Looper.asMain(() -> {
            assertThrows(IllegalStateException.class, () -> customer.validateOtp(otp()));
            assertThrows(IllegalStateException.class, () -> customer.gateway("GET", "customer/get"));
            assertThrows(IllegalStateException.class, () -> call.await(100));
            assertThrows(IllegalStateException.class, client::prepare);
            assertThrows(IllegalStateException.class, () -> client.poll(1));
            call.await(0);
            call.done();
            customer.startRegenerateToken().cancel();
            customer.nextStep();
            customer.export();
        });
        assertEquals(0, requests("POST /auth/v1/otp/validate"));
    }

    @Test
    void stubs_of_android_jar_do_not_stop_blocking_operations() {
        for (String message : new String[] {"Stub!", "Method myLooper in android.os.Looper not mocked."}) {
            Looper.asStub(message, () -> {
                Session customer = customer();
                customer.generateToken();
                assertTrue(customer.startGenerateOtp().await(10000));
                client.prepare();
            });
        }
    }

    @Test
    void closing_on_the_main_looper_is_fine() {
        Session customer = customer();
        Looper.asMain(() -> {
            customer.close();
            client.close();
        });
    }

    @Test
    void system_store_without_what_the_user_added_is_read_when_no_certificates_were_given() {
        Provider android = new AndroidProvider();
        Security.addProvider(android);
        assertNull(AndroidCertificates.pem(), "this is no Android");
        String machine = System.setProperty("java.vm.name", "Dalvik");
        try {
            AndroidStore.authority = new String(
                    Files.readAllBytes(Paths.get(emulator.caFile())), StandardCharsets.UTF_8);
            try (Client of = Client.builder().baseUrl(emulator.url()).build()) {
                customer(of).generateToken();
            }
            AndroidStore.addedByUser = AndroidStore.authority;
            AndroidStore.authority = otherAuthority();
            for (String alias : new String[] {"user:0d188d89.0", "0d188d89.0"}) {
                AndroidStore.aliasOfUser = alias;
                try (Client of = Client.builder().baseUrl(emulator.url()).build()) {
                    thrown(TlsException.class, ErrorCode.TLS, () -> customer(of).generateToken());
                }
            }
            try (Client of = emulator.client()) {
                customer(of).generateToken(); // what was given counts
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        } finally {
            AndroidStore.addedByUser = null;
            System.setProperty("java.vm.name", machine);
            Security.removeProvider(android.getName());
        }
    }

    /** The certificate authority of another emulator. */
    static String otherAuthority() {
        try (Emulator other = new Emulator()) {
            return new String(Files.readAllBytes(Paths.get(other.caFile())), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static final class AndroidProvider extends Provider {
        private static final long serialVersionUID = 1;

        @SuppressWarnings("deprecation") // what replaces it is younger than Java 8
        AndroidProvider() {
            super("capauth-test", 1.0, "stands in for Android's store of certificates");
            put("KeyStore.AndroidCAStore", AndroidStore.class.getName());
        }
    }

    /** Only what reading certificates needs. */
    public static final class AndroidStore extends KeyStoreSpi {
        static String authority;
        static String addedByUser;
        static String aliasOfUser;

        @Override
        public Certificate engineGetCertificate(String alias) {
            String pem = alias.equals(aliasOfUser) ? addedByUser : authority;
            try {
                return CertificateFactory.getInstance("X.509").generateCertificate(
                        new ByteArrayInputStream(pem.getBytes(StandardCharsets.UTF_8)));
            } catch (CertificateException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public Enumeration<String> engineAliases() {
            return Collections.enumeration(addedByUser == null
                    ? Collections.singletonList("system:5ed36f99.0")
                    : Arrays.asList(aliasOfUser, "system:5ed36f99.0"));
        }

        @Override
        public void engineLoad(InputStream stream, char[] password) {}

        @Override
        public Key engineGetKey(String alias, char[] password) {
            return null;
        }

        @Override
        public Certificate[] engineGetCertificateChain(String alias) {
            return null;
        }

        @Override
        public Date engineGetCreationDate(String alias) {
            return null;
        }

        @Override
        public void engineSetKeyEntry(String alias, Key key, char[] password, Certificate[] chain) {}

        @Override
        public void engineSetKeyEntry(String alias, byte[] key, Certificate[] chain) {}

        @Override
        public void engineSetCertificateEntry(String alias, Certificate certificate) {}

        @Override
        public void engineDeleteEntry(String alias) {}

        @Override
        public boolean engineContainsAlias(String alias) {
            return false;
        }

        @Override
        public int engineSize() {
            return 1;
        }

        @Override
        public boolean engineIsKeyEntry(String alias) {
            return false;
        }

        @Override
        public boolean engineIsCertificateEntry(String alias) {
            return true;
        }

        @Override
        public String engineGetCertificateAlias(Certificate certificate) {
            return null;
        }

        @Override
        public void engineStore(OutputStream stream, char[] password) {}
    }
}
