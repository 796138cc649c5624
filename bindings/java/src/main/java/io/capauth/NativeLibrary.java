// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import java.io.File;
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
            System.loadLibrary(NAME);
        }
    }

    private static boolean isAndroid() {
        return "Dalvik".equals(System.getProperty("java.vm.name")); // ART says so too
    }

    /** As the build names it: /io/capauth/native/linux-x86_64/libcapauth_java.so. */
    private static String resource() {
        String system = System.getProperty("os.name", "").toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "");
        String machine = System.getProperty("os.arch", "");
        if (machine.equals("amd64")) {
            machine = "x86_64";
        } else if (machine.equals("arm64")) {
            machine = "aarch64";
        }
        return "/io/capauth/native/" + system + "-" + machine + "/" + System.mapLibraryName(NAME);
    }
}
