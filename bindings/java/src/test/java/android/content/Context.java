// SPDX-License-Identifier: Apache-2.0
package android.content;

import java.io.File;

/** Stands in for Android's, for the example. */
public final class Context {
    private final File folder;

    public Context(File folder) {
        this.folder = folder;
    }

    public File getNoBackupFilesDir() {
        return folder;
    }
}
