package org.lethe.image.protect;

import java.util.OptionalInt;
import org.hipparchus.special.Beta;
import org.lethe.Check;

/**
 * The exact test of a message: how many of its symbols agree by chance. Without a mark the matches are binomial,
 *
 * <pre>p = P[Bin(k, c) ≥ m] = I_c(m, k − m + 1)</pre>
 *
 * @param symbols k, length of the message
 * @param chance c, probability that a symbol agrees by chance: 1/2 for bits
 */
public record BitTest(int symbols, double chance) {
    public BitTest {
        Check.require(symbols >= 1, "symbols", symbols, "at least 1");
        Check.require(chance > 0 && chance < 1, "chance", chance, "between 0 and 1");
    }

    /** A message of bits. */
    public BitTest(int bits) {
        this(bits, 0.5);
    }

    /** p, the probability of at least so many matches without a mark. */
    public double pValue(int matches) {
        Check.require(matches >= 0 && matches <= symbols, "matches", matches, "0 to " + symbols);
        return matches == 0 ? 1 : Beta.regularizedBeta(chance, matches, symbols - matches + 1.0);
    }

    /** The fewest matches with p at most so large; empty where not even all symbols suffice. */
    public OptionalInt needed(double falsePositiveRate) {
        return needed(falsePositiveRate, 1);
    }

    /**
     * The fewest matches with which a picture is traced to one of many users, of whom each has a message: users · p is at most the
     * rate (Bonferroni); empty where not even all symbols suffice.
     */
    public OptionalInt needed(double falsePositiveRate, long users) {
        Check.require(
                falsePositiveRate > 0 && falsePositiveRate <= 1,
                "falsePositiveRate",
                falsePositiveRate,
                "above 0, at most 1");
        Check.require(users >= 1, "users", users, "at least 1");
        for (int m = 0; m <= symbols; m++) {
            if (users * pValue(m) <= falsePositiveRate) {
                return OptionalInt.of(m);
            }
        }
        return OptionalInt.empty();
    }
}
