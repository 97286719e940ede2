package org.lethe.text.forget;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Check;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.numerics.Keyed;
import org.lethe.text.Encoded;
import org.lethe.text.model.Transformer;

/**
 * Memory removal difficulty of single samples (Feng et al. 2025, arXiv 2504.06658): how much a small Gaussian change δ of the
 * parameters changes the log-probabilities P_t of a sample's tokens, |E_δ Σ_t (P_t(θ) − P_t(θ + δ)) / P_t(θ)|.
 *
 * <p><b>A large value means easy to forget</b>, a small one a robust memory; {@link Scores#difficultyRank} counts from the easiest.
 * For small σ the value is (σ²/2) |Σ_t tr(H_t) / P_t| with H_t the Hessian of P_t (theorem 3.2).
 *
 * <p>The paper's estimate, from one side at σ = 1e-5, is mostly noise: its standard deviation is σ times the length of the gradient
 * of Σ log P_t, some hundred times its mean on a small story model. {@link Antithetic} cancels that part exactly and is the
 * default. All samples see the same draws, so that K draws cost K changes of the parameters and 2K + 1 readings of the samples.
 *
 * @param estimator antithetic, paper, hutchinson or fisher
 * @param tokens which tokens count: answer, or all
 * @param parameters change only parameters whose name contains this text; all where it is empty
 * @param batch samples read side by side
 */
public record Mrd(Estimator estimator, Tokens tokens, String parameters, int batch) {
    /** The tokens that count. */
    public enum Tokens {
        /** Those of the answer and the end token. */
        ANSWER,
        /** All but the first, as in the paper's code. */
        ALL
    }

    /** How the expectation is estimated. */
    public sealed interface Estimator {}

    /**
     * Each draw is applied with both signs and averaged, which cancels all odd orders.
     *
     * @param draws pairs
     * @param sigma standard deviation of δ; none to find one where the score grows with σ², see {@link Mrd}
     */
    @Named("antithetic")
    public record Antithetic(int draws, Optional<Double> sigma) implements Estimator {
        public Antithetic {
            requireDraws("draws", draws);
            sigma.ifPresent(Mrd::requireSigma);
        }

        public Antithetic() {
            this(10, Optional.empty());
        }
    }

    /**
     * The form of the paper's code: one side, fixed σ, clipped.
     *
     * @param draws draws for each sample
     * @param sigma standard deviation of δ
     * @param clip largest score
     * @param inside whether each draw's absolute value is averaged, as in a re-implementation, instead of the signed values
     * @param perSample whether each sample has draws of its own, which costs as many changes of the parameters
     */
    @Named("paper")
    public record Paper(int draws, double sigma, double clip, boolean inside, boolean perSample) implements Estimator {
        public Paper {
            requireDraws("draws", draws);
            requireSigma(sigma);
            Check.require(clip > 0, "clip", clip, "above 0");
        }

        public Paper() {
            this(10, 1e-5, 2, false, true);
        }
    }

    /**
     * Σ_t tr(H_t)/P_t = E_r[r'∇(r·∇ Σ_t P_t/c_t)] with random signs r and c_t = P_t kept constant. One double backward for each
     * probe and sample. The score is that of σ = 1.
     *
     * @param probes random sign vectors for each sample
     */
    @Named("hutchinson")
    public record Hutchinson(int probes) implements Estimator {
        public Hutchinson {
            requireDraws("probes", probes);
        }

        public Hutchinson() {
            this(10);
        }
    }

    /**
     * tr(H_t) ≈ −E_v|∇ log p(v)|², with v drawn by the model itself, which leaves out the curvature of the logits: exact for a linear
     * head, near for memorised tokens. Σ_t of it over |P_t| is E|∇ Σ_t s_t |P_t|^(−1/2) log p(v_t)|² with random signs s_t. One
     * backward for each probe and sample. The score is that of σ = 1.
     *
     * @param probes drawn labels for each sample
     */
    @Named("fisher")
    public record Fisher(int probes) implements Estimator {
        public Fisher {
            requireDraws("probes", probes);
        }

