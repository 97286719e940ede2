package org.lethe.numerics;

/**
 * Random numbers as a function of their purpose, never of a position in a stream.
 *
 * <p>A key is narrowed step by step, {@code Keyed.seed(7).of("negatives").of(epoch)}, and then gives the number of one
 * entity: {@code at(id)}. Deleting one entity changes no other entity's numbers. A test can therefore require a model
 * that is bit-identical to learning without the data. The mixing function is the finaliser of SplitMix64 (Steele, Lea
 * and Flood 2014); {@code at} is one mix, some two nanoseconds.
 *
 * @param key the 64 bits reached so far
 */
public record Keyed(long key) {
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    /** The root key of a seed. */
    public static Keyed seed(long seed) {
        return new Keyed(mix(seed + GOLDEN));
    }

    /** The key of one purpose; purposes with different names are independent. */
    public Keyed of(String purpose) {
        long h = key;
        for (int i = 0; i < purpose.length(); i++) {
            h = mix(h ^ purpose.charAt(i)) + GOLDEN;
        }
        return new Keyed(mix(h));
    }

    /** The key of one epoch, shard, round or other number. */
    public Keyed of(long id) {
        return new Keyed(mix(mix(key + id * GOLDEN) + GOLDEN));
    }

    /** 64 random bits for an entity. */
    public long at(long id) {
        return mix(key + id * GOLDEN);
    }

    /** 64 random bits for a pair, as for an interaction of a user with an item. */
    public long at(int left, int right) {
        return mix(mix(key + ((long) left << 32 | right & 0xFFFFFFFFL) * GOLDEN));
    }

    /** A number in [0, bound) from random bits; the bias is below bound / 2³². */
    public static int below(long bits, int bound) {
        return (int) ((bits >>> 32) * bound >>> 32);
    }

    /** A number in (0, 1) from random bits: a multiple of 2⁻⁵³ moved by half a step, so never 0 or 1. */
    public static double unit(long bits) {
        return ((bits >>> 11) + 0.5) * 0x1p-53;
    }

    /** A standard normal number from random bits (Box and Muller, from the bits and one further mix of them). */
    public static double normal(long bits) {
        return StrictMath.sqrt(-2 * StrictMath.log(unit(bits)))
                * StrictMath.cos(2 * Math.PI * unit(mix(bits ^ GOLDEN)));
    }

    /** The finaliser of SplitMix64: a bijection in which every input bit moves every output bit. */
    public static long mix(long z) {
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
