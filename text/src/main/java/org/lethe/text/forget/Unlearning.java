package org.lethe.text.forget;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Progress;
import org.lethe.numerics.Keyed;
import org.lethe.text.Encoded;
import org.lethe.text.LanguageModel;
import org.lethe.text.TokenBatch;
import org.lethe.text.model.Transformer;
import org.lethe.torch.Adapter;
import org.lethe.torch.Devices;
import org.lethe.torch.Lora;
import org.lethe.torch.Optimiser;
import org.lethe.torch.Order;
import org.lethe.torch.Parameters;
import org.lethe.torch.Schedule;
import org.lethe.torch.UpdateRule;

/**
 * The training loop that all methods of forgetting share: draw samples to forget and samples to keep, follow the sum of both losses,
 * and watch after each epoch what is forgotten and what is kept.
 *
 * <p>All draws are functions of seed and step. A loop of its own stands here, as the draws follow weights that change, and the end
 * follows what is measured. Costs a reading and a differentiation of twice the batch for each step, one more reading where the
 * model at the start is asked, and two readings of the samples to forget for each epoch.
 *
 * @param name of the method, for progress and messages
 * @param loss of forgetting
 * @param dual how α follows the loss of retaining; empty for a constant α
 * @param sampling how samples to forget are drawn
 * @param course how long, how fast and towards what
 */
public record Unlearning(String name, ForgettingLoss loss, Optional<Dual> dual, Sampling sampling, Course course) {
    private static final int SIDE_BY_SIDE = 32;

    /** A loop with uniform draws and a constant α. */
    public Unlearning(String name, ForgettingLoss loss, Course course) {
        this(name, loss, Optional.empty(), new Sampling.Uniform(), course);
    }

    /**
     * α as the dual variable of the constraint that the loss of retaining is at most a bound: it grows by
     * {@code step · (loss − bound)} after each step, and is never negative.
     *
     * @param bound largest loss of retaining that costs nothing
     * @param step how fast α follows
     * @param warmUp epochs before it moves
     */
    public record Dual(double bound, double step, int warmUp) {
        public Dual {
            Check.require(bound >= 0 && bound <= 1e6, "bound", bound, "0 to 1e6");
            Check.require(step > 0 && step <= 1e6, "step", step, "above 0, at most 1e6");
            Check.require(warmUp >= 0, "warmUp", warmUp, "at least 0");
        }

        public Dual() {
            this(0.3, 1, 5);
        }

        double next(double alpha, double retained, int epoch) {
            return epoch < warmUp ? alpha : Math.max(0, alpha + step * (retained - bound));
        }
    }

    /**
     * The samples of a run.
     *
     * @param forget samples to forget
     * @param retain samples to keep
     * @param refusals the prompts to forget with answers that decline, in the same order; may be empty
     * @param weights factor of each forgotten sample's loss, before the reduction
     */
    public record Samples(List<Encoded> forget, List<Encoded> retain, List<Encoded> refusals, float[] weights) {
        public Samples {
            forget = List.copyOf(forget);
            retain = List.copyOf(retain);
            refusals = List.copyOf(refusals);
            Check.require(!forget.isEmpty(), "samples to forget", 0, "at least 1");
            Check.require(
                    refusals.isEmpty() || refusals.size() == forget.size(),
                    "refusals",
                    refusals.size(),
                    forget.size() + ", one for each sample to forget");
            Check.require(
                    weights.length == forget.size(),
                    "weights",
                    weights.length,
                    forget.size() + ", one for each sample to forget");
        }

        /** Samples of equal weight. */
        public Samples(List<Encoded> forget, List<Encoded> retain, List<Encoded> refusals) {
            this(forget, retain, refusals, ones(forget.size()));
        }

        private static float[] ones(int count) {
            float[] ones = new float[count];
            Arrays.fill(ones, 1);
            return ones;
        }
    }

    /**
     * A point of the curve of forgetting against utility.
     *
     * @param step steps done
     * @param forgetProbability mean over samples to forget of exp(−CE)
     * @param forgetCrossEntropy mean over samples to forget of CE
     * @param retainCrossEntropy mean over some samples to keep of CE; NaN where there are none
     */
    public record Point(long step, double forgetProbability, double forgetCrossEntropy, double retainCrossEntropy) {}

    /** Why a run ended. */
    public enum End {
        /** All steps are done. */
        DONE,
        /** The mean probability of forgotten answers is low enough. */
        TARGET,
        /** The cross-entropy of forgotten answers is that of a uniform guess. */
        CEILING
    }