        public Fisher() {
            this(10);
        }
    }

    /** Tokens nearer to 0 are left out: their relative change is rounding. */
    static final double SMALLEST = 1e-6;

    /** The same for the paper's code, where p is a float that becomes 1. */
    private static final double SMALLEST_OF_PAPER = 6e-8;

    private static final double FIRST_SHARE = 1e-2; // of the root mean square of the parameters
    private static final int MOST_HALVINGS = 12;
    private static final int PILOTS = 8;

    public Mrd {
        Check.require(batch >= 1, "batch", batch, "at least 1");
    }

    /** Ten antithetic pairs on the answers, with σ found automatically. */
    public Mrd() {
        this(new Antithetic(), Tokens.ANSWER, "", 32);
    }

    /** The same with another estimator. */
    public Mrd with(Estimator other) {
        return new Mrd(other, tokens, parameters, batch);
    }

    private static void requireDraws(String name, int count) {
        Check.require(count >= 1 && count <= 1_000_000, name, count, "1 to 1,000,000");
    }

    private static void requireSigma(double sigma) {
        Check.require(sigma >= 0 && sigma <= 1e6, "sigma", sigma, "0 to 1e6");
    }

    /**
     * The scores of samples.
     *
     * @param signed estimate of E Σ_t (P_t − P_t') / P_t of each sample; of the paper's {@code inside} form, of its absolute value
     * @param score its absolute value, clipped where the estimator clips
     * @param standardError of the signed value, over draws; 0 for a single draw
     * @param ofSequence |E (Σ P_t − Σ P_t') / Σ P_t|, a second score that no small P_t can blow up; empty for estimators of traces
     * @param counted tokens of each sample that count
     * @param skipped tokens of each sample left out because P_t is nearly 0
     * @param sigma standard deviation of δ
     */
    public record Scores(
            double[] signed,
            double[] score,
            double[] standardError,
            double[] ofSequence,
            int[] counted,
            int[] skipped,
            double sigma) {
        /** score / σ², which is comparable between runs: half the ratio of traces. */
        public double[] normalised() {
            return each(i -> sigma == 0 ? 0 : score[i] / (sigma * sigma));
        }

        /** The mean over tokens, which does not grow with the length of a sample. */
        public double[] perToken() {
            return each(i -> counted[i] == 0 ? 0 : score[i] / counted[i]);
        }

        /** The place of each sample in the order from the easiest, which has the largest score, to the hardest; from 0. */
        public int[] difficultyRank() {
            int[] order = IntStream.range(0, score.length)
                    .boxed()
                    .sorted(Comparator.comparingDouble(i -> -score[i]))
                    .mapToInt(i -> i)
                    .toArray();
            int[] rank = new int[order.length];
            for (int place = 0; place < order.length; place++) {
                rank[order[place]] = place;
            }
            return rank;
        }

        private double[] each(ToDoubleFunction<Integer> value) {
            return IntStream.range(0, score.length)
                    .mapToDouble(i -> value.applyAsDouble(i))
                    .toArray();
        }
    }

    /** The scores of samples under a transformer, whose parameters are the same bits afterwards. */
    public Scores of(Transformer model, List<Encoded> samples, Keyed key) {
        List<Encoded> read = tokens == Tokens.ANSWER
                ? samples
                : samples.stream().map(s -> new Encoded(s.ids(), 1)).toList();
        return of(Scored.of(model, read, parameters, batch), key);
    }

