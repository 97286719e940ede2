package org.lethe.recsys.neural.forget;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.Named;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.recsys.sequence.Events.Part;

/**
 * Forgets by moving predictions to a neutral distribution, then contrast and fine-tuning in turn (Fanchuan, the winning entry to the
 * NeurIPS 2023 unlearning challenge, as ERASE uses it).
 *
 * <p>First, Adam on {@code KL(q ‖ softmax(logits))} after the histories of erased examples. By default q(j) is
 * {@code (c_j + 5 π_j) / (c + 5)}: c_j counts what followed the last item of the history in the retained data, c is their sum, and π
 * is the popularity there; steps go on until erased examples lose what held-out ones do. Then, in each round, a step on
 * {@code −mean_j log softmax_j(f · r_j / 1.15)} for the states f after those histories against the states r of examples that the
 * user keeps, another against those of retained ones, and an epoch of fine-tuning. The states r stay still. Fine-tuning takes
 * retained examples of the same items and a sample of others.
 *
 * <p>The form that ERASE runs has q uniform and one step, too small to forget anything; averages the contrast over all j, whose
 * minimum is at equal distance to everyone; and moves r too. {@code uniform} is this form. Cost: {@code O(examples · items ·
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
    private static final double PRIOR = 5; // clicks that popularity stands for
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

    /** At most 100 steps of 0.01 to the popularity, eight rounds. */
    public Fanchuan() {
        this(Target.POPULARITY, 100, 8, 1e-2);
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
        Tuning contrast = new Tuning(removal, rate);
        Tuning tuning = new Tuning(removal, rate);
        for (int round = 0; round < rounds && !lost.isEmpty(); round++) {
            String purpose = "anchors of round " + round;
            contrast(removal, contrast, lost, removal.some(removal.keeps(), ANCHORS, purpose));
            contrast(removal, contrast, lost, removal.some(sample, ANCHORS, purpose));
            tuning.epoch(round, tuned, p -> 1);
        }
    }

    private void neutral(Removal removal, List<Prefix> lost, int most) {
        Tensor q = Tensor.create(targets(removal, lost), lost.size(), removal.itemCount());
        Tuning tuning = new Tuning(removal, learningRate);
        for (int step = 0; step < most && !(target == Target.POPULARITY && forgotten(removal, lost)); step++) {
            tuning.step(() -> divergence(q, removal.network.logits(removal.weights, removal.states(lost))));
            removal.env.ledger().count("steps", 1);
        }
    }

    private static boolean forgotten(Removal removal, List<Prefix> lost) {
        return Arrays.stream(removal.losses(lost)).average().orElse(0) >= removal.heldOutLoss();
    }

    private double[] targets(Removal removal, List<Prefix> lost) {
        int items = removal.itemCount();
        double[] q = new double[lost.size() * items];
        if (target == Target.UNIFORM) {
            Arrays.fill(q, 1.0 / items);
            return q;
        }
        double[] popularity = new double[items];
        double[][] followed = new double[items][];
        lost.forEach(p -> followed[p.last()] = new double[items]);
        for (int g = 0; g < removal.left.groupCount(); g++) {
            for (Prefix p : Removal.prefixes(removal.left, g, Part.TRAIN)) {
                popularity[p.next()]++;
                if (followed[p.last()] != null) {
                    followed[p.last()][p.next()]++;
                }
            }
        }
        double all = Arrays.stream(popularity).sum();
        for (int n = 0; n < lost.size(); n++) {
            double[] counts = followed[lost.get(n).last()];
            double sum = Arrays.stream(counts).sum();
            for (int i = 0; i < items; i++) {
                q[n * items + i] = (counts[i] + PRIOR * popularity[i] / Math.max(1, all)) / (sum + PRIOR);
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
        return f.matmul(r.t()).div(new Scalar(TEMPERATURE)).log_softmax(1).mean().neg();
    }
}
