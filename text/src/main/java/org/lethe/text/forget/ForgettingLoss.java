package org.lethe.text.forget;

import java.util.function.Supplier;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Check;
import org.lethe.numerics.Keyed;
import org.lethe.text.TokenBatch;
import org.lethe.text.TokenScores;
import org.lethe.text.model.Transformer;
import org.lethe.torch.Devices;
import org.lethe.torch.Tensors;

/**
 * The losses of forgetting that are a formula each; lowering one makes a model forget the samples of a batch.
 *
 * <p>Each gives one number per sample, so that weights multiply it before the {@linkplain Reduction reduction}. With p_t the
 * probability of scored token t, n the number of scored tokens of a sample, CE = −(1/n) Σ log p_t, and ρ = log p − log p_ref
 * the sum over its tokens. Forms and defaults are those of the open-unlearning framework, unless a comment says otherwise.
 */
public sealed interface ForgettingLoss {
    /** How the losses of samples become that of a batch. */
    Reduction reduction();

    /** Whether the model at the start is read. */
    boolean usesReference();

    /**
     * The loss of each sample, {@code [rows]}, with gradients for the model.
     *
     * @param model that forgets
     * @param reference the model at the start, frozen; the model itself where it is not used
     * @param batch of samples to forget
     * @param refusals the same prompts with answers that decline, row by row; asked only by losses that need it
     */
    Tensor of(Transformer model, Transformer reference, TokenBatch batch, Supplier<TokenBatch> refusals);

    /** A loss that reads nothing but the samples themselves. */
    sealed interface OfSamples extends ForgettingLoss, SampleLoss {
        @Override
        default Tensor of(Transformer model, Transformer reference, TokenBatch batch, Supplier<TokenBatch> refusals) {
            return of(model, reference, batch);
        }
    }

    /** A quantity of a model that is not trained, without a graph. */
    private static Tensor frozen(Supplier<Tensor> quantity) {
        try (var _ = new NoGradGuard()) {
            return quantity.get();
        }
    }

    /** ρ of each sample: how much more likely its answer is than at the start, {@code [rows]}. */
    private static Tensor ratios(Transformer model, Transformer reference, TokenBatch batch) {
        Tensor start = frozen(() -> TokenScores.of(reference, batch).logProbabilities());
        return TokenScores.of(model, batch).logProbabilities().sub(start);
    }

    /** −(2/β) log σ(β margin). */
    private static Tensor preference(Tensor margin, double beta) {
        return torch.log_sigmoid(margin.mul(new Scalar(beta))).mul(new Scalar(-2 / beta));
    }

    private static void requireBeta(double beta) {
        Check.require(beta > 0 && beta <= 1e6, "beta", beta, "above 0, at most 1e6");
    }

    private static void requireExponent(String name, double exponent) {
        Check.require(exponent >= 0 && exponent <= 1e6, name, exponent, "0 to 1e6");
    }

    /**
     * Gradient ascent: −CE. It has no lower bound, which is why a course stops at the cross-entropy of a uniform guess.
     *
     * @param reduction token (as a causal model's loss) or sample
     */
    record GradientAscent(Reduction reduction) implements OfSamples {
        public GradientAscent() {
            this(Reduction.TOKEN);
        }

        @Override
        public boolean usesReference() {
            return false;
        }

        @Override
        public Tensor of(Transformer model, Transformer reference, TokenBatch batch) {
            return TokenScores.of(model, batch).crossEntropies().neg();
        }
    }

    /**
     * Negative preference optimisation (Zhang et al. 2024, arXiv 2404.05868): −(2/β) log σ(−β ρ).
     *
     * <p>Its gradient is that of gradient ascent on the sum of log p times 2 p^β / (p^β + p_ref^β): 1 at the start, 0 once
     * forgotten.
     *
     * @param beta sharpness; towards 0 the loss becomes gradient ascent
     * @param normalise whether ρ is a mean over tokens instead of the paper's sum
     */
    record Npo(double beta, boolean normalise) implements OfSamples {
        public Npo {
            requireBeta(beta);
        }

        public Npo() {
            this(0.1, false);
        }

        @Override
        public Reduction reduction() {
            return Reduction.SAMPLE;
        }

        @Override
        public boolean usesReference() {
            return true;
        }

        @Override
        public Tensor of(Transformer model, Transformer reference, TokenBatch batch) {
            if (!normalise) {
                return preference(ratios(model, reference, batch).neg(), beta);
            }
            Tensor start = frozen(() -> TokenScores.of(reference, batch).crossEntropies());
            return preference(TokenScores.of(model, batch).crossEntropies().sub(start), beta);
        }
    }

    /**
     * SimNPO (Fan et al. 2024, arXiv 2410.07163): −(2/β) log σ(β (CE − δ)), without a reference.
     *
     * @param beta sharpness
     * @param delta cross-entropy beyond which forgetting slows down
     */
    record SimNpo(double beta, double delta) implements OfSamples {
        public SimNpo {
            requireBeta(beta);
            Check.require(delta >= 0 && delta <= 1e6, "delta", delta, "0 to 1e6");
        }

