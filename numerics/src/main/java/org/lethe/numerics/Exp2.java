package org.lethe.numerics;

/**
 * Powers of two by a polynomial, the same bits everywhere: the scalar reference of {@link Exp2Vector}.
 *
 * <p>{@code 2^x = 2^n · 2^r} with n the nearest whole number. Adding and subtracting 1.5·2⁵² (1.5·2²³) rounds x to n
 * and leaves n in the low bits of the sum; r = x − n is exact. 2^r − 1 is r times a polynomial through the Chebyshev
 * nodes of [−½, ½]. n is then added to the exponent's bits. Relative error 6e-16 in doubles, 9e-8 in floats. Arguments
 * below the range of normal numbers give the smallest of them, practically 0. <b>Arguments must stay below 1023
 * (127)</b>: there is no upper clamp, so that the common case stays fast.
 */
public final class Exp2 {
    static final double LOWEST = -1022;
    static final float LOWEST_FLOAT = -126;
    static final double MAGIC = 0x1.8p52;
    static final float MAGIC_FLOAT = 0x1.8p23f;

    static final double D0 = 0x1.62e42fefa39f7p-1;
    static final double D1 = 0x1.ebfbdff82c590p-3;
    static final double D2 = 0x1.c6b08d7044119p-5;
    static final double D3 = 0x1.3b2ab6fba385fp-7;
    static final double D4 = 0x1.5d87fe908f88ap-10;
    static final double D5 = 0x1.4309130378460p-13;
    static final double D6 = 0x1.ffcb76789860fp-17;
    static final double D7 = 0x1.62bfe46117445p-20;
    static final double D8 = 0x1.b6571de2f2351p-24;
    static final double D9 = 0x1.e5e9f548e5725p-28;

    static final float F0 = 0x1.62e4302fc626ep-1f;
    static final float F1 = 0x1.ebfbe00e63baep-3f;
    static final float F2 = 0x1.c6af6cdbbdcc7p-5f;
    static final float F3 = 0x1.3b2a53045179ap-7f;
    static final float F4 = 0x1.5f0890162a90ap-10f;
    static final float F5 = 0x1.4413896e1ad27p-13f;

    private Exp2() {}

    /** 2^x for x below 1023. */
    public static double of(double x) {
        double clamped = Math.max(x, LOWEST);
        double t = clamped + MAGIC;
        double r = clamped - (t - MAGIC);
        double p = Math.fma(D9, r, D8);
        p = Math.fma(p, r, D7);
        p = Math.fma(p, r, D6);
        p = Math.fma(p, r, D5);
        p = Math.fma(p, r, D4);
        p = Math.fma(p, r, D3);
        p = Math.fma(p, r, D2);
        p = Math.fma(p, r, D1);
        p = Math.fma(p, r, D0);
        p = Math.fma(p, r, 1.0);
        return Double.longBitsToDouble(Double.doubleToRawLongBits(p) + (Double.doubleToRawLongBits(t) << 52));
    }

    /** 2^x for x below 127. */
    public static float of(float x) {
        float clamped = Math.max(x, LOWEST_FLOAT);
        float t = clamped + MAGIC_FLOAT;
        float r = clamped - (t - MAGIC_FLOAT);
        float p = Math.fma(F5, r, F4);
        p = Math.fma(p, r, F3);
        p = Math.fma(p, r, F2);
        p = Math.fma(p, r, F1);
        p = Math.fma(p, r, F0);
        p = Math.fma(p, r, 1.0f);
        return Float.intBitsToFloat(Float.floatToRawIntBits(p) + (Float.floatToRawIntBits(t) << 23));
    }
}
