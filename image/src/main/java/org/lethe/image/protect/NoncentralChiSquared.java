package org.lethe.image.protect;

import org.hipparchus.special.Gamma;
import org.lethe.Check;

/**
 * The distribution of Σ (z_i + δ_i)² of independent standard normal z, with Σ δ² = λ.
 *
 * @param degrees n, number of terms
 * @param noncentrality λ
 */
public record NoncentralChiSquared(double degrees, double noncentrality) {
    private static final double LARGEST = 1e6; // the sum below has about λ/2 terms

    public NoncentralChiSquared {
        Check.require(degrees > 0 && degrees <= LARGEST, "degrees", degrees, "above 0, at most a million");
        Check.require(
                noncentrality >= 0 && noncentrality <= LARGEST,
                "noncentrality",
                noncentrality,
                "0 or more, at most a million");
    }

    /**
     * P[X ≤ x], a mixture of central distributions by Poisson weights: Σ_j e^(−λ/2) (λ/2)^j / j! · P(n/2 + j, x/2), with P the
     * regularised incomplete gamma function. It is summed from the highest j down, along P(a, y) = P(a + 1, y) + y^a e^(−y)/Γ(a + 1),
     * so that every term is positive and small tails keep their digits.
     */
    public double cumulative(double x) {
        Check.require(!Double.isNaN(x), "x", x, "a number");
        if (x <= 0) {
            return 0;
        }
        double y = x / 2;
        double half = noncentrality / 2;
        if (half == 0) {
            return Gamma.regularizedGammaP(degrees / 2, y);
        }
        int last = (int) (half + 12 * Math.sqrt(half) + 60);
        double a = degrees / 2 + last;
        double central = Gamma.regularizedGammaP(a, y);
        double sum = 0;
        for (int j = last; j >= 0; j--) {
            sum += Math.exp(j * Math.log(half) - half - Gamma.logGamma(j + 1.0)) * central;
            a--;
            if (j > 0) {
                central += Math.exp(a * Math.log(y) - y - Gamma.logGamma(a + 1));
            }
        }
        return Math.min(1, sum);
    }
}