    /**
     * How a run went.
     *
     * @param steps steps done
     * @param end why it ended
     * @param curve points at the start and after each epoch
     * @param effectiveSamples how many samples of equal weight the draws are worth, 1 / Σ w², as a mean over steps
     */
    public record Outcome(long steps, End end, List<Point> curve, double effectiveSamples) {
        public Outcome {
            curve = List.copyOf(curve);
        }

        /** The last point. */
        public Point last() {
            return curve.getLast();
        }
    }

    /** A model that has forgotten; the given one stays as it is. */
    public LanguageModel of(LanguageModel model, Samples samples, Env env) {
        try (var _ = new PointerScope()) {
            Transformer open = model.open(env.device());
            Outcome outcome = run(open, samples, env, _ -> {});
            env.ledger().count("steps", outcome.steps);
            env.ledger().count("effective-samples", Math.round(outcome.effectiveSamples));
            return LanguageModel.of(open, model.tokenizer(), model.format());
        }
    }

    /**
     * Trains in place.
     *
     * @param watch receives each point of the curve when it is measured
     */
    public Outcome run(Transformer model, Samples samples, Env env, Consumer<Point> watch) {
        Check.require(course.alpha() == 0 || !samples.retain.isEmpty(), "samples to keep", 0, "at least 1, or alpha 0");
        Devices.ready(env.device());
        // the adapter stays with the model, and so in the scope around this call
        Optional<Adapter> adapter = course.lora() == 0
                ? Optional.empty()
                : Optional.of(new Lora(course.lora(), 2.0 * course.lora(), List.of(Lora.ALL_LINEAR))
                        .adapt(model.layers(), env.random("forgetting").of("lora")));
        try (var _ = new PointerScope()) {
            return new Loop(this, model, adapter, samples, env).run(watch);
        } finally {
            model.parameters().train(_ -> false);
        }
    }

    private static final class Loop {
        private final Unlearning settings;
        private final Course course;
        private final Transformer model;
        private final Transformer reference;
        private final Samples samples;
        private final Env env;
        private final Keyed key;
        private final Optimiser optimiser;
        private final Order order;
        private final List<Encoded> watched;
        private double[] scores = new double[0];
        private double alpha;
        private double effective; // sum over steps

        Loop(Unlearning settings, Transformer model, Optional<Adapter> adapter, Samples samples, Env env) {
            this.settings = settings;
            this.course = settings.course;
            this.model = model;
            this.samples = samples;
            this.env = env;
            key = env.random("forgetting"); // of all methods, which are then compared on the same draws
            alpha = course.alpha();
            boolean asked = course.gamma() > 0 && settings.loss.usesReference()
                    || (alpha > 0 || settings.dual.isPresent())
                            && course.retain().usesReference();
            reference = asked ? frozen(model) : model;
            model.parameters().train(_ -> adapter.isEmpty());
            adapter.ifPresent(model::adapt);
            Parameters trained = model.trained();
            optimiser = new Optimiser(
                    new UpdateRule.AdamW(course.learningRate(), course.weightDecay()), trained, Optimiser.MATRICES);
            order = new Order(samples.forget.size(), course.batch(), key.of("order"));
            int most = Math.min(samples.retain.size(), Math.max(SIDE_BY_SIDE, samples.forget.size()));
            watched = most == 0
                    ? List.of()
                    : Arrays.stream(new Order(samples.retain.size(), most, key.of("watched")).at(0))
                            .mapToObj(samples.retain::get)
                            .toList();
        }

        private static Transformer frozen(Transformer model) {
            Tensor any = model.parameters().distinct().values().iterator().next();
            Transformer copy = new Transformer(
                    model.architecture(), model.device(), any.scalar_type().intern());
            try (var _ = new NoGradGuard()) {
                copy.parameters()
                        .distinct()
                        .forEach((name, tensor) ->
                                tensor.copy_(model.parameters().tensor(name)));
            }
            return copy;
        }

        Outcome run(Consumer<Point> watch) {
            long perEpoch = order.stepsPerEpoch();
            long steps = course.epochs() * perEpoch;
            if (course.steps() > 0) {
                steps = Math.min(steps, course.steps());
            }
            Schedule schedule = new Schedule.Constant(Math.round(course.warmUp() * perEpoch));
            List<Point> curve = new ArrayList<>();
            End end = measured(0, curve, watch);
            long step = 0;
            try (Progress.Step bar = env.progress().begin(settings.name, steps)) {
                while (step < steps && end == End.DONE) {
                    int epoch = Math.toIntExact(step / perEpoch);
                    if (step % perEpoch == 0) {
                        score(epoch);
                    }
                    step(step, epoch, (double) step / steps, schedule.at(step + 1, steps + 1));
                    step++;
                    bar.advance(1);
                    if (step % perEpoch == 0 || step == steps) {
                        end = measured(step, curve, watch);
                    }
                }
            }
            model.merge();
            return new Outcome(step, end, curve, step == 0 ? samples.forget.size() : effective / step);
        }

