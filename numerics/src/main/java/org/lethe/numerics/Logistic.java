package org.lethe.numerics;

/**
 * The logistic function of one number, with the same bits interpreted and compiled.
 *
 * <p>{@code exp} is 2^n · P(f) with a polynomial of degree 6 (minimax on |f| ≤ ½ for 2^f, relative error below 2e-7),
 * by fused multiply-add. {@code Math.exp} promises no bits, and {@code StrictMath.exp} takes ten times as long.
 */
public final class Logistic {
    private static final float LOG2_E = 1.442695f;
    private static final float LIMIT = 80; // e^-80 is 1.8e-35: still a normal float

    private Logistic() {}

    /** e^−|x|, with |x| cut at 80; not a number where {@code x} is not. */
    public static float expNegative(float x) {
        float y = -Math.min(Math.abs(x), LIMIT) * LOG2_E;
        float n = (float) Math.rint(y);
        float f = y - n;
        float p = 1.5403530e-4f;
        p = Math.fma(p, f, 1.3333558e-3f);
        p = Math.fma(p, f, 0.009618129f);
        p = Math.fma(p, f, 0.05550411f);
        p = Math.fma(p, f, 0.2402265f);
        p = Math.fma(p, f, 0.6931472f);
        p = Math.fma(p, f, 1f);
        return p * Float.intBitsToFloat((int) n + 127 << 23);
    }

    /** σ(x) = 1 / (1 + e^−x), for |x| up to 80. */
    public static float sigmoid(float x) {
        float e = expNegative(x);
        return (x >= 0 ? 1 : e) / (1 + e);
    }
}
