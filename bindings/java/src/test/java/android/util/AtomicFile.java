// SPDX-License-Identifier: Apache-2.0
package android.util;

import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;

/** Stands in for Android's, for the example; it replaces nothing in one step. */
public final class AtomicFile {
    private final File file;

    public AtomicFile(File file) {
        this.file = file;
    }

    public FileOutputStream startWrite() throws IOException {
        return new FileOutputStream(file);
    }

    public void finishWrite(FileOutputStream out) {
        try {
            out.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public void failWrite(FileOutputStream out) {
        throw new AssertionError("writing failed");
    }

    public byte[] readFully() throws IOException {
        return Files.readAllBytes(file.toPath());
    }
}