        public SimNpo() {
            this(4.5, 0);
        }

        @Override
        public Reduction reduction() {
            return Reduction.SAMPLE;
        }

        @Override
        public boolean usesReference() {
            return false;
        }

        @Override
        public Tensor of(Transformer model, Transformer reference, TokenBatch batch) {
            return preference(TokenScores.of(model, batch).crossEntropies().sub(new Scalar(delta)), beta);
        }
    }

    /**
     * Weighted gradient ascent (Wang et al. 2025, arXiv 2502.19301): −mean of p_t^β CE_t, with the power kept constant. Tokens
     * already forgotten weigh little.
     *
     * @param beta exponent
     * @param reduction token (as published) or sample
     */
    record Wga(double beta, Reduction reduction) implements OfSamples {
        public Wga {
            requireExponent("beta", beta);
        }

        public Wga() {
            this(1, Reduction.TOKEN);
        }

        @Override
        public boolean usesReference() {
            return false;
        }

        @Override
        public Tensor of(Transformer model, Transformer reference, TokenBatch batch) {
            TokenScores scores = TokenScores.of(model, batch);
            Tensor weights = scores.tokens().detach().mul(new Scalar(beta)).exp();
            return scores.means(weights.mul(scores.tokens()));
        }
    }

    /**
     * Saturation and importance (Yang et al. 2025, arXiv 2505.11953): −mean of p_t^β1 (1 − p_t)^β2 CE_t, with both powers kept
     * constant.
     *
     * @param beta1 exponent of saturation
     * @param beta2 exponent of importance
     * @param reduction token (as published) or sample
     */
    record SatImp(double beta1, double beta2, Reduction reduction) implements OfSamples {
        public SatImp {
            requireExponent("beta1", beta1);
            requireExponent("beta2", beta2);
        }

        public SatImp() {
            this(5, 1, Reduction.TOKEN);
        }

        @Override
        public boolean usesReference() {
            return false;
        }

        @Override
        public Tensor of(Transformer model, Transformer reference, TokenBatch batch) {
            TokenScores scores = TokenScores.of(model, batch);
            Tensor log = scores.tokens().detach();
            Tensor rest = log.expm1().neg(); // 1 − p
            Tensor weights = log.mul(new Scalar(beta1)).exp().mul(rest.pow(new Scalar(beta2)));
            return scores.means(weights.mul(scores.tokens()));
        }
    }

    /**
     * UNDIAL (Dong et al. 2024, arXiv 2402.10052): cross-entropy to softmax(reference logits − β on the true token).
     *
     * <p>Over scored positions alone. The published code also counts prompt and padding and indexes with −100, which is a defect.
     *
     * @param beta how far the true token's logit is lowered
     * @param reduction token (as published) or sample
     */
    record Undial(double beta, Reduction reduction) implements OfSamples {
        public Undial {
            requireBeta(beta);
        }

        public Undial() {
            this(10, Reduction.TOKEN);
        }

        @Override
        public boolean usesReference() {
            return true;
        }

        @Override
        public Tensor of(Transformer model, Transformer reference, TokenBatch batch) {
            Tensor target = frozen(() -> {
                Tensor logits = TokenScores.of(reference, batch).logits();
                Tensor truth = torch.zeros_like(logits)
                        .scatter(1, batch.labels().unsqueeze(1), new Scalar(beta)); // [scored, vocabulary]
                return torch.softmax(logits.sub(truth), 1);
            });
            TokenScores scores = TokenScores.of(model, batch);
            return scores.means(crossEntropies(target, scores.logits()));
        }
    }

    /** Cross-entropies of predictions to distributions, {@code [scored]}. */
    private static Tensor crossEntropies(Tensor target, Tensor logits) {
        return target.mul(torch.log_softmax(logits, 1)).sum(1).neg();
    }

    /**
     * CE-U (Yang 2025, arXiv 2503.01224): cross-entropy to the model's own prediction without the true token, kept constant. The
     * first scored token is left out, as published; a sample of one token has loss 0.
     *
     * @param reduction token or sample
     */
    record CeU(Reduction reduction) implements OfSamples {
        public CeU() {
            this(Reduction.TOKEN);
        }

        @Override
        public boolean usesReference() {
            return false;
        }

        @Override
        public Tensor of(Transformer model, Transformer reference, TokenBatch batch) {
            TokenScores scores = TokenScores.of(model, batch);
            Tensor target = torch.softmax(
                    scores.logits()
                            .detach()
                            .scatter(1, batch.labels().unsqueeze(1), new Scalar(Double.NEGATIVE_INFINITY)),
                    1);
            float[] counted = new float[batch.scored()];
            int at = 0;
            for (int count : batch.counts()) {
                for (int t = 0; t < count; t++) {
                    counted[at++] = t == 0 ? 0 : (float) count / (count - 1); // means() divides by count
                }
            }
            Tensor factors = Tensors.of(counted, counted.length).to(target.device(), target.scalar_type());
            return scores.means(crossEntropies(target, scores.logits()).mul(factors));
        }
    }

