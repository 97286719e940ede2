package org.lethe.image.protect;

import java.security.GeneralSecurityException;
import javax.crypto.Cipher;
import javax.crypto.spec.ChaCha20ParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.lethe.Check;
import org.lethe.LetheException;

/** The stream cipher of RFC 8439, as the JDK has it. */
final class ChaCha20 {
    private ChaCha20() {}

    /**
     * Text under a key and a nonce; the same call decrypts.
     *
     * @param key 32 bytes
     * @param nonce 12 bytes, never used twice with a key
     * @param counter of the first block
     */
    static byte[] encrypt(byte[] key, byte[] nonce, int counter, byte[] text) {
        Check.require(key.length == 32, "key.length", key.length, "32 bytes");
        Check.require(nonce.length == 12, "nonce.length", nonce.length, "12 bytes");
        try {
            Cipher cipher = Cipher.getInstance("ChaCha20");
            cipher.init(
                    Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "ChaCha20"), new ChaCha20ParameterSpec(nonce, counter));
            return cipher.doFinal(text);
        } catch (GeneralSecurityException e) {
            throw new LetheException(LetheException.Code.DEFECT, "the JDK's ChaCha20 does not work", e);
        }
    }
}
