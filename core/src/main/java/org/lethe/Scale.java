package org.lethe;

/** Where the values of a measure can lie. Its intervals stay there too. */
public enum Scale {
    /** Anywhere: differences, logarithms, correlations. */
    UNBOUNDED(Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY),
    /** From 0 to 1: shares, probabilities, AUCs, NDCG and other measures of lists. */
    SHARE(0, 1),
    /** From 0 on: times, sizes, counts, ratios, distances. */
    POSITIVE(0, Double.POSITIVE_INFINITY);

    private static final double ROUNDING = 1e-6; // single precision next to 1

    private final double low;
    private final double high;

    Scale(double low, double high) {
        this.low = low;
        this.high = high;
    }

    /** Whether a value lies here, but for the rounding of single precision. A number that is not finite lies nowhere and is let pass. */
    public boolean holds(double value) {
        return !Double.isFinite(value) || (value >= low - ROUNDING && value <= high + ROUNDING);
    }

    /** Whether a value is the lowest or the highest there is. */
    public boolean endsAt(double value) {
        return value <= low || value >= high;
    }

    /** The nearest value here. */
    public double nearest(double value) {
        return Math.clamp(value, low, high);
    }
}