    /** The scores of samples under any model. */
    public Scores of(Scored model, Keyed key) {
        model.parameters()
                .forEach((name, tensor) -> Check.require(
                        tensor.scalar_type().intern() == ScalarType.Float
                                || tensor.scalar_type().intern() == ScalarType.Double,
                        "type of " + name,
                        tensor.scalar_type(),
                        "float32 or float64, as small changes vanish in fewer digits"));
        return switch (estimator) {
            case Antithetic a -> {
                double sigma = a.sigma.orElseGet(() -> quadratic(model, a.draws, key));
                yield new Sums(model, SMALLEST)
                        .draw(model, a.draws, sigma, true, key)
                        .scores(sigma, false, Double.POSITIVE_INFINITY);
            }
            case Paper p -> paper(model, p, key);
            case Hutchinson h -> traces(model, h.probes, key, TraceProbe::hutchinson);
            case Fisher f -> traces(model, f.probes, key, TraceProbe::fisher);
        };
    }

    private static Scores paper(Scored model, Paper p, Keyed key) {
        Sums sums = new Sums(model, SMALLEST_OF_PAPER);
        if (p.perSample) {
            for (int i = 0; i < model.size(); i++) {
                Scored one = model.only(i);
                sums.part(i, new Sums(one, SMALLEST_OF_PAPER).draw(one, p.draws, p.sigma, false, key.of(i)));
            }
        } else {
            sums.draw(model, p.draws, p.sigma, false, key);
        }
        return sums.scores(p.sigma, p.inside, p.clip);
    }

    /**
     * A σ at which the score is still quadratic: a hundredth of the parameters' root mean square, halved until doubling it makes
     * the score of a few samples 4 times as large, within a tenth.
     */
    private static double quadratic(Scored model, int draws, Keyed key) {
        double squares = 0;
        long elements = 0;
        try (var _ = new PointerScope()) {
            for (Tensor tensor : model.parameters().values()) {
                squares += tensor.detach().to(ScalarType.Double).square().sum().item_double();
                elements += tensor.numel();
            }
        }
        double sigma = FIRST_SHARE * Math.sqrt(squares / elements);
        Check.require(sigma > 0, "parameters", "0 everywhere", "a trained model");
        int count = Math.min(PILOTS, model.size());
        int[] pilots = new int[count];
        for (int n = 0; n < count; n++) {
            pilots[n] = (int) ((long) n * model.size() / count);
        }
        Scored few = model.only(pilots);
        double ratio = Double.NaN;
        double larger = total(few, draws, 2 * sigma, key);
        for (int n = 0; n < MOST_HALVINGS; n++) {
            double smaller = total(few, draws, sigma, key);
            ratio = larger / (4 * smaller);
            if (Math.abs(ratio - 1) < 0.1) {
                return sigma;
            }
            sigma /= 2;
            larger = smaller;
        }
        throw new LetheException(
                LetheException.Code.NUMERIC,
                String.format(
                        Locale.ROOT,
                        "mrd: the score is quadratic in sigma at no value from %.3g up; the last ratio of a doubling"
                                + " is %.3g times the expected one. Set sigma, or draw more",
                        sigma,
                        ratio));
    }

    private static double total(Scored few, int draws, double sigma, Keyed key) {
        return Arrays.stream(new Sums(few, SMALLEST)
                        .draw(few, draws, sigma, true, key)
                        .scores(sigma, false, Double.POSITIVE_INFINITY)
                        .score)
                .sum();
    }

    /** Draws of relative changes, added up by sample. */
    private static final class Sums {
        private final double[][] start;
        private final double smallest;
        private final double[] sum;
        private final double[] squares;
        private final double[] absolute;
        private final double[] sequence;
        private int draws;

        Sums(Scored model, double smallest) {
            this.smallest = smallest;
            start = model.read();
            sum = new double[start.length];
            squares = new double[start.length];
            absolute = new double[start.length];
            sequence = new double[start.length];
        }

        Sums draw(Scored model, int count, double sigma, boolean bothSides, Keyed key) {
            draws = count;
            if (sigma == 0) {
                return this;
            }
            MovedParameters moved = new MovedParameters(model.parameters());
            try (var _ = moved) {
                for (int k = 0; k < count; k++) {
                    moved.draw(sigma, key.of(k));
                    double[][] one = model.read();
                    double[][] other = one;
                    if (bothSides) {
                        moved.reflect();
                        other = model.read();
                    }
                    for (int i = 0; i < start.length; i++) {
                        add(i, one[i], other[i]);
                    }
                }
            }
            return this;
        }

