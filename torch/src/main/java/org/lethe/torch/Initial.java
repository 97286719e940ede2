package org.lethe.torch;

import org.lethe.numerics.Keyed;

/**
 * Initial weights as a function of a key and a place in the matrix, never of a position in a stream. A matrix is
 * {@code [outputs, inputs]}, row by row.
 */
public enum Initial {
    /** Uniform in ±√(6 / (inputs + outputs)) (Glorot and Bengio 2010, eq. 16). */
    XAVIER_UNIFORM {
        @Override
        double bound(int outputs, int inputs) {
            return Math.sqrt(6.0 / (inputs + outputs));
        }
    },
    /** Uniform in ±√(3 / inputs): the variance of He et al. 2015 for a layer that no rectifier follows. */
    KAIMING_UNIFORM {
        @Override
        double bound(int outputs, int inputs) {
            return Math.sqrt(3.0 / inputs);
        }
    },
    /** Zero: biases. */
    ZERO {
        @Override
        double bound(int outputs, int inputs) {
            return 0;
        }
    };

    abstract double bound(int outputs, int inputs);

    /** The weights of a key. */
    public float[] of(Keyed key, int outputs, int inputs) {
        float[] weights = new float[Math.multiplyExact(outputs, inputs)];
        double bound = bound(outputs, inputs);
        for (int n = 0; bound > 0 && n < weights.length; n++) {
            weights[n] = (float) (bound * (2 * Keyed.unit(key.at(n)) - 1));
        }
        return weights;
    }
}
