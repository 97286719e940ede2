package org.lethe.federated.balance;

import static org.lethe.Check.require;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.interfaces.XECPrivateKey;
import java.security.spec.NamedParameterSpec;
import java.security.spec.XECPrivateKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import javax.crypto.Cipher;
import javax.crypto.KDF;
import javax.crypto.KeyAgreement;
import javax.crypto.spec.HKDFParameterSpec;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.lethe.LetheException;

/**
 * A sum of which the server learns nothing but the sum: secure aggregation by pairwise masks (Bonawitz and others 2017), with all
 * parties simulated here.
 *
 * <p>Numbers are integers modulo 2³². A client adds a mask of its own, and for every other client one that the other subtracts; a
 * pair's mask is the AES stream of a key both get from X25519 by HKDF. Each client shares its private key and the seed of its own
 * mask with all others, by Shamir's scheme. When some drop out after the shares, the server asks the others for their shares: of
 * the own masks of clients that answered, and of the private keys of those that did not, never both of one client. It needs
 * {@code threshold} of them.
 *
 * <p>What this does not do: authenticate clients, or guard against a server that claims different dropouts to different clients.
 * The sum is exact, so the result does not depend on the keys, which are drawn afresh.
 */
final class SecureSum {
    /** Fewer clients would reveal each other. */
    static final int FEWEST = 3;

    private static final BigInteger PRIME = BigInteger.TWO.pow(521).subtract(BigInteger.ONE);
    private static final int SECRET = 32; // bytes

    private final int clients;
    private final int threshold;
    private final SecureRandom random = new SecureRandom();
    private final List<KeyPair> keys = new ArrayList<>();
    private final List<byte[]> seeds = new ArrayList<>();
    private final List<BigInteger[]> sharesOfKeys = new ArrayList<>();
    private final List<BigInteger[]> sharesOfSeeds = new ArrayList<>();

