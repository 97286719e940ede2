package org.lethe.numerics;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * {@link Exp2} for vectors, bit for bit. Call it once per loop body: a second call may no longer be inlined, and vectors
 * that cross a call are boxed. Only for code that runs where {@link Lanes#VECTOR} holds.
 */
public final class Exp2Vector {
    private Exp2Vector() {}

    /** 2^x for x below 1023. */
    public static DoubleVector of(DoubleVector x) {
        DoubleVector clamped = x.max(Exp2.LOWEST);
        DoubleVector t = clamped.add(Exp2.MAGIC);
        DoubleVector r = clamped.sub(t.sub(Exp2.MAGIC));
        DoubleVector p =
                DoubleVector.broadcast(r.species(), Exp2.D9).fma(r, DoubleVector.broadcast(r.species(), Exp2.D8));
        p = p.fma(r, DoubleVector.broadcast(r.species(), Exp2.D7));
        p = p.fma(r, DoubleVector.broadcast(r.species(), Exp2.D6));
        p = p.fma(r, DoubleVector.broadcast(r.species(), Exp2.D5));
        p = p.fma(r, DoubleVector.broadcast(r.species(), Exp2.D4));
        p = p.fma(r, DoubleVector.broadcast(r.species(), Exp2.D3));
        p = p.fma(r, DoubleVector.broadcast(r.species(), Exp2.D2));
        p = p.fma(r, DoubleVector.broadcast(r.species(), Exp2.D1));
        p = p.fma(r, DoubleVector.broadcast(r.species(), Exp2.D0));
        p = p.fma(r, DoubleVector.broadcast(r.species(), 1));
        return p.reinterpretAsLongs()
                .add(t.reinterpretAsLongs().lanewise(VectorOperators.LSHL, 52))
                .reinterpretAsDoubles();
    }

    /** 2^x for x below 127. */
    public static FloatVector of(FloatVector x) {
        FloatVector clamped = x.max(Exp2.LOWEST_FLOAT);
        FloatVector t = clamped.add(Exp2.MAGIC_FLOAT);
        FloatVector r = clamped.sub(t.sub(Exp2.MAGIC_FLOAT));
        FloatVector p = FloatVector.broadcast(r.species(), Exp2.F5).fma(r, FloatVector.broadcast(r.species(), Exp2.F4));
        p = p.fma(r, FloatVector.broadcast(r.species(), Exp2.F3));
        p = p.fma(r, FloatVector.broadcast(r.species(), Exp2.F2));
        p = p.fma(r, FloatVector.broadcast(r.species(), Exp2.F1));
        p = p.fma(r, FloatVector.broadcast(r.species(), Exp2.F0));
        p = p.fma(r, FloatVector.broadcast(r.species(), 1));
        return p.reinterpretAsInts()
                .add(t.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23))
                .reinterpretAsFloats();
    }
}
