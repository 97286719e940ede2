package org.lethe.recsys.backbone;

import java.util.Arrays;
import java.util.List;
import org.lethe.Check;
import org.lethe.Components;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Named;
import org.lethe.numerics.FactorSteps;
import org.lethe.numerics.Keyed;
import org.lethe.numerics.Logistic;
import org.lethe.recsys.Checkpoint;
import org.lethe.recsys.EmbeddingLearner;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Split;
import org.lethe.recsys.UserLearner;
import org.lethe.recsys.UserLoss;
import org.lethe.torch.Initial;

/**
 * Generalised matrix factorisation (He et al. 2017, section 3.2): {@code s = w·(p_u∘q_i) + b}, a matrix factorisation whose
 * dimensions are weighted.
 *
 * <p>Loss and negatives are those of {@code neumf}, here with the settings of CURE4Rec. The finished model is two tables, p
 * and w∘q, so that sharded and influence methods work on it; b, which is the same for every pair and moves no list, is left
 * out. Plain Java: there is no layer, and libtorch took four times as long. A step costs O(pairs · dims).
 *
 * @param dims number of dimensions of an embedding; multiples of 16 use whole vector registers
 * @param negatives number of sampled negative items for every interaction
 * @param epochs largest number of epochs of one training
 * @param batch mean number of interactions per step of the optimiser, each with its negatives
 * @param learningRate learning rate of Adam
 * @param initialSd standard deviation of the initial embeddings
 * @param patience stop after this many epochs without improvement of the validation score
 */
