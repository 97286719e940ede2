package org.lethe.recsys.hide;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Exactness;
import org.lethe.Formerly;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.Workers;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.UserLearner;
import org.lethe.recsys.UserLoss;
import org.lethe.transport.Cloud;
import org.lethe.transport.Divergence;
import org.lethe.transport.Sinkhorn;

/**
 * Training that keeps the classes' distributions of embeddings together (arXiv 2310.05847, whose code calls it {@code
 * retrain}): every 50th batch adds a distance to the loss, {@code L = L_P + c · Σ_{k ≥ 1} MMD²(class k, class 0)}.
 *
 * <p>The released code compares the whole table of users. Here a step compares the embeddings of the batch's users, with
 * all their tables and without the diagonals of MMD². The mean is the same, with sampling noise; a batch should have dozens
 * of users of each class. A class with fewer than two users in a batch is skipped; class 0 is the first that is not. A
 * larger {@code weight} or a smaller {@code batchInterval} hides more.
 *
 * <p>Two other distances are RAID's ablations without a centroid (arXiv 2504.11510). They are relative to V, the variance
 * of a batch's embeddings summed over dimensions and held constant. Cost: one training, and {@code O(users² · width)} for
 * each batch with the addition.
 *
 * @param distance distance between classes: mmd, means or transport
 * @param weight weight c of the distance
 * @param batchInterval number of batches from one with the distance to the next
 * @param warmup number of epochs of plain training at the start
 */
@Named("d2d-training")
@Taxonomy(Branch.IN_TRAINING)
public record D2dTraining(
        Distance distance, double weight, @Formerly("every") int batchInterval, int warmup) implements Hiding {
    /** The distance that training reduces. */
    public enum Distance {
        /** The maximum mean discrepancy of each class and the first. */
        MMD,
        /** {@code Σ_k ‖m_k − m‖² / V}: the class means m_k alone, with their mean m. */
        MEANS,
        /** {@code Σ_{j<k} S_ε(class j, class k) / V}: debiased optimal transport of all pairs of classes, {@code ε = V/50}. */
        TRANSPORT
    }

    public D2dTraining {
        Check.require(weight >= 0 && weight < 1e9, "weight", weight, "at least 0 and below 1e9");
        Check.require(batchInterval >= 1, "batchInterval", batchInterval, "at least 1");
        Check.require(warmup >= 0, "warmup", warmup, "at least 0");
    }

    /** The published settings: MMD with weight 1 in every 50th batch, no warm-up. */
    public D2dTraining() {
        this(Distance.MMD, 1, 50, 0);
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
        return stepped.train(data, new Pull(this, Hiding.known(Hiding.hide(this, request), data)), env);
    }

    @Override
    public Exactness exactness() {
        return Exactness.NONE;
    }

    @Override
    public Estimate estimate(Learner<Split, Recommender> learner, Split data) {
        return learner.estimate(data).times(2.2); // the model before, and the training with some dearer steps
    }

    /** The distance as a loss, on some batches. */
    static final class Pull implements UserLoss {
        private final D2dTraining settings;
        private final List<Classes> known;
        private Workers workers = Workers.here();
        private long batches;

        Pull(D2dTraining settings, List<Classes> known) {
            this.settings = settings;
            this.known = known;
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
            workers = env.workers();
        }

        @Override
        public double add(int[] users, int count, float[] rows, float[] gradient) {
            if (batches++ % settings.batchInterval != 0) {
                return 0;
            }
            double total = 0;
            for (float v : rows) {
                total += 0 * v; // 0, or not a number where the rows are not finite
            }
            requireFinite(total);
            for (Classes classes : known) {
                int[][] members = IntStream.range(0, classes.size())
                        .mapToObj(k -> IntStream.range(0, count)
                                .filter(n -> classes.of()[users[n]] == k)
                                .toArray())
                        .filter(m -> m.length >= 2)
                        .toArray(int[][]::new);
                if (members.length >= 2) {
                    total += add(members, rows, rows.length / count, gradient);
                }
            }
            requireFinite(total);
            return total;
        }

        private void requireFinite(double distance) {
            if (!Double.isFinite(distance)) {
                throw new LetheException(
                        LetheException.Code.NUMERIC,
                        "d2d-training: the embeddings of users or the distance of the classes are not finite in batch "
                                + batches + "; a smaller weight or learningRate may help");
            }
        }

        private double add(int[][] members, float[] rows, int width, float[] gradient) {
            return switch (settings.distance) {
                case MMD -> discrepancies(members, rows, width, gradient);
                case MEANS -> means(members, rows, width, gradient);
                case TRANSPORT -> transports(members, rows, width, gradient);
            };
        }

        private double discrepancies(int[][] members, float[] rows, int width, float[] gradient) {
            double total = 0;
            for (int k = 1; k < members.length; k++) {
                Mmd mmd = new Mmd(rows, width, members[k], members[0], true);
                mmd.addGradientOfX(settings.weight, gradient, workers);
                mmd.addGradientOfY(settings.weight, gradient, workers);
                total += settings.weight * mmd.squared(workers);
            }
            return total;
        }

        private double means(int[][] members, float[] rows, int width, float[] gradient) {
            double share = settings.weight / variance(members, rows, width);
            double total = 0;
            double[] means = new double[members.length];
            for (int d = 0; d < width; d++) {
                for (int k = 0; k < members.length; k++) {
                    means[k] = 0;
                    for (int n : members[k]) {
                        means[k] += (double) rows[n * width + d] / members[k].length;
                    }
                }
                double middle = Arrays.stream(means).average().orElseThrow();
                for (int k = 0; k < members.length; k++) {
                    double off = means[k] - middle;
                    total += share * off * off;
                    for (int n : members[k]) {
                        gradient[n * width + d] += (float) (2 * share * off / members[k].length);
                    }
                }
            }
            return total;
        }

        private double transports(int[][] members, float[] rows, int width, float[] gradient) {
            double variance = variance(members, rows, width);
            Sinkhorn settled = new Sinkhorn(variance / 50, 1e-4, 200, 4, Sinkhorn.Precision.DOUBLE);
            double share = settings.weight / variance;
            double total = 0;
            for (int k = 0; k < members.length; k++) {
                for (int j = 0; j < members.length; j++) {
                    if (j != k) { // each pair twice: once for the gradient of either
                        Divergence between = Divergence.of(
                                Cloud.of(rows, width, members[k]),
                                Cloud.of(rows, width, members[j]),
                                settled,
                                workers::each);
                        double[] own = between.pointGradient(workers::each);
                        for (int n = 0; n < own.length; n++) {
                            gradient[members[k][n / width] * width + n % width] += (float) (share * own[n]);
                        }
                        total += share * between.value() / 2;
                    }
                }
            }
            return total;
        }

        private static double variance(int[][] members, float[] rows, int width) {
            int[] all = Arrays.stream(members).flatMapToInt(Arrays::stream).toArray();
            double total = 0;
            for (int d = 0; d < width; d++) {
                double sum = 0;
                for (int n : all) {
                    sum += (double) rows[n * width + d] / all.length;
                }
                for (int n : all) {
                    total += Math.pow(rows[n * width + d] - sum, 2) / all.length;
                }
            }
            return Math.max(total, Double.MIN_NORMAL);
        }
    }
}