        private void score(int epoch) {
            if (settings.sampling instanceof Sampling.Weighted weighted) {
                boolean due = epoch == 0 || weighted.refresh() > 0 && epoch % weighted.refresh() == 0;
                if (due) {
                    scores = weighted.scores(
                            model, samples.forget, key.of("scores").of(epoch));
                }
            }
        }

        private void step(long step, int epoch, double done, double rate) {
            int[] chosen;
            float[] factors;
            switch (settings.sampling) {
                case Sampling.Uniform() -> {
                    chosen = order.at(step);
                    factors = new float[chosen.length];
                    Arrays.fill(factors, 1);
                    effective += samples.forget.size();
                }
                case Sampling.Weighted weighted -> {
                    double[] weights = weighted.weights(scores, done);
                    chosen = Weighting.draw(
                            weights, course.batch(), key.of("forget").of(step));
                    factors = weighted.factors(weights, chosen);
                    effective += Weighting.effectiveSize(weights);
                }
            }
            for (int n = 0; n < chosen.length; n++) {
                factors[n] *= samples.weights[chosen[n]];
            }
            if (course.gamma() > 0) {
                follow(step, "loss of forgetting", course.gamma(), () -> {
                    TokenBatch batch = batch(samples.forget, chosen);
                    Tensor losses = settings.loss.of(model, reference, batch, () -> refusals(chosen));
                    return settings.loss.reduction().of(losses, batch, factors);
                });
            }
            if (alpha > 0 || settings.dual.isPresent()) {
                Keyed draws = key.of("retain").of(step);
                int[] kept = IntStream.range(0, chosen.length)
                        .map(n -> Keyed.below(draws.at(n), samples.retain.size()))
                        .toArray();
                double retained = follow(
                        step,
                        "loss of retaining",
                        alpha,
                        () -> course.retain().of(model, reference, batch(samples.retain, kept)));
                settings.dual.ifPresent(d -> alpha = d.next(alpha, retained, epoch));
            }
            if (course.clip() > 0) {
                require(optimiser.clip(course.clip()), "norm of the gradient", step);
            }
            optimiser.step(rate);
            optimiser.dropGradients();
        }

        private TokenBatch batch(List<Encoded> from, int[] chosen) {
            return TokenBatch.of(Arrays.stream(chosen).mapToObj(from::get).toList(), model.device());
        }

        private TokenBatch refusals(int[] chosen) {
            Check.require(
                    !samples.refusals.isEmpty(), "refusals", 0, "one for each sample, as " + settings.name + " needs");
            return batch(samples.refusals, chosen);
        }

        /** Adds a factor times the gradient of a loss; returns the loss. */
        private double follow(long step, String what, double factor, Supplier<Tensor> loss) {
            try (var _ = new PointerScope()) {
                Tensor own = loss.get();
                double value = own.item_double();
                require(value, what, step);
                (factor == 1 ? own : own.mul(new Scalar(factor))).backward();
                return value;
            }
        }

        private void require(double value, String what, long step) {
            if (!Double.isFinite(value)) {
                throw new LetheException(
                        LetheException.Code.NUMERIC,
                        settings.name + ": " + what + " is " + value + " at step " + step
                                + "; a smaller learningRate or clip may help");
            }
        }

        private End measured(long step, List<Point> curve, Consumer<Point> watch) {
            double[] forget = crossEntropies(samples.forget);
            double probability =
                    Arrays.stream(forget).map(ce -> Math.exp(-ce)).average().orElseThrow();
            double entropy = Arrays.stream(forget).average().orElseThrow();
            require(entropy, "cross-entropy of samples to forget", step);
            double kept = watched.isEmpty()
                    ? Double.NaN
                    : Arrays.stream(crossEntropies(watched)).average().orElseThrow();
            Point point = new Point(step, probability, entropy, kept);
            curve.add(point);
            watch.accept(point);
            if (course.target() > 0 && probability <= course.target()) {
                return End.TARGET;
            }
            boolean guessing = entropy >= Math.log(model.architecture().vocabulary());
            return step > 0 && course.ceiling() && guessing ? End.CEILING : End.DONE;
        }

        private double[] crossEntropies(List<Encoded> of) {
            return Arrays.stream(Scored.of(model, of, "", SIDE_BY_SIDE).read())
                    .mapToDouble(row -> -Arrays.stream(row).average().orElseThrow())
                    .toArray();
        }
    }
}
