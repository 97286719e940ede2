package org.lethe.image.protect;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.hipparchus.distribution.continuous.NormalDistribution;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Named;
import org.lethe.image.Bitmap;
import org.lethe.image.Mark;
import org.lethe.image.Sampler;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;
import org.lethe.torch.Tensors;

/**
 * Gaussian Shading (Yang et al. 2024): a message of bits in the signs of the noise from which a picture is generated, whose
 * distribution it does not change. The message is copied over the latent and encrypted with ChaCha20 into uniform bits; the l bits y
 * of a cell choose one of 2^l slices of equal probability,
 *
 * <pre>z = Φ⁻¹((u + y) / 2^l),  u uniform in (0, 1).</pre>
 *
 * <p>To read it, DDIM inversion without a prompt finds the noise, y = ⌊2^l Φ(z)⌋ is decrypted, and copies vote; a tie goes by the sum
 * of what they measured. The matches of k bits are binomial without a mark.
 *
 * <p>Every picture has a nonce of its own, which the mark keeps by the picture's name: with one nonce for all, as is published, all
 * pictures begin with the same signs and give themselves away. A detector does not know which picture it sees, tries every nonce,
 * and multiplies p by their number. Without a mark the best of many nonces matches more than half of the bits.
 *
 * <p>Cost: one run to paint; (1 + refinements) times a run to detect.
 *
 * @param channelFactor f_c, copies along channels, a divisor of their number
 * @param areaFactor f_h = f_w, copies along each side of a latent; 0 for the largest of 8, 4, 2 and 1 that leaves four or more
 * @param bitsPerCell l; 1 is published
 * @param nonces fresh for each picture, or one for all
 * @param steps of sampling and of inversion
 * @param guidance of sampling
 * @param refinements of each step of the inversion towards the exact one
 */
