package org.lethe.text;

import static org.lethe.Check.require;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.zip.Deflater;
import org.lethe.statistics.Auc;
import org.lethe.statistics.Statistics;

/**
 * Scores that tell texts a model was trained on from texts it never saw.
 *
 * <p>A <b>high</b> score speaks for a text that is <b>not</b> a member. The area of forget against holdout texts is
 * then 1 where the forget set still looks like training data, and 1/2 where it looks like text never seen.
 * Log-probabilities are natural ones, of the tokens of an answer given all before them.
 */
public final class MembershipScores {
    /** The share of least likely tokens that min-k looks at, as in open-unlearning. */
    public static final double FRACTION = 0.4;

    /** The least variance that min-k++ divides by. */
    static final double LEAST_VARIANCE = 1e-6;

    private MembershipScores() {}

    /** The loss: CE, the mean of minus the log-probabilities (Yeom et al. 2018). */
    public static double loss(double[] logProbabilities) {
        return -Statistics.mean(logProbabilities("logProbabilities", logProbabilities));
    }

    /**
     * The loss per byte of the compressed text, so that plain texts do not pass for known ones (Carlini et al. 2021).
     */
    public static double zlib(double[] logProbabilities, String text) {
        return loss(logProbabilities) / compressedBytes(text);
    }

    /**
     * Bytes of a text in UTF-8 under zlib at level 6, header and checksum included, as Python's {@code zlib.compress}
     * gives.
     *
     * <p>The level is set, not left to the platform's default. A JDK that is linked to another library than zlib
     * itself, such as zlib-ng, may still differ by a few bytes on long texts.
     */
    public static int compressedBytes(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        byte[] buffer = new byte[4096];
        int count = 0;
        try (Deflater deflater = new Deflater(6)) {
            deflater.setInput(bytes);
            deflater.finish();
            while (!deflater.finished()) {
                count += deflater.deflate(buffer);
            }
        }
        return count;
    }

    /**
     * Min-k: minus the mean of the lowest log-probabilities (Shi et al. 2024). A text never seen has a few tokens that
     * surprise.
     *
     * @param fraction share of the tokens that count, above 0 up to 1; at least one token does
     */
    public static double minK(double[] logProbabilities, double fraction) {
        return lowest(logProbabilities("logProbabilities", logProbabilities).clone(), fraction);
    }

    /**
     * Min-k++: the same after each log-probability is standardised under the model's own distribution at that place
     * (Zhang et al. 2024), so that places where anything may follow count less.
     *
     * @param means Σ p log p over the vocabulary, at each token
     * @param sds standard deviation of log p under p, at each token; its square counts as at least 10⁻⁶
     */
    public static double minKPlusPlus(double[] logProbabilities, double[] means, double[] sds, double fraction) {
        int n = logProbabilities("logProbabilities", logProbabilities).length;
        require(means.length == n, "means.length", means.length, "as logProbabilities, " + n);
        require(sds.length == n, "sds.length", sds.length, "as logProbabilities, " + n);
        logProbabilities("means", means);
        double[] standardised = new double[n];
        for (int i = 0; i < n; i++) {
            require(sds[i] >= 0 && Double.isFinite(sds[i]), "sds[" + i + "]", sds[i], "a finite number of at least 0");
            standardised[i] = (logProbabilities[i] - means[i]) / Math.sqrt(Math.max(sds[i] * sds[i], LEAST_VARIANCE));
        }
        return lowest(standardised, fraction);
    }

    /** The gradient norm: the mean over the weight tensors of the norm of a sample's gradient. */
    public static double gradientNorm(double[] norms) {
        require(norms.length >= 1, "norms.length", norms.length, "at least 1");
        for (int i = 0; i < norms.length; i++) {
            require(
                    norms[i] >= 0 && Double.isFinite(norms[i]),
                    "norms[" + i + "]",
                    norms[i],
                    "a finite number of at least 0");
        }
        return Statistics.mean(norms);
    }

    /** The loss beyond that of a reference model, which takes out how hard a text is (Carlini et al. 2021). */
    public static double reference(double[] logProbabilities, double[] referenceLogProbabilities) {
        require(
                referenceLogProbabilities.length == logProbabilities.length,
                "referenceLogProbabilities.length",
                referenceLogProbabilities.length,
                "as logProbabilities, " + logProbabilities.length);
        return loss(logProbabilities) - loss(referenceLogProbabilities);
    }

    /**
     * The area for the scores of forget texts and of texts that no model saw: 1 where the forget set still looks
     * learnt.
     */
    public static Auc auc(double[] forget, double[] holdout) {
        return Auc.of(holdout, forget);
    }

    /**
     * PrivLeak of MUSE (Shi et al. 2024): 100 · ((1 − AUC) − (1 − AUC_retrain)) / (1 − AUC_retrain). Its target is
     * 0; below, too little was unlearnt, above, so much that the forget set stands out.
     *
     * @param value in percent; absent where the retrained area is 1, which nothing can be divided by
     * @param auc of the unlearned model
     * @param retrained of the model trained without the forget set; near 1, the value runs into thousands and says
     * little
     */
    public record PrivLeak(OptionalDouble value, double auc, double retrained) {
        public PrivLeak {
            require(auc >= 0 && auc <= 1, "auc", auc, "between 0 and 1");
            require(retrained >= 0 && retrained <= 1, "retrained", retrained, "between 0 and 1");
        }
    }

    /** PrivLeak of two areas; without a retrained model, its area counts as 1/2. */
    public static PrivLeak privLeak(Auc auc, Optional<Auc> retrained) {
        double base = retrained.map(Auc::value).orElse(0.5);
        OptionalDouble value =
                base == 1 ? OptionalDouble.empty() : OptionalDouble.of(100 * (base - auc.value()) / (1 - base));
        return new PrivLeak(value, auc.value(), base);
    }

    /** Minus the mean of the lowest values; sorts them. */
    private static double lowest(double[] values, double fraction) {
        require(fraction > 0 && fraction <= 1, "fraction", fraction, "above 0, at most 1");
        Arrays.sort(values);
        return -Statistics.mean(Arrays.copyOf(values, Math.max(1, (int) (fraction * values.length))));
    }

    private static double[] logProbabilities(String name, double[] values) {
        require(values.length >= 1, name + ".length", values.length, "at least 1 token");
        for (int i = 0; i < values.length; i++) {
            require(
                    values[i] <= 0 && Double.isFinite(values[i]),
                    name + "[" + i + "]",
                    values[i],
                    "a finite log-probability of at most 0");
        }
        return values;
    }
}
