// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * Loads the library that is inside the jar. Not for Android, which unpacks libraries itself.
 *
 * <p>This is much of a program's start, so it uses what the virtual machine has loaded anyway: no channels, and no
 * createTempFile, whose random numbers bring all security providers with them.
 */
final class BundledLibrary {
    /** Another folder for the short-lived copy, where the usual one is mounted noexec. */
    static final String FOLDER = "capauth.library.tmpdir";

    private BundledLibrary() {}

    static void load(String resource) {
        String named = System.getProperty(FOLDER);
        Path parent = Paths.get(named == null || named.isEmpty() ? System.getProperty("java.io.tmpdir") : named);
        File folder = null;
        File copy = null;
        try {
            folder = makeFolder(parent).toFile();
            copy = new File(folder, System.mapLibraryName(NativeLibrary.NAME));
            unpack(resource, copy);
            System.load(copy.getAbsolutePath());
        } catch (UnsatisfiedLinkError e) {
            throw (Error) new UnsatisfiedLinkError("capauth: " + resource + " of this jar could not be loaded from "
                    + parent + ". If that folder is mounted noexec, name another by the property " + FOLDER
                    + ". " + e.getMessage()).initCause(e);
        } catch (IOException e) {
            throw (Error) new UnsatisfiedLinkError("capauth: " + resource + " could not be unpacked: " + e)
                    .initCause(e);
        } finally {
            delete(copy);
            delete(folder);
        }
    }

    /**
     * Which only its owner may look into. That nobody else made it does not hang on its name: a folder that is there
     * already is not taken.
     */
    static Path makeFolder(Path parent) throws IOException {
        while (true) {
            try {
                return Files.createDirectory(parent.resolve("capauth" + System.nanoTime()),
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            } catch (FileAlreadyExistsException e) {
                continue; // made by another process at the same moment
            }
        }
    }

    private static void unpack(String resource, File copy) throws IOException {
        try (InputStream from = BundledLibrary.class.getResourceAsStream(resource);
                OutputStream to = new FileOutputStream(copy)) {
            byte[] block = new byte[65536];
            for (int count = from.read(block); count > 0; count = from.read(block)) {
                to.write(block, 0, count);
            }
        }
    }

    /** Once it is loaded the name is not needed any more, except on systems that lock files in use. */
    private static void delete(File file) {
        if (file != null && file.exists() && !file.delete()) {
            file.deleteOnExit();
        }
    }
}
