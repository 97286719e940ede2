package org.lethe.text.forget;

import java.util.List;
import org.lethe.Check;
import org.lethe.Named;
import org.lethe.numerics.Keyed;
import org.lethe.text.Encoded;
import org.lethe.text.model.Transformer;

/** How a method draws the samples that it forgets in a step. Only this differs between a method and its weighted form. */
public sealed interface Sampling {
    /** Every sample once in an epoch, in random order. */
    @Named("uniform")
    record Uniform() implements Sampling {}

    /** Samples drawn with replacement, by weights from a score. */
    sealed interface Weighted extends Sampling {
        /** Scores of samples under a model, whose parameters stay as they are. */
        double[] scores(Transformer model, List<Encoded> samples, Keyed key);

        /** How weights follow from scores. */
        Weighting form();

        /** Share of the uniform weights that is mixed in. */
        double uniform();

        /** Epochs after which scores are taken again; 0 for once at the start. */
        int refresh();

        /** Whether losses are divided by n·w, so that the mean gradient is that of uniform draws. */
        boolean unbiased();

        /** The weights, which sum to 1. */
        default double[] weights(double[] scores, double done) {
            return Weighting.mixed(form().of(scores, done), uniform());
        }

        /** The factor of each sample's loss: 1, or 1 / (n w). */
        default float[] factors(double[] weights, int[] chosen) {
            float[] factors = new float[chosen.length];
            for (int n = 0; n < factors.length; n++) {
                factors[n] = unbiased() ? (float) (1 / (weights.length * weights[chosen[n]])) : 1;
            }
            return factors;
        }
    }

    /**
     * By {@link Mrd}: easy samples more often, which makes CGA of gradient ascent, CNPO of NPO, and so on.
     *
     * @param score how the score is estimated
     * @param form how weights follow from scores: proportional, median-split (the authors' code), power, rank or curriculum
     * @param uniform share of uniform weights mixed in, so that every sample is drawn now and then
     * @param refresh epochs after which scores are taken again; 0 for once at the start, as the authors do
     * @param unbiased divide losses by n·w, so that the mean gradient is that of uniform draws
     */
    @Named("mrd")
    record ByMrd(Mrd score, Weighting form, double uniform, int refresh, boolean unbiased) implements Weighted {
        public ByMrd {
            requireMix(uniform, refresh);
        }

        public ByMrd() {
            this(new Mrd(), new Weighting.Proportional(), 0.2, 0, false);
        }

        @Override
        public double[] scores(Transformer model, List<Encoded> samples, Keyed key) {
            return score.of(model, samples, key).score();
        }
    }

    /**
     * By another score of samples, as a comparison for {@code mrd}.
     *
     * @param measure loss, gradient-norm, relative-gradient, length, error, gradient-projection, representation-distance or random
     * @param form how weights follow from scores: proportional, median-split, power, rank or curriculum
     * @param uniform share of uniform weights mixed in, so that every sample is drawn now and then
     * @param refresh epochs after which scores are taken again; 0 for once at the start
     * @param unbiased divide losses by n·w, so that the mean gradient is that of uniform draws
     */
    @Named("difficulty")
    record ByDifficulty(Difficulty measure, Weighting form, double uniform, int refresh, boolean unbiased)
            implements Weighted {
        private static final int SIDE_BY_SIDE = 32;

        public ByDifficulty {
            requireMix(uniform, refresh);
        }

        public ByDifficulty() {
            this(Difficulty.LOSS, new Weighting.Rank(), 0.2, 0, false);
        }

        @Override
        public double[] scores(Transformer model, List<Encoded> samples, Keyed key) {
            return measure.of(Scored.of(model, samples, "", SIDE_BY_SIDE), key);
        }
    }

    private static void requireMix(double uniform, int refresh) {
        Check.require(uniform >= 0 && uniform <= 1, "uniform", uniform, "0 to 1");
        Check.require(refresh >= 0, "refresh", refresh, "at least 0");
    }
}