@Named("gmf")
public record Gmf(int dims, int negatives, int epochs, int batch, double learningRate, double initialSd, int patience)
        implements EmbeddingLearner, UserLearner {
    public Gmf {
        Check.require(dims >= 1, "dims", dims, "at least 1");
        Check.require(negatives >= 1 && negatives <= 100, "negatives", negatives, "1 to 100");
        Training.check(epochs, batch, learningRate, initialSd, patience);
    }

    /** The settings of CURE4Rec. */
    public Gmf() {
        this(32, 1, 50, 1024, 1e-3, 0.01, 5);
    }

    public Gmf withDims(int dims) {
        return Components.with(this, "dims", dims);
    }

    public Gmf withNegatives(int negatives) {
        return Components.with(this, "negatives", negatives);
    }

    public Gmf withBatch(int batch) {
        return Components.with(this, "batch", batch);
    }

    public Gmf withLearningRate(double learningRate) {
        return Components.with(this, "learningRate", learningRate);
    }

    public Gmf withInitialSd(double initialSd) {
        return Components.with(this, "initialSd", initialSd);
    }

    public Gmf withPatience(int patience) {
        return Components.with(this, "patience", patience);
    }

    @Override
    public Gmf withEpochs(int epochs) {
        return Components.with(this, "epochs", epochs);
    }

    @Override
    public Embeddings train(Split data, Env env) {
        return train(data, UserLoss.NONE, env);
    }

    @Override
    public Embeddings train(Split data, UserLoss defence, Env env) {
        return run(start(data, env), defence, data, env).model();
    }

    @Override
    public Embeddings untrained(Split data, Env env) {
        return start(data, env).model();
    }

    @Override
    public Checkpoint start(Split data, Env env) {
        return Course.fresh(this, data.train(), env).snapshot(0);
    }

    @Override
    public Checkpoint resume(Checkpoint from, Split data, Env env) {
        return run(from, UserLoss.NONE, data, env);
    }

    private Checkpoint run(Checkpoint from, UserLoss defence, Split data, Env env) {
        Training.requireInteractions("gmf", data);
        Course course = new Course(this, from, defence, data.train(), env);
        return Training.run("gmf", course, data, env, from.epochs(), epochs, patience);
    }

    /** That of the two tables of the finished model, w being part of the items'. */
    @Override
    public Loss loss() {
        return Loss.LOGISTIC;
    }

    @Override
    public Estimate estimate(Split data) {
        return Factorisation.estimate(data, dims, epochs).times((1 + negatives) / 2.0);
    }

    /** The tables in training. Users of a batch stand together, so that one's gradient is gathered in one go. */
    static final class Course implements Training.Course<Checkpoint> {
        private final Gmf settings;
        private final UserLoss defence;
        private final Env env;
        private final Batches batches;
        private final AdamTable users;
        private final AdamTable items;
        private final AdamTable.AdamRates rates;
        private final Keyed key;
        final Weights weights; // w and b
        private final int stride;
        private final int[] slotOf; // of an item in the batch, from 1; 0 while it is not there
        private final int[] touchedUsers;
        private final int[] touchedItems;
        private float[] scaled = new float[0]; // w∘q of the batch's items
        private float[] pulls = new float[0]; // by w∘q
        private float[] gradients = new float[0]; // of the batch's users
        private final long base; // steps before these
        private int step;

        /** From a checkpoint: of users the moments, of items q, then w and b with their moments, then the moments of q. */
        Course(Gmf settings, Checkpoint from, UserLoss defence, Interactions train, Env env) {
            this(
                    settings,
                    new AdamTable(settings.dims, from.model().userRows(), from.userState()),
                    new AdamTable(
                            settings.dims,
                            from.itemState()[0],
                            Arrays.copyOfRange(from.itemState(), 4, from.itemState().length)),
                    new Weights(
                            matrices(settings.dims),
                            settings.learningRate,
                            Arrays.copyOfRange(from.itemState(), 1, 4),
                            from.steps()),
                    from.steps(),
                    defence,
                    train,
                    env);
        }

        /** The seeded initial state. */
        static Course fresh(Gmf settings, Interactions train, Env env) {
            Embeddings initial = Training.initial(train, env, settings.dims, settings.initialSd);
            return new Course(
                    settings,
                    new AdamTable(settings.dims, initial.userRows(), new float[0][]),
                    new AdamTable(settings.dims, initial.itemRows(), new float[0][]),
                    new Weights(matrices(settings.dims), settings.learningRate, env.random("initial-network")),
                    0,
                    UserLoss.NONE,
                    train,
                    env);
        }

        private Course(
                Gmf settings,
                AdamTable users,
                AdamTable items,
                Weights weights,
                long base,
                UserLoss defence,
                Interactions train,
                Env env) {
            this.settings = settings;
            this.users = users;
            this.items = items;
            this.weights = weights;
            this.base = base;
            this.defence = defence;
            this.env = env;
            batches = new Batches(train, settings.batch, settings.negatives);
            rates = new AdamTable.AdamRates(settings.learningRate, base, false);
            key = env.random("interactions");
            stride = users.stride;
            slotOf = new int[train.items()];
            touchedUsers = new int[train.users()];
            touchedItems = new int[train.items()];
        }

        private static List<Weights.Matrix> matrices(int dims) {
            return List.of(
                    new Weights.Matrix("output.weight", 1, dims, Initial.KAIMING_UNIFORM),
                    Weights.Matrix.bias("output.bias", 1));
        }

        @Override
        public double epoch(int number) {
            boolean defended = defence.active(number);
            if (defended) {
                defence.aim(number, users.parameters(), settings.dims, env);
            }
            batches.plan(key.of(number));
            rates.reach(step + batches.count + AdamTable.CUT);
            double total = 0;
            for (int b = 0; b < batches.count; b++) {
                if (batches.starts[b] < batches.starts[b + 1]) {
                    total += step(batches.starts[b], batches.starts[b + 1], defended);
                }
            }
            users.catchUpAll(step, rates);
            items.catchUpAll(step, rates);
            return total / Math.max(1, batches.size());
        }

        @Override
        public boolean eligible(int epoch) {
            return defence.eligible(epoch);
        }

        /** One step on the samples {@code from … to−1}; returns the sum over them of their pairs' mean loss, and the defence's. */
        private double step(int from, int to, boolean defended) {
            float[] w = Arrays.copyOf(weights.values()[0], stride);
            float bias = weights.values()[1][0];
            int ownItems = gatherItems(from, to, w);
            float share = 1f / ((to - from) * (1 + batches.draws));
            double loss = 0;
            double likelihood = 1;
            float slopeOfBias = 0;
            int ownUsers = 0;
            for (int s = from; s < to; s++) {
                int user = batches.users[s];
                if (s == from || batches.users[s - 1] != user) {
                    users.catchUp(user, step, rates);
                    touchedUsers[ownUsers++] = user;
                    room(ownUsers);
                    Arrays.fill(gradients, (ownUsers - 1) * stride, ownUsers * stride, 0);
                }
                for (int draw = -1; draw < batches.draws; draw++) {
                    int item = draw < 0 ? batches.positives[s] : batches.negatives[s * batches.draws + draw];
                    int slot = (slotOf[item] - 1) * stride;
                    float x = FactorSteps.dot(users.w, user * stride, scaled, slot, stride) + bias;
                    float other = Logistic.sigmoid(draw < 0 ? -x : x); // how far the pair is from its label
                    likelihood *= Logistic.sigmoid(draw < 0 ? x : -x);
                    if (likelihood < 1e-200) {
                        loss -= StrictMath.log(likelihood);
                        likelihood = 1;
                    }
                    float slope = draw < 0 ? -other * share : other * share;
                    slopeOfBias += slope;
                    add(gradients, (ownUsers - 1) * stride, scaled, slot, slope, stride);
                    add(pulls, slot, users.w, user * stride, slope, stride);
                }
            }
            loss = (loss - StrictMath.log(likelihood)) * share;
            DefendedUsers pulled = DefendedUsers.NOBODY;
            if (defended) {
                pulled = pulled(from, to);
                loss += pulled.add(defence, 1);
            }
            float[] own = new float[stride];
            int at = 0; // the first of the shown users that has not stepped
            for (int n = 0; n < ownUsers; n++) {
                at = pulled.stepBefore(touchedUsers[n], at, users, step, rates);
                System.arraycopy(gradients, n * stride, own, 0, stride);
                for (int d = 0; defended && d < settings.dims; d++) {
                    own[d] += pulled.gradient[at * settings.dims + d];
                }
                at++;
                users.step(touchedUsers[n], step, own, rates);
            }
            pulled.stepBefore(users.rows, at, users, step, rates);
            float[] slopeOfW = new float[stride];
            for (int n = 0; n < ownItems; n++) {
                int place = touchedItems[n] * stride;
                for (int d = 0; d < stride; d++) {
                    slopeOfW[d] += items.w[place + d] * pulls[n * stride + d];
                    own[d] = w[d] * pulls[n * stride + d];
                }
                items.step(touchedItems[n], step, own, rates);
                slotOf[touchedItems[n]] = 0;
            }
            weights.step(new float[][] {Arrays.copyOf(slopeOfW, settings.dims), {slopeOfBias}});
            step++;
            return (to - from) * loss;
        }

        /** Gives each item of the batch a slot with w∘q; returns how many there are. */
        private int gatherItems(int from, int to, float[] w) {
            int own = 0;
            for (int s = from; s < to; s++) {
                for (int draw = -1; draw < batches.draws; draw++) {
                    int item = draw < 0 ? batches.positives[s] : batches.negatives[s * batches.draws + draw];
                    if (slotOf[item] == 0) {
                        items.catchUp(item, step, rates);
                        touchedItems[own++] = item;
                        slotOf[item] = own;
                    }
                }
            }
            if (scaled.length < own * stride) {
                scaled = new float[Math.min(items.rows, 2 * own) * stride];
                pulls = new float[scaled.length];
            }
            for (int n = 0; n < own; n++) {
                for (int d = 0; d < stride; d++) {
                    scaled[n * stride + d] = w[d] * items.w[touchedItems[n] * stride + d];
                }
            }
            Arrays.fill(pulls, 0, own * stride, 0);
            return own;
        }

        private void room(int ownUsers) {
            if (gradients.length < ownUsers * stride) {
                gradients = Arrays.copyOf(gradients, Math.max(64, 2 * ownUsers) * stride);
            }
        }

        private DefendedUsers pulled(int from, int to) {
            int[] shown = DefendedUsers.of(defence, batches, from, to);
            for (int user : shown) {
                users.catchUp(user, step, rates);
            }
            return new DefendedUsers(shown, settings.dims, users.w, stride);
        }

        private static void add(float[] into, int at, float[] from, int of, float factor, int stride) {
            for (int d = 0; d < stride; d++) {
                into[at + d] = Math.fma(factor, from[of + d], into[at + d]);
            }
        }

        /** The first moments of all users' rows; for tests. */
        float[] userMoments() {
            return users.moments(step)[0];
        }

        @Override
        public Embeddings model() {
            float[] w = weights.values()[0];
            float[] rows = items.parameters();
            for (int n = 0; n < rows.length; n++) {
                rows[n] *= w[n % w.length];
            }
            return new Embeddings(settings.dims, users.parameters(), rows);
        }

        @Override
        public Checkpoint snapshot(int epochs) {
            float[][] own = weights.state();
            float[] q = items.parameters();
            if (base + step == 0) {
                return new Checkpoint(model(), new float[0][], new float[][] {q, own[0], own[1], own[2]}, 0, epochs);
            }
            float[][] moments = items.moments(step);
            return new Checkpoint(
                    model(),
                    users.moments(step),
                    new float[][] {q, own[0], own[1], own[2], moments[0], moments[1]},
                    base + step,
                    epochs);
        }
    }
}
