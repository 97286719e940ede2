package org.lethe.recsys.hide;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.UserLearner;
import org.lethe.recsys.UserLoss;

/**
 * Adversarial training by gradient reversal (Adv-InT; Ganin et al. 2016, section 4): beside the recommender a small network
 * learns to guess the attribute from the rows of users, and the rows climb its loss.
 *
 * <p>{@code L = L_P + CE}, where the gradient of CE reaches the discriminator as it is and the rows times −{@code reversal}, both
 * in one step; the discriminator is {@code d − hidden − K}, rectified, a softmax, Adam. It sees each user of a batch once, not
 * once for every pair, and all tables of a user. Several attributes have a discriminator each, whose losses add up.
 *
 * <p>No guarantee, and the baseline that RAID and D2D are compared with: rows that one small network cannot tell apart may be told
 * apart by another, trained longer. Where rows step faster than the discriminator they overtake it, end beyond the other class and
 * tell more than before: on planted data 0.73 became 0.91 with rows at 0.01 and a discriminator at 0.001, and 0.54 with a weaker
 * reversal and a faster discriminator; of gender on MovieLens-100K, one seed, LightGCN told 0.58 plain and 0.97 with the default
 * settings. Audit the result, and raise {@code learningRate} or lower {@code reversal}.
 *
 * <p>Costs one training, and {@code O(width · hidden)} products for every user of a batch.
 *
 * @param reversal how much of the negated gradient reaches the rows
 * @param hidden rectified units of the discriminator
 * @param learningRate of the discriminator's Adam
 * @param balanced whether classes count alike in the cross-entropy, instead of by their users, as published
 * @param warmup epochs of plain training at the start
 */
@Named("adversarial")
public record Adversarial(double reversal, int hidden, double learningRate, boolean balanced, int warmup)
        implements Hiding {
    public Adversarial {
        Check.require(reversal >= 0 && reversal < 1e9, "reversal", reversal, "at least 0 and below 1e9");
        Check.require(hidden >= 1 && hidden <= 4096, "hidden", hidden, "1 to 4,096");
        Check.require(learningRate > 0 && learningRate < 1e3, "learningRate", learningRate, "above 0 and below 1000");
        Check.require(warmup >= 0, "warmup", warmup, "at least 0");
    }

    /** As published: a reversal of 0.5 of a cross-entropy that counts by users, 16 units, from the first epoch on. */
    public Adversarial() {
        this(0.5, 16, 1e-3, false, 0);
    }

    public Adversarial withReversal(double reversal) {
        return new Adversarial(reversal, hidden, learningRate, balanced, warmup);
    }

    public Adversarial withHidden(int hidden) {
        return new Adversarial(reversal, hidden, learningRate, balanced, warmup);
    }

    public Adversarial withLearningRate(double learningRate) {
        return new Adversarial(reversal, hidden, learningRate, balanced, warmup);
    }

    public Adversarial withBalanced(boolean balanced) {
        return new Adversarial(reversal, hidden, learningRate, balanced, warmup);
    }

    public Adversarial withWarmup(int warmup) {
        return new Adversarial(reversal, hidden, learningRate, balanced, warmup);
    }

    @Override
    public Optional<String> unsuited(Request request, Learner<Split, Recommender> learner) {
        return LetheException.refusal(() -> {
            Hiding.hide(this, request);
            Hiding.stepped(this, learner, warmup);
        });
    }

    @Override
    public Recommender fulfil(
            Recommender model, Request request, Learner<Split, Recommender> learner, Split data, Env env) {
        UserLearner stepped = Hiding.stepped(this, learner, warmup);
        return stepped.train(data, new Opposition(this, Hiding.known(Hiding.hide(this, request), data)), env);
    }

    @Override
    public Exactness exactness() {
        return Exactness.NONE;
    }

    @Override
    public Estimate estimate(Learner<Split, Recommender> learner, Split data) {
        return learner.estimate(data).times(2.5); // the model before, and the training with a discriminator
    }

    /** What the rows climb, one discriminator for each attribute: by its sign, −reversal times their cross-entropy. */
    static final class Opposition implements UserLoss {
        private final Adversarial settings;
        private final List<Classes> known;
        private final List<double[]> weights = new ArrayList<>();
        private final List<Discriminator> discriminators = new ArrayList<>();

        Opposition(Adversarial settings, List<Classes> known) {
            this.settings = settings;
            this.known = known;
            for (Classes classes : known) {
                int[] counts = classes.counts();
                double share = (double) Arrays.stream(counts).sum() / counts.length;
                weights.add(Arrays.stream(counts)
                        .mapToDouble(c -> settings.balanced ? share / Math.max(1, c) : 1)
                        .toArray());
            }
        }

        @Override
        public boolean active(int epoch) {
            return epoch >= settings.warmup;
        }

        @Override
        public boolean eligible(int epoch) {
            return active(epoch);
        }

        @Override
        public void aim(int epoch, float[] rows, int width, Env env) {
            Keyed random = env.random("adversarial");
            for (int t = discriminators.size(); t < known.size(); t++) {
                discriminators.add(new Discriminator(
                        width, settings.hidden, known.get(t).size(), settings.learningRate, random.of(t)));
            }
        }

        @Override
        public double add(int[] users, int count, float[] rows, float[] gradient) {
            double total = 0;
            int[] labels = new int[count];
            for (int t = 0; t < discriminators.size(); t++) {
                for (int n = 0; n < count; n++) {
                    labels[n] = known.get(t).of()[users[n]];
                }
                total -= settings.reversal
                        * discriminators
                                .get(t)
                                .differentiate(rows, labels, weights.get(t), -settings.reversal, gradient);
                discriminators.get(t).step();
            }
            return total;
        }
    }
}
