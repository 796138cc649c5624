// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;

/** Loads the library that is inside the jar. Not for Android, which unpacks libraries itself. */
final class BundledLibrary {
    /** Another folder for the short-lived copy, where the usual one is mounted noexec. */
    static final String FOLDER = "capauth.library.tmpdir";

    private BundledLibrary() {}

    static void load(String resource) {
        String folder = System.getProperty(FOLDER);
        Path copy = null;
        try {
            // createTempFile makes files that only their owner may open.
            copy = folder == null || folder.isEmpty()
                    ? Files.createTempFile("capauth", ".library")
                    : Files.createTempFile(Paths.get(folder), "capauth", ".library");
            try (InputStream from = BundledLibrary.class.getResourceAsStream(resource);
                    OutputStream to = Files.newOutputStream(copy)) {
                byte[] block = new byte[65536];
                for (int count = from.read(block); count > 0; count = from.read(block)) {
                    to.write(block, 0, count);
                }
            }
            System.load(copy.toString());
        } catch (UnsatisfiedLinkError e) {
            throw (Error) new UnsatisfiedLinkError("capauth: " + resource + " of this jar could not be loaded from "
                    + copy.getParent() + ". If that folder is mounted noexec, name another by the property " + FOLDER
                    + ". " + e.getMessage()).initCause(e);
        } catch (IOException e) {
            throw (Error) new UnsatisfiedLinkError("capauth: " + resource + " could not be unpacked: " + e)
                    .initCause(e);
        } finally {
            delete(copy);
        }
    }

    /** Once it is loaded the name is not needed any more, except on systems that lock files in use. */
    private static void delete(Path copy) {
        if (copy == null) {
            return;
        }
        try {
            Files.delete(copy);
        } catch (IOException e) {
            copy.toFile().deleteOnExit();
        }
    }
}