    /**
     * Primal-dual unlearning: the mean over scored tokens of (largest logit − mean logit)², which flattens predictions. The factor
     * of the retain loss is its dual variable, see {@link Unlearning.Dual}.
     *
     * @param reduction token or sample
     */
    record Pdu(Reduction reduction) implements OfSamples {
        public Pdu() {
            this(Reduction.TOKEN);
        }

        @Override
        public boolean usesReference() {
            return false;
        }

        @Override
        public Tensor of(Transformer model, Transformer reference, TokenBatch batch) {
            TokenScores scores = TokenScores.of(model, batch);
            Tensor margin = scores.logits()
                    .amax(new long[] {1}, false)
                    .sub(scores.logits().mean(1));
            return scores.means(margin.square());
        }
    }

    /**
     * RMU (Li et al. 2024, arXiv 2403.03218): the mean squared distance of hidden states at scored tokens from c·u, a random
     * direction.
     *
     * <p>u is uniform in [0, 1)^d, scaled to length 1, and a function of seed and d alone.
     *
     * @param layer number of blocks after which states are taken; 0 for half of them
     * @param scale c, the length of the target
     * @param seed of the direction
     * @param reduction token or sample
     */
    record Rmu(int layer, double scale, long seed, Reduction reduction) implements OfSamples {
        public Rmu {
            Check.require(layer >= 0, "layer", layer, "at least 0");
            Check.require(scale > 0 && scale <= 1e6, "scale", scale, "above 0, at most 1e6");
        }

        public Rmu() {
            this(0, 2, 42, Reduction.TOKEN);
        }

        @Override
        public boolean usesReference() {
            return false;
        }

        @Override
        public Tensor of(Transformer model, Transformer reference, TokenBatch batch) {
            float[] target = control(model.architecture().dims());
            return of(model, batch, Devices.on(Tensors.of(target, target.length), model.device()));
        }

        /** The same towards a given state, {@code [dims]}. */
        Tensor of(Transformer model, TokenBatch batch, Tensor control) {
            Tensor distance = states(model, batch, layer).sub(control).square().mean(1); // [scored]
            return new TokenScores(batch, distance, distance).means(distance);
        }

        /** c·u for states of a width. */
        float[] control(int dims) {
            Keyed key = Keyed.seed(seed).of("rmu");
            double[] u = new double[dims];
            double squares = 0;
            for (int d = 0; d < dims; d++) {
                u[d] = Keyed.unit(key.at(d));
                squares += u[d] * u[d];
            }
            float[] target = new float[dims];
            for (int d = 0; d < dims; d++) {
                target[d] = (float) (scale * u[d] / Math.sqrt(squares));
            }
            return target;
        }

        /** Residual stream after a block at the scored tokens themselves, float32, {@code [scored, dims]}. */
        static Tensor states(Transformer model, TokenBatch batch, int layer) {
            int blocks = model.architecture().layers();
            Check.require(layer <= blocks, "layer", layer, "at most " + blocks + ", the blocks of the model");
            Tensor stream = model.stream(batch.ids(), batch.mask(), layer == 0 ? (blocks + 1) / 2 : layer);
            // places are those of predictions in rows of time − 1; a token stands one further, and one more for each
            // row
            Tensor own = batch.places().add(batch.rows()).add(new Scalar(1));
            return stream.reshape(-1, stream.size(2)).index_select(0, own).to(ScalarType.Float);
        }
    }

    /**
     * Direct preference of refusals over the answers to forget: −(2/β) log σ(β (ρ of the refusal − ρ of the answer)). It is
     * 2/β times the loss of DPO.
     *
     * @param beta sharpness
     */
    record IdkDpo(double beta) implements ForgettingLoss {
        public IdkDpo {
            requireBeta(beta);
        }

        public IdkDpo() {
            this(0.1);
        }

        @Override
        public Reduction reduction() {
            return Reduction.SAMPLE;
        }

        @Override
        public boolean usesReference() {
            return true;
        }

        @Override
        public Tensor of(Transformer model, Transformer reference, TokenBatch batch, Supplier<TokenBatch> refusals) {
            return preference(ratios(model, reference, refusals.get()).sub(ratios(model, reference, batch)), beta);
        }
    }

    /**
     * Cross-entropy of refusals to the prompts of the samples to forget.
     *
     * @param reduction token or sample; tokens are counted as in the samples to forget
     */
    record Idk(Reduction reduction) implements ForgettingLoss {
        public Idk() {
            this(Reduction.SAMPLE);
        }

        @Override
        public boolean usesReference() {
            return false;
        }

        @Override
        public Tensor of(Transformer model, Transformer reference, TokenBatch batch, Supplier<TokenBatch> refusals) {
            return TokenScores.of(model, refusals.get()).crossEntropies();
        }
    }

    /**
     * A loss of somebody else's.
     *
     * @param formula of single samples
     * @param reduction token or sample
     */
    record Given(SampleLoss formula, Reduction reduction) implements ForgettingLoss {
        @Override
        public boolean usesReference() {
            return true;
        }

        @Override
        public Tensor of(Transformer model, Transformer reference, TokenBatch batch, Supplier<TokenBatch> refusals) {
            return formula.of(model, reference, batch);
        }
    }
}
