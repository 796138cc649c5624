// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.util.Locale;

/**
 * Finds and loads the native library: where the property {@code capauth.library.path} says (the file or its folder),
 * else from this jar, else where the platform looks. On Android only where the platform looks: it calls itself Linux,
 * but a library in the jar is one for desktops, of another C library.
 */
final class NativeLibrary {
    static final String NAME = "capauth_java";
    static final String PATH = "capauth.library.path";

    private NativeLibrary() {}

    static void load() {
        String path = System.getProperty(PATH);
        if (path != null && !path.isEmpty()) {
            File file = new File(path);
            if (file.isDirectory()) {
                file = new File(file, System.mapLibraryName(NAME));
            }
            System.load(file.getAbsolutePath());
        } else if (!isAndroid() && NativeLibrary.class.getResource(resource()) != null) {
            BundledLibrary.load(resource());
        } else {
            loadFromPlatform();
        }
    }

    private static void loadFromPlatform() {
        try {
            System.loadLibrary(NAME);
        } catch (UnsatisfiedLinkError e) {
            String message = "capauth: no native library for " + platform() + ". This jar has " + inJar()
                    + "; java.library.path (" + System.getProperty("java.library.path") + ") leads to no "
                    + System.mapLibraryName(NAME) + " that can be loaded; the property " + PATH
                    + " may name one. " + e.getMessage();
            throw (Error) new UnsatisfiedLinkError(message).initCause(e);
        }
    }

    /** The platforms that the jar has a library for; make_jar.py lists them. */
    private static String inJar() {
        try (InputStream list = NativeLibrary.class.getResourceAsStream("/io/capauth/native/platforms")) {
            return list == null ? "none" : new BufferedReader(new InputStreamReader(list, "UTF-8")).readLine();
        } catch (IOException e) {
            return "none that can be read";
        }
    }

    static boolean isAndroid() {
        return "Dalvik".equals(System.getProperty("java.vm.name")); // ART says so too
    }

    /** As the build names it: /io/capauth/native/linux-x86_64/libcapauth_java.so. */
    private static String resource() {
        return "/io/capauth/native/" + platform() + "/" + System.mapLibraryName(NAME);
    }

    /** linux-x86_64; linux-musl-x86_64 where the virtual machine runs on musl, with which others do not load. */
    private static String platform() {
        String system = lettersOf(System.getProperty("os.name", "").toLowerCase(Locale.ROOT));
        String machine = System.getProperty("os.arch", "");
        if (machine.equals("amd64")) {
            machine = "x86_64";
        } else if (machine.equals("arm64")) {
            machine = "aarch64";
        }
        return system + (hasMusl("/proc/self/maps") ? "-musl-" : "-") + machine;
    }

    /** Letters and digits. By hand: a regular expression takes longer here than all the rest. */
    private static String lettersOf(String name) {
        StringBuilder letters = new StringBuilder();
        for (int i = 0; i < name.length(); i++) {
            if (name.charAt(i) >= 'a' && name.charAt(i) <= 'z' || name.charAt(i) >= '0' && name.charAt(i) <= '9') {
                letters.append(name.charAt(i));
            }
        }
        return letters.toString();
    }

    /** By what is loaded: a system may have both C libraries. */
    static boolean hasMusl(String maps) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        try (InputStream from = new FileInputStream(maps)) {
            byte[] block = new byte[65536];
            for (int count = from.read(block); count > 0; count = from.read(block)) {
                all.write(block, 0, count);
            }
            return all.toString("ISO-8859-1").contains("/ld-musl-"); // which costs no decoding
        } catch (IOException e) {
            return false; // not Linux, or nobody may look
        }
    }
}
