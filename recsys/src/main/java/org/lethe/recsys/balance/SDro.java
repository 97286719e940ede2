package org.lethe.recsys.balance;

import java.util.Optional;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.Suited;
import org.lethe.recsys.UserLearner;
import org.lethe.recsys.UserLoss;

/**
 * Streaming distributionally robust optimisation, S-DRO (Wen et al. 2022): training in which the group with the larger loss
 * counts more.
 *
 * <p>With L_g the mean loss of a group's samples in a batch and l_g its moving average, {@code l_g ← (1 − a)·l_g + a·L_g},
 * the step minimises {@code Σ q_g·L_g}. In the {@code PAPER} form {@code q_g ← q_g·exp(η·l_g)}, normalised over the groups,
 * and averages and weights go on from epoch to epoch. The {@code CODE} form is that of the In-UCDS repository:
 * {@code w_g = exp(η·(l_g / max l) / 0.07)}, the weight of the disadvantaged times {@code 1 + l_I/l_A}, normalised, then
 * {@code q = softmax(5·w)}; averages begin anew each epoch, so the weights hardly move. Samples of users in neither group
 * keep their weight.
 *
 * <p>{@code learn} is plain; {@code fulfil} trains anew. Cost: one training.
 *
 * @param form paper or code
 * @param rate a, share of the newest batch in the moving average of a group's loss
 * @param eta η, step of the groups' weights
 */
@Named("s-dro")
public record SDro(Form form, double rate, double eta) implements Balancing {
    /** The two published forms. */
    public enum Form {
        /** As the paper states it. */
        PAPER,
        /** As the code of In-UCDS computes it. */
        CODE
    }

    public SDro {
        Check.require(rate > 0 && rate <= 1, "rate", rate, "above 0 and at most 1");
        Check.require(eta >= 0 && eta < 1e3, "eta", eta, "at least 0 and below 1000");
    }

    /** The paper's form; the code's rates of 0.1 and 0.01. */
    public SDro() {
        this(Form.PAPER, 0.1, 0.01);
    }

    @Override
    public Optional<String> unsuited(Request request, Learner<Split, Recommender> learner) {
        return LetheException.refusal(() -> {
            Balancing.balance(this, request);
            weighing(learner);
        });
    }

    private UserLearner weighing(Learner<Split, Recommender> learner) {
        UserLearner stepped = Suited.stepped(this, learner);
        if (!stepped.weighsSamples()) {
            throw Suited.refused(
                    this, "weighs the samples of a batch, which pmf, neumf and dmf can, not " + Named.Of.name(learner));
        }
        return stepped;
    }

    @Override
    public Recommender fulfil(
            Recommender model, Request request, Learner<Split, Recommender> learner, Split data, Env env) {
        Groups groups = Balancing.balance(this, request).of(data.train());
        return weighing(learner).train(data, new GroupWeights(this, groups, data.users()), env);
    }

    @Override
    public Exactness exactness() {
        return Exactness.NONE;
    }

    @Override
    public Estimate estimate(Learner<Split, Recommender> learner, Split data) {
        return learner.estimate(data).times(2.1);
    }

    /** The weights of samples by the group of their user. */
    static final class GroupWeights implements UserLoss {
        private static final int GROUPS = 2; // advantaged, disadvantaged

        private final SDro settings;
        private final byte[] groupOf; // of a user; GROUPS for neither
        private double[] average = new double[GROUPS];
        private double[] q = {0.5, 0.5};

        GroupWeights(SDro settings, Groups groups, int users) {
            this.settings = settings;
            groupOf = new byte[users];
            boolean[] first = groups.isAdvantaged(users);
            boolean[] second = groups.isDisadvantaged(users);
            for (int u = 0; u < users; u++) {
                groupOf[u] = (byte) (first[u] ? 0 : second[u] ? 1 : GROUPS);
            }
        }

        @Override
        public boolean active(int epoch) {
            return true;
        }

        @Override
        public void aim(int epoch, float[] rows, int width, Env env) {
            if (settings.form == Form.CODE) {
                average = new double[GROUPS];
            }
        }

        @Override
        public double add(int[] users, int count, float[] rows, float[] gradient) {
            return 0;
        }

        @Override
        public boolean weighsSamples() {
            return true;
        }

        @Override
        public void weigh(int[] users, float[] losses, float[] weights) {
            double[] sum = new double[GROUPS + 1];
            int[] count = new int[GROUPS + 1];
            for (int n = 0; n < users.length; n++) {
                sum[groupOf[users[n]]] += losses[n];
                count[groupOf[users[n]]]++;
            }
            for (int g = 0; g < GROUPS; g++) {
                if (count[g] > 0) {
                    average[g] = (1 - settings.rate) * average[g] + settings.rate * sum[g] / count[g];
                }
            }
            q = settings.form == Form.PAPER ? paper() : code();
            double share = (double) (count[0] + count[1]) / users.length;
            for (int n = 0; n < users.length; n++) {
                int g = groupOf[users[n]];
                weights[n] = g == GROUPS ? weights[n] : (float) (share * q[g] / count[g]);
            }
        }

        private double[] paper() {
            return softmax(
                    StrictMath.log(q[0]) + settings.eta * average[0], StrictMath.log(q[1]) + settings.eta * average[1]);
        }

        private double[] code() {
            double most = Math.max(average[0], average[1]);
            if (most == 0) {
                return new double[] {0.5, 0.5};
            }
            double[] w = softmax(
                    settings.eta * average[0] / most / 0.07,
                    settings.eta * average[1] / most / 0.07
                            + (average[0] > 0 ? StrictMath.log1p(average[1] / average[0]) : 0));
            return softmax(5 * w[0], 5 * w[1]);
        }

        /** The weights of the groups at present. */
        double[] weights() {
            return q.clone();
        }

        /** exp of both over their sum; a weight never falls to 0, from where it could not return. */
        private static double[] softmax(double a, double b) {
            double most = Math.max(a, b);
            double ofA = Math.max(StrictMath.exp(a - most), Double.MIN_NORMAL);
            double ofB = Math.max(StrictMath.exp(b - most), Double.MIN_NORMAL);
            return new double[] {ofA / (ofA + ofB), ofB / (ofA + ofB)};
        }
    }
}
