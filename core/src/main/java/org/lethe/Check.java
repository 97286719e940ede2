package org.lethe;

/** The check of a setting in a compact constructor. */
public final class Check {
    private Check() {}

    /** Throws {@code shards is 0, expected at least 1} where the condition does not hold. */
    public static void require(boolean condition, String name, Object value, String expected) {
        if (!condition) {
            throw new IllegalArgumentException(name + " is " + value + ", expected " + expected);
        }
    }
}