@Named("gaussian-shading")
public record GaussianShading(
        int channelFactor, int areaFactor, int bitsPerCell, Nonces nonces, int steps, double guidance, int refinements)
        implements Generative {
    private static final String NONCE = "nonce.";
    private static final NormalDistribution NORMAL = new NormalDistribution();

    /** How many nonces there are. */
    public enum Nonces {
        /** One for each picture. */
        FRESH,
        /** One for all, as published. */
        SHARED
    }

    public GaussianShading {
        Check.require(channelFactor >= 1, "channelFactor", channelFactor, "at least 1");
        Check.require(areaFactor >= 0, "areaFactor", areaFactor, "at least 0");
        Check.require(bitsPerCell >= 1 && bitsPerCell <= 8, "bitsPerCell", bitsPerCell, "1 to 8");
        Check.require(refinements >= 0 && refinements <= 30, "refinements", refinements, "0 to 30");
        new Sampler(steps, guidance);
    }

    /** One copy of each channel, one bit a cell, fresh nonces; 25 steps with a guidance of 3, one refinement. */
    public GaussianShading() {
        this(1, 0, 1, Nonces.FRESH, 25, 3, 1);
    }

    @Override
    public Sampler sampler() {
        return new Sampler(steps, guidance);
    }

    @Override
    public Mark key(Diffusion model, int height, int width, Env env) {
        long[] latent = model.latent(height, width);
        Shape shape =
                new Shape((int) latent[0], (int) latent[1], (int) latent[2], channelFactor, area(latent), bitsPerCell);
        byte[] key = bytes(env.random("key of gaussian-shading"), 32);
        byte[] message = new byte[shape.bits()];
        Keyed drawn = env.random("message of gaussian-shading");
        StringBuilder said = new StringBuilder();
        for (int b = 0; b < message.length; b++) {
            said.append(drawn.at(b) < 0 ? '1' : '0');
        }
        Map<String, String> words = new TreeMap<>();
        words.put("key", HexFormat.of().formatHex(key));
        words.put("message", said.toString());
        words.put("latent", latent[0] + " " + latent[1] + " " + latent[2]);
        words.put("channelFactor", String.valueOf(shape.channelFactor));
        words.put("areaFactor", String.valueOf(shape.areaFactor));
        words.put("bitsPerCell", String.valueOf(bitsPerCell));
        words.put("steps", String.valueOf(steps));
        words.put("refinements", String.valueOf(refinements));
        words.put("height", String.valueOf(height));
        words.put("width", String.valueOf(width));
        if (nonces == Nonces.SHARED) {
            words.put(
                    NONCE + "shared",
                    HexFormat.of().formatHex(bytes(env.random("nonces").of("shared"), 12)));
        }
        return new Mark("gaussian-shading", words, Map.of());
    }

    private int area(long... latent) {
        if (areaFactor > 0) {
            return areaFactor;
        }
        for (int factor : new int[] {8, 4, 2}) {
            if (latent[1] % factor == 0 && latent[2] % factor == 0 && Math.min(latent[1], latent[2]) / factor >= 4) {
                return factor;
            }
        }
        return 1;
    }

    /** Random bytes by a key. */
    static byte[] bytes(Keyed key, int count) {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++) {
            bytes[i] = (byte) (key.at(i) >>> 56);
        }
        return bytes;
    }

    /** How a message lies in a latent. */
    record Shape(int channels, int height, int width, int channelFactor, int areaFactor, int bitsPerCell) {
        Shape {
            Check.require(
                    channels % channelFactor == 0,
                    "channelFactor",
                    channelFactor,
                    "a divisor of the " + channels + " channels of a latent");
            Check.require(
                    height % areaFactor == 0 && width % areaFactor == 0,
                    "areaFactor",
                    areaFactor,
                    "a divisor of the sides of a latent, " + height + " x " + width);
            Check.require(
                    channels * height * width * bitsPerCell % 8 == 0,
                    "cells of a latent",
                    channels * height * width,
                    "a multiple of 8");
        }

        int cells() {
            return channels * height * width;
        }

        /** k, bits of the message. */
        int bits() {
            return cells() / (channelFactor * areaFactor * areaFactor) * bitsPerCell;
        }

        /** The bit of the message that bit {@code j} of a cell carries: the message is tiled. */
        int bit(int cell, int j) {
            int high = height / areaFactor;
            int wide = width / areaFactor;
            int c = cell / (height * width) % (channels / channelFactor);
            int y = cell / width % height % high;
            int x = cell % width % wide;
            return ((j * (channels / channelFactor) + c) * high + y) * wide + x;
        }
    }

    /** What a mark says. */
    record Secret(Shape shape, byte[] key, boolean[] message, Map<String, byte[]> nonces) {
        static Secret of(Mark mark) {
            MarkWords words = new MarkWords(mark);
            String[] latent = words.of("latent").split(" ", -1);
            Check.require(latent.length == 3, "latent of the mark", words.of("latent"), "channels, height and width");
            Shape shape = new Shape(
                    Integer.parseInt(latent[0]),
                    Integer.parseInt(latent[1]),
                    Integer.parseInt(latent[2]),
                    words.whole("channelFactor"),
                    words.whole("areaFactor"),
                    words.whole("bitsPerCell"));
            String said = words.of("message");
            Check.require(said.length() == shape.bits(), "bits of the message", said.length(), shape.bits() + "");
            boolean[] message = new boolean[said.length()];
            for (int b = 0; b < message.length; b++) {
                message[b] = said.charAt(b) == '1';
            }
            Map<String, byte[]> nonces = new TreeMap<>();
            mark.words().forEach((name, value) -> {
                if (name.startsWith(NONCE)) {
                    nonces.put(name.substring(NONCE.length()), HexFormat.of().parseHex(value));
                }
            });
            return new Secret(shape, HexFormat.of().parseHex(words.of("key")), message, nonces);
        }

        /** The message over all cells, encrypted: bit {@code l · cell + j}. */
        boolean[] encrypted(byte[] nonce) {
            boolean[] bits = stream(nonce);
            int l = shape.bitsPerCell;
            for (int cell = 0; cell < shape.cells(); cell++) {
                for (int j = 0; j < l; j++) {
                    bits[cell * l + j] ^= message[shape.bit(cell, j)];
                }
            }
            return bits;
        }

        private boolean[] stream(byte[] nonce) {
            int count = shape.cells() * shape.bitsPerCell;
            byte[] bytes = ChaCha20.encrypt(key, nonce, 0, new byte[count / 8]);
            boolean[] bits = new boolean[count];
            for (int i = 0; i < count; i++) {
                bits[i] = (bytes[i / 8] >> (7 - i % 8) & 1) == 1;
            }
            return bits;
        }

        /** Noise with the message; u by a key. */
        float[] noise(byte[] nonce, Keyed draws) {
            boolean[] bits = encrypted(nonce);
            float[] noise = new float[shape.cells()];
            int l = shape.bitsPerCell;
            for (int cell = 0; cell < noise.length; cell++) {
                int y = 0;
                for (int j = 0; j < l; j++) {
                    y = 2 * y + (bits[cell * l + j] ? 1 : 0);
                }
                double at = (Keyed.unit(draws.at(cell)) + y) / (1 << l);
                noise[cell] = (float) NORMAL.inverseCumulativeProbability(Math.min(at, Math.nextDown(1.0)));
            }
            return noise;
        }

        /** How many bits of the message are read from noise under a nonce. */
        int matches(float[] noise, byte[] nonce) {
            boolean[] stream = stream(nonce);
            double[] votes = new double[message.length];
            double[] sums = new double[message.length];
            int l = shape.bitsPerCell;
            for (int cell = 0; cell < noise.length; cell++) {
                double part = NORMAL.cumulativeProbability(noise[cell]);
                int y = Math.min((1 << l) - 1, (int) (part * (1 << l)));
                for (int j = 0; j < l; j++) {
                    int to = shape.bit(cell, j);
                    boolean bit = (y >> (l - 1 - j) & 1) == 1 ^ stream[cell * l + j];
                    votes[to] += bit ? 1 : -1;
                    sums[to] += (bit ? 1 : -1) * Math.abs(part - 0.5);
                }
            }
            int matches = 0;
            for (int b = 0; b < message.length; b++) {
                double vote = votes[b] == 0 ? sums[b] : votes[b];
                matches += vote > 0 == message[b] ? 1 : 0;
            }
            return matches;
        }
    }

    @Override
    public Start start(Diffusion model, Mark mark, String name, int height, int width, Env env) {
        Secret secret = Secret.of(mark);
        byte[] shared = secret.nonces.get("shared");
        byte[] nonce = shared == null ? bytes(env.random("nonces").of(name), 12) : shared;
        Map<String, String> words = new TreeMap<>(mark.words());
        if (shared == null) {
            Check.require(!words.containsKey(NONCE + name), "name", name, "one that the mark has no nonce of yet");
            words.put(NONCE + name, HexFormat.of().formatHex(nonce));
        }
        Shape shape = secret.shape;
        Tensor noise = Tensors.of(
                        secret.noise(nonce, env.random("marked noise").of(name)),
                        1,
                        shape.channels,
                        shape.height,
                        shape.width)
                .to(Devices.of(model.device()), ScalarType.Float);
        return new Start(new Mark(mark.method(), words, mark.tensors()), noise);
    }

    /** A detector of the message under any of the nonces. */
    static Detector detector(Mark mark, Diffusion model) {
        MarkWords words = new MarkWords(mark);
        Secret secret = Secret.of(mark);
        Check.require(!secret.nonces.isEmpty(), "nonces of the mark", 0, "at least one: no picture was marked with it");
        Sampler sampler = new Sampler(words.whole("steps"), 1);
        int refinements = words.whole("refinements");
        BitTest test = new BitTest(secret.message.length);
        return (List<Bitmap> pictures) ->
                Sized.each(pictures, words.whole("height"), words.whole("width"), model.device(), some -> {
                    Tensor noise = sampler.inverted(model, model.encode(some), refinements);
                    List<Detector.Detection> found = new ArrayList<>();
                    for (long n = 0; n < noise.size(0); n++) {
                        float[] own = Tensors.floats(noise.narrow(0, n, 1).contiguous());
                        int best = 0;
                        for (byte[] nonce : secret.nonces.values()) {
                            best = Math.max(best, secret.matches(own, nonce));
                        }
                        double accuracy = (double) best / test.symbols();
                        found.add(new Detector.Detection(
                                accuracy,
                                OptionalDouble.of(Math.min(1, secret.nonces.size() * test.pValue(best))),
                                OptionalDouble.of(accuracy)));
                    }
                    return found;
                });
    }
}