        private void add(int i, double[] one, double[] other) {
            double change = 0;
            double whole = 0;
            double all = 0;
            for (int t = 0; t < one.length; t++) {
                double p = start[i][t];
                double difference = p - 0.5 * (one[t] + other[t]);
                whole += difference;
                all += p;
                if (Math.abs(p) >= smallest) {
                    change += difference / p;
                }
            }
            if (!Double.isFinite(change)) {
                throw new LetheException(
                        LetheException.Code.NUMERIC,
                        "mrd: the change of sample " + i + " is " + change + "; a smaller sigma may help");
            }
            sum[i] += change;
            squares[i] += change * change;
            absolute[i] += Math.abs(change);
            sequence[i] += all == 0 ? 0 : whole / all;
        }

        void part(int i, Sums alone) {
            draws = alone.draws;
            sum[i] = alone.sum[0];
            squares[i] = alone.squares[0];
            absolute[i] = alone.absolute[0];
            sequence[i] = alone.sequence[0];
        }

        Scores scores(double sigma, boolean inside, double clip) {
            int n = start.length;
            double[] signed = new double[n];
            double[] score = new double[n];
            double[] error = new double[n];
            double[] ofSequence = new double[n];
            int[] skipped = skipped();
            int[] counted = new int[n];
            for (int i = 0; i < n; i++) {
                signed[i] = (inside ? absolute[i] : sum[i]) / draws;
                score[i] = Math.min(clip, Math.abs(signed[i]));
                error[i] = standardError(signed[i], squares[i], draws);
                ofSequence[i] = Math.abs(sequence[i] / draws);
                counted[i] = start[i].length - skipped[i];
            }
            return new Scores(signed, score, error, ofSequence, counted, skipped, sigma);
        }

        int[] skipped() {
            return Arrays.stream(start)
                    .mapToInt(row -> (int) Arrays.stream(row)
                            .filter(p -> Math.abs(p) < smallest)
                            .count())
                    .toArray();
        }
    }

    private static double standardError(double mean, double squares, int draws) {
        return draws < 2 ? 0 : Math.sqrt(Math.max(0, squares / draws - mean * mean) / (draws - 1));
    }

    private static Scores traces(Scored model, int probes, Keyed key, TraceProbe probe) {
        Map<String, Tensor> parameters = model.parameters();
        Sums start = new Sums(model, SMALLEST);
        int n = model.size();
        double[] signed = new double[n];
        double[] score = new double[n];
        double[] error = new double[n];
        int[] skipped = start.skipped();
        int[] counted = new int[n];
        List<String> frozen = new ArrayList<>();
        parameters.forEach((name, tensor) -> {
            if (!tensor.requires_grad()) {
                frozen.add(name);
                tensor.set_requires_grad(true);
            }
        });
        try {
            for (int i = 0; i < n; i++) {
                double sum = 0;
                double squares = 0;
                for (int k = 0; k < probes; k++) {
                    double value = -0.5 * probe.of(model, i, parameters, key.of(k));
                    if (!Double.isFinite(value)) {
                        throw new LetheException(
                                LetheException.Code.NUMERIC, "mrd: the trace of sample " + i + " is " + value);
                    }
                    sum += value;
                    squares += value * value;
                }
                signed[i] = sum / probes;
                score[i] = Math.abs(signed[i]);
                error[i] = standardError(signed[i], squares, probes);
                counted[i] = start.start[i].length - skipped[i];
            }
        } finally {
            frozen.forEach(name ->
                    Optional.ofNullable(parameters.get(name)).orElseThrow().set_requires_grad(false));
        }
        return new Scores(signed, score, error, new double[0], counted, skipped, 1);
    }
}
