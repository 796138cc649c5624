// SPDX-License-Identifier: Apache-2.0

import android.content.Context;
import android.security.keystore.KeyGenParameterSpec;
import android.security.keystore.KeyProperties;
import android.util.AtomicFile;
import android.util.Log;
import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.ProviderException;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.KeyGenerator;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;

/** Keeps one session in a file, encrypted by a key that never leaves the phone's Keystore. API level 23. */
final class SessionStore {
    private static final int IV_LENGTH = 12;

    private final AtomicFile file;

    SessionStore(Context context) {
        file = new AtomicFile(new File(context.getNoBackupFilesDir(), "session")); // no other phone could decrypt it
    }

    /** For {@code customer.onChange(changed -> store.save(changed.export()))}. */
    synchronized void save(String exported) {
        try {
            write(encrypted(exported));
        } catch (GeneralSecurityException | IOException | ProviderException e) {
            Log.w("capauth", "the session was not saved", e);
        }
    }

    private static byte[] encrypted(String text) throws GeneralSecurityException, IOException {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(Cipher.ENCRYPT_MODE, key());
        byte[] encrypted = cipher.doFinal(text.getBytes(StandardCharsets.UTF_8));
        byte[] all = Arrays.copyOf(cipher.getIV(), IV_LENGTH + encrypted.length); // a new one each time
        System.arraycopy(encrypted, 0, all, IV_LENGTH, encrypted.length);
        return all;
    }

    private void write(byte[] all) throws IOException {
        FileOutputStream out = file.startWrite();
        try {
            out.write(all);
            file.finishWrite(out);
        } catch (IOException e) {
            file.failWrite(out); // the old one stays
            throw e;
        }
    }

    /** For {@code client.restore(text)}. Null when there is none, or the key is gone: the customer signs in again. */
    synchronized String load() {
        try {
            byte[] all = file.readFully();
            Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
            cipher.init(Cipher.DECRYPT_MODE, key(), new GCMParameterSpec(128, all, 0, IV_LENGTH));
            return new String(cipher.doFinal(all, IV_LENGTH, all.length - IV_LENGTH), StandardCharsets.UTF_8);
        } catch (GeneralSecurityException | IOException | IllegalArgumentException | ProviderException e) {
            return null;
        }
    }

    private static SecretKey key() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("AndroidKeyStore");
        store.load(null);
        SecretKey key = (SecretKey) store.getKey("capauth", null);
        if (key != null) {
            return key;
        }
        KeyGenerator generator = KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_AES, "AndroidKeyStore");
        generator.init(new KeyGenParameterSpec.Builder(
                        "capauth", KeyProperties.PURPOSE_ENCRYPT | KeyProperties.PURPOSE_DECRYPT)
                .setBlockModes(KeyProperties.BLOCK_MODE_GCM)
                .setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_NONE)
                .setKeySize(256)
                .build());
        return generator.generateKey();
    }
}