    /** Clients that have exchanged public keys and shares. */
    SecureSum(int clients, int threshold) {
        if (clients < FEWEST) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    "secure sums of " + clients + " clients would reveal their numbers, expected at least " + FEWEST
                            + " clients in a round");
        }
        require(threshold >= 2 && threshold <= clients, "threshold", threshold, "2 to " + clients);
        this.clients = clients;
        this.threshold = threshold;
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("X25519");
            for (int u = 0; u < clients; u++) {
                keys.add(generator.generateKeyPair());
                byte[] seed = new byte[SECRET];
                random.nextBytes(seed);
                seeds.add(seed);
                byte[] secret =
                        ((XECPrivateKey) keys.get(u).getPrivate()).getScalar().orElseThrow();
                sharesOfKeys.add(shares(secret, clients, threshold, random));
                sharesOfSeeds.add(shares(seed, clients, threshold, random));
            }
        } catch (GeneralSecurityException e) {
            throw impossible(e);
        }
    }

    /** The sum of whole numbers of records of all clients. */
    static double[] counts(List<double[]> parts) {
        SecureSum sum = new SecureSum(parts.size(), Math.max(2, (parts.size() * 2 + 2) / 3));
        List<int[]> masked = new ArrayList<>();
        for (int u = 0; u < parts.size(); u++) {
            masked.add(sum.masked(
                    u,
                    Arrays.stream(parts.get(u))
                            .mapToInt(x -> Math.toIntExact((long) x))
                            .toArray()));
        }
        int[] all = sum.unmasked(masked, new boolean[parts.size()]);
        return Arrays.stream(all).asDoubleStream().toArray();
    }

    /** What a client sends: its numbers under all of its masks. */
    int[] masked(int client, int[] numbers) {
        int[] sent = numbers.clone();
        add(stream(seeds.get(client), sent.length), sent, 1);
        for (int other = 0; other < clients; other++) {
            if (other != client) {
                byte[] key = agreed(keys.get(client).getPrivate(), other);
                add(stream(key, sent.length), sent, client < other ? 1 : -1);
            }
        }
        return sent;
    }

    /**
     * What the server makes of what it got: the sum over clients that did not drop out. What stands in {@code sent} for a client that
     * did is not looked at.
     *
     * @throws LetheException where fewer than the threshold are left
     */
    int[] unmasked(List<int[]> sent, boolean[] dropped) {
        int[] there = IntStream.range(0, clients).filter(u -> !dropped[u]).toArray();
        if (there.length < Math.max(FEWEST, threshold)) {
            throw new LetheException(
                    LetheException.Code.NUMERIC,
                    "secure sum: " + there.length + " of " + clients + " clients answered, expected at least "
                            + Math.max(FEWEST, threshold) + "; the round begins again with other clients");
        }
        int[] sum = new int[sent.get(there[0]).length];
        for (int u : there) {
            add(sent.get(u), sum, 1);
            add(stream(recovered(sharesOfSeeds.get(u), there), sum.length), sum, -1);
        }
        for (int gone = 0; gone < clients; gone++) {
            if (dropped[gone]) {
                PrivateKey key = key(recovered(sharesOfKeys.get(gone), there));
                for (int u : there) {
                    // the mask that u has added for the one that is gone
                    add(stream(agreed(key, u), sum.length), sum, u < gone ? -1 : 1);
                }
            }
        }
        return sum;
    }

    private byte[] recovered(BigInteger[] shares, int[] there) {
        return recovered(shares, Arrays.copyOf(there, threshold), SECRET);
    }

    private byte[] agreed(PrivateKey own, int other) {
        try {
            KeyAgreement agreement = KeyAgreement.getInstance("X25519");
            agreement.init(own);
            agreement.doPhase(keys.get(other).getPublic(), true);
            return KDF.getInstance("HKDF-SHA256")
                    .deriveData(HKDFParameterSpec.ofExtract()
                            .addIKM(agreement.generateSecret())
                            .thenExpand("lethe pairwise mask".getBytes(StandardCharsets.US_ASCII), SECRET));
        } catch (GeneralSecurityException e) {
            throw impossible(e);
        }
    }

    private static PrivateKey key(byte[] scalar) {
        try {
            return KeyFactory.getInstance("X25519")
                    .generatePrivate(new XECPrivateKeySpec(NamedParameterSpec.X25519, scalar));
        } catch (GeneralSecurityException e) {
            throw impossible(e);
        }
    }

    /** The AES stream of a key as integers. */
    private static int[] stream(byte[] key, int length) {
        try {
            Cipher cipher = Cipher.getInstance("AES/CTR/NoPadding");
            cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "AES"), new IvParameterSpec(new byte[16]));
            int[] numbers = new int[length];
            ByteBuffer.wrap(cipher.doFinal(new byte[4 * length])).asIntBuffer().get(numbers);
            return numbers;
        } catch (GeneralSecurityException e) {
            throw impossible(e);
        }
    }

    private static void add(int[] numbers, int[] to, int sign) {
        for (int k = 0; k < to.length; k++) {
            to[k] += sign * numbers[k];
        }
    }

    /** Shamir's shares of a secret: values of a random polynomial at 1 … n whose value at 0 is the secret. */
    static BigInteger[] shares(byte[] secret, int n, int threshold, SecureRandom random) {
        BigInteger[] polynomial = new BigInteger[threshold];
        polynomial[0] = new BigInteger(1, secret);
        for (int k = 1; k < threshold; k++) {
            polynomial[k] = new BigInteger(PRIME.bitLength() + 64, random).mod(PRIME);
        }
        BigInteger[] shares = new BigInteger[n];
        for (int i = 0; i < n; i++) {
            BigInteger at = BigInteger.valueOf(i + 1L);
            BigInteger value = BigInteger.ZERO;
            for (int k = threshold - 1; k >= 0; k--) {
                value = value.multiply(at).add(polynomial[k]).mod(PRIME);
            }
            shares[i] = value;
        }
        return shares;
    }

    /** The secret of some shares, as many as the threshold (Lagrange at 0). */
    static byte[] recovered(BigInteger[] shares, int[] holders, int length) {
        BigInteger secret = BigInteger.ZERO;
        for (int i : holders) {
            BigInteger above = BigInteger.ONE;
            BigInteger below = BigInteger.ONE;
            for (int j : holders) {
                if (j != i) {
                    above = above.multiply(BigInteger.valueOf(j + 1L)).mod(PRIME);
                    below = below.multiply(BigInteger.valueOf((long) j - i)).mod(PRIME);
                }
            }
            secret = secret.add(shares[i].multiply(above).multiply(below.modInverse(PRIME)))
                    .mod(PRIME);
        }
        byte[] bytes = new byte[length];
        byte[] all = secret.toByteArray();
        for (int k = 1; k <= Math.min(length, all.length); k++) {
            bytes[length - k] = all[all.length - k];
        }
        return bytes;
    }

    private static IllegalStateException impossible(GeneralSecurityException e) {
        return new IllegalStateException("this JDK lacks X25519, HKDF or AES", e);
    }
}
