package org.lethe.recsys.neural.forget;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.Named;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;

/**
 * Forgets by moving predictions to a neutral distribution, then contrast and fine-tuning in turn (Fanchuan, the winning entry to the
 * NeurIPS 2023 unlearning challenge, as ERASE uses it).
 *
 * <p>First, Adam on {@code KL(q ‖ softmax(logits))} after the histories of erased examples. By default q(j) is
 * {@code (c_j + 5 π_j) / (c + 5)}: c_j counts what followed the last item of the history in the retained data, c is their sum, and π
 * is the popularity there; steps go on until erased examples lose what a model would that never saw them. Then, in each round, a step on
 * {@code −mean_j log softmax_j(f · r_j / 1.15)} for the states f after those histories against the states r of examples that the
 * user keeps, another against those of retained ones, and an epoch of fine-tuning. The states r stay still, and so do all rows but
 * those of items in erased examples, which Adam would move as far. Fine-tuning takes retained examples of the same items and a
 * sample of others.
 *
 * <p>The form that ERASE runs has q uniform and one step, too small to forget anything; averages the contrast over all j, whose
 * minimum is at equal distance to everyone; and moves r and all weights. {@code uniform} is this form. Cost: {@code O(examples · items ·
 * width)} for each step and round.
 *
 * @param target the distribution q
 * @param steps largest number of steps to it; 1 if uniform
 * @param rounds number of rounds of contrast and fine-tuning
 * @param learningRate learning rate of Adam on q; a tenth of it in the rounds unless uniform
 */
@Named("fanchuan")
@Taxonomy({Branch.REPAIR, Branch.SEQUENCE})
public record Fanchuan(Target target, int steps, int rounds, double learningRate) implements NetworkMethod {
    private static final double TEMPERATURE = 1.15;
    private static final int ANCHORS = 16;
    private static final int NEAR = 512;

    /** The distribution to which predictions move. */
    public enum Target {
        /** What followed the last item in the retained data, and popularity. */
        POPULARITY,
        /** Equal shares of all items, as coded. */
        UNIFORM
    }

    public Fanchuan {
        Check.require(steps >= 0, "steps", steps, "at least 0");
        Check.require(rounds >= 0, "rounds", rounds, "at least 0");
        Check.require(learningRate > 0 && learningRate <= 10, "learningRate", learningRate, "above 0 and at most 10");
    }

    /** At most 100 steps of 0.005 to the popularity, eight rounds. */
    public Fanchuan() {
        this(Target.POPULARITY, 100, 8, 5e-3);
    }

    @Override
    public void move(Removal removal) {
        boolean uniform = target == Target.UNIFORM;
        List<Prefix> lost = uniform ? removal.gone : removal.unknown;
        if (!lost.isEmpty()) {
            neutral(removal, lost, uniform ? Math.min(1, steps) : steps);
        }
        List<Prefix> sample = removal.sample(16, "repair");
        List<Prefix> tuned = new ArrayList<>(sample);
        if (!uniform) {
            tuned.addAll(removal.near(NEAR).prefixes());
        }
        // smaller steps than before: contrast and repair must not undo what was forgotten
        double rate = uniform ? learningRate : learningRate / 10;
        Tuning contrast = tuning(removal, rate);
        Tuning tuning = new Tuning(removal, rate);
        for (int round = 0; round < rounds && !lost.isEmpty(); round++) {
            String purpose = "anchors of round " + round;
            contrast(removal, contrast, lost, removal.some(removal.keeps(), ANCHORS, purpose));
            contrast(removal, contrast, lost, removal.some(sample, ANCHORS, purpose));
            tuning.epoch(round, tuned, p -> 1);
        }
    }

    private void neutral(Removal removal, List<Prefix> lost, int most) {
        boolean uniform = target == Target.UNIFORM;
        Tensor q = Tensor.create(targets(removal, lost), lost.size(), removal.itemCount());
        double enough = uniform
                ? Double.POSITIVE_INFINITY
                : Arrays.stream(removal.neverSeen(lost)).average().orElseThrow();
        Tuning tuning = tuning(removal, learningRate);
        for (int step = 0; step < most; step++) {
            if (!uniform && Arrays.stream(removal.losses(lost)).average().orElseThrow() >= enough) {
                break;
            }
            tuning.step(() -> divergence(q, removal.network.logits(removal.weights, removal.states(lost))));
            removal.env.ledger().count("steps", 1);
        }
    }

    private Tuning tuning(Removal removal, double rate) {
        return target == Target.UNIFORM ? new Tuning(removal, rate) : new Tuning(removal, rate, removal.touchedRows());
    }

    private double[] targets(Removal removal, List<Prefix> lost) {
        int items = removal.itemCount();
        double[] q = new double[lost.size() * items];
        Arrays.fill(q, 1.0 / items);
        if (target == Target.POPULARITY) {
            Followers followers = new Followers(
                    removal.left, items, lost.stream().map(Prefix::last).collect(Collectors.toSet()));
            for (int n = 0; n < lost.size(); n++) {
                System.arraycopy(followers.shares(lost.get(n).last()), 0, q, n * items, items);
            }
        }
        return q;
    }

    /** The mean of {@code KL(q ‖ softmax(logits))} over the rows. */
    static Tensor divergence(Tensor q, Tensor logits) {
        Tensor log = q.clamp_min(new Scalar(1e-300)).log();
        return q.mul(log.sub(logits.log_softmax(1))).sum().div(new Scalar((double) q.shape()[0]));
    }

    private void contrast(Removal removal, Tuning tuning, List<Prefix> lost, List<Prefix> anchors) {
        if (!anchors.isEmpty()) {
            tuning.step(() -> {
                Tensor r = removal.states(anchors);
                return contrast(removal.states(lost), target == Target.UNIFORM ? r : r.detach());
            });
        }
    }

    /** The mean of {@code −log softmax_j(f · r_j / 1.15)} over rows and j; ln of the number of rows r is its minimum. */
    static Tensor contrast(Tensor f, Tensor r) {
        return f.matmul(r.t())
                .div(new Scalar(TEMPERATURE))
                .log_softmax(1)
                .mean()
                .neg();
    }
}
