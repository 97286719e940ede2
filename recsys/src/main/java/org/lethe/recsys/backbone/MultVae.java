package org.lethe.recsys.backbone;

import static org.bytedeco.pytorch.global.torch.addmm;
import static org.bytedeco.pytorch.global.torch.log_softmax;
import static org.bytedeco.pytorch.global.torch.tanh;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.Components;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Gone;
import org.lethe.Named;
import org.lethe.Safetensors;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Split;
import org.lethe.recsys.UserLearner;
import org.lethe.recsys.UserLoss;
import org.lethe.recsys.UserRows;
import org.lethe.torch.Devices;
import org.lethe.torch.Tensors;

/**
 * Mult-VAE (Liang et al. 2018, section 2): a variational autoencoder of users' whole lists. The encoder reads what a user took
 * and gives the mean μ and variance of a latent row, the decoder gives every item a logit from a draw of it.
 *
 * <p>Loss of a user is {@code −Σ_{i taken} log softmax(f(z))_i + β KL(q(z|x) ‖ N(0, I))}, averaged over a batch of users (eq. 7);
 * β rises from 0 to {@code anneal} in {@code annealSteps} steps of Adam. Encoder items-hidden-2·latent, decoder
 * latent-hidden-items, tanh between; input of length one, with dropout. A user's row is μ, which is what is served.
 *
 * <p>A batch is users, by keyed hash; all draws depend on (seed, user key, epoch, place). A user without interactions trains
 * nothing and has the row of an empty list. A step costs O(users of the batch · items · hidden).
 *
 * @param latent length of a user's row
 * @param hidden size of the layers between
 * @param dropout share of a user's list that the encoder does not see in training
 * @param anneal weight of the divergence from the prior once it has risen
 * @param annealSteps steps in which it rises
 * @param epochs largest number of epochs of one training
 * @param batch mean number of users per step of the optimiser
 * @param learningRate learning rate of Adam
 * @param patience stop after this many epochs without improvement of the validation score
 */
@Named("multvae")
@Gone(key = "device", remedy = "--device says where models with layers compute")
public record MultVae(
        int latent,
        int hidden,
        double dropout,
        double anneal,
        int annealSteps,
        int epochs,
        int batch,
        double learningRate,
        int patience)
        implements UserLearner {
    public MultVae {
        Check.require(latent >= 1, "latent", latent, "at least 1");
        Check.require(hidden >= 1, "hidden", hidden, "at least 1");
        Check.require(dropout >= 0 && dropout < 1, "dropout", dropout, "at least 0 and below 1");
        Check.require(anneal >= 0 && anneal <= 10, "anneal", anneal, "0 to 10");
        Check.require(annealSteps >= 1, "annealSteps", annealSteps, "at least 1");
        Check.require(epochs >= 1, "epochs", epochs, "at least 1");
        Check.require(batch >= 1, "batch", batch, "at least 1");
        Check.require(learningRate > 0 && learningRate < 1e3, "learningRate", learningRate, "above 0 and below 1000");
        Check.require(patience >= 0, "patience", patience, "at least 0");
    }

    /** The paper's sizes, 200 and 600, with β rising to 0.2; batches of 100 users for data of thousands. */
    public MultVae() {
        this(200, 600, 0.5, 0.2, 1000, 100, 100, 1e-3, 10);
    }

    public MultVae withLatent(int latent) {
        return Components.with(this, "latent", latent);
    }

    public MultVae withHidden(int hidden) {
        return Components.with(this, "hidden", hidden);
    }

    public MultVae withDropout(double dropout) {
        return Components.with(this, "dropout", dropout);
    }

    public MultVae withAnneal(double anneal) {
        return Components.with(this, "anneal", anneal);
    }

    public MultVae withAnnealSteps(int annealSteps) {
        return Components.with(this, "annealSteps", annealSteps);
    }

    public MultVae withEpochs(int epochs) {
        return Components.with(this, "epochs", epochs);
    }

    public MultVae withBatch(int batch) {
        return Components.with(this, "batch", batch);
    }

    public MultVae withLearningRate(double learningRate) {
        return Components.with(this, "learningRate", learningRate);
    }

    public MultVae withPatience(int patience) {
        return Components.with(this, "patience", patience);
    }

    @Override
    public UserRows train(Split data, UserLoss defence, Env env) {
        Training.requireInteractions("multvae", data);
        return Training.best("multvae", new Course(this, defence, data.train(), env), data, env, 0, epochs, patience)
                .state();
    }

    @Override
    public boolean tables() {
        return false;
    }

    @Override
    public UserRows untrained(Split data, Env env) {
        return new Course(this, UserLoss.NONE, data.train(), env).model();
    }

    @Override
    public Estimate estimate(Split data) {
        double products = data.users() * ((double) data.items() * hidden * 5 + 9.0 * latent * hidden);
        double ranked = data.validation().size() == 0 ? 0 : (double) data.users() * data.items() * hidden;
        return new Estimate(
                2 + epochs * (products * 4e-11 + ranked * 2e-11),
                700_000_000L + 40L * (2L * data.items() + 3L * latent) * hidden);
    }

    private List<Weights.Matrix> matrices(int items) {
        return List.of(
                Weights.Matrix.layer("encoder.0.weight", hidden, items),
                Weights.Matrix.bias("encoder.0.bias", hidden),
                Weights.Matrix.layer("encoder.1.weight", 2 * latent, hidden),
                Weights.Matrix.bias("encoder.1.bias", 2 * latent),
                Weights.Matrix.layer("decoder.0.weight", hidden, latent),
                Weights.Matrix.bias("decoder.0.bias", hidden),
                Weights.Matrix.layer("decoder.1.weight", items, hidden),
                Weights.Matrix.bias("decoder.1.bias", items));
    }

    /** The network in training. */
    static final class Course implements Training.Course<UserRows> {
        private static final int AT_ONCE = 256; // users encoded at a time

        private final MultVae settings;
        private final UserLoss defence;
        private final Interactions train;
        private final Env env;
        private final List<Weights.Matrix> matrices;
        final Weights weights;
        private final int batches;
        private final Keyed membership;
        private final Keyed dropout;
        private final Keyed noise;
        private long steps;

        Course(MultVae settings, UserLoss defence, Interactions train, Env env) {
            this.settings = settings;
            this.defence = defence;
            this.train = train;
            this.env = env;
            matrices = settings.matrices(train.items());
            weights = new Weights(matrices, settings.learningRate, env.random("initial-network"));
            batches = Math.max(1, (int) Math.round(train.users() / (double) settings.batch));
            membership = env.random("batch-of-user");
            dropout = env.random("dropout");
            noise = env.random("noise");
        }

        @Override
        public double epoch(int number) {
            Devices.ready(env.device());
            boolean defended = defence.active(number);
            if (defended) {
                Model now = model();
                defence.aim(number, now.userRows(), settings.latent, env);
            }
            int[][] users =
                    IntStream.range(0, batches).mapToObj(b -> new int[0]).toArray(int[][]::new);
            int[] sizes = new int[batches];
            for (int u = 0; u < train.users(); u++) {
                if (train.degree(u) > 0) {
                    int b = Keyed.below(membership.of(number).at(train.userKey(u)), batches);
                    users[b] = sizes[b] < users[b].length ? users[b] : Arrays.copyOf(users[b], 2 * sizes[b] + 16);
                    users[b][sizes[b]++] = u;
                }
            }
            double total = 0;
            for (int b = 0; b < batches; b++) {
                if (sizes[b] > 0) {
                    total += sizes[b] * step(Arrays.copyOf(users[b], sizes[b]), number, defended);
                }
            }
            return total / Math.max(1, Arrays.stream(sizes).sum());
        }

        @Override
        public boolean eligible(int epoch) {
            return defence.eligible(epoch);
        }

        private double step(int[] users, int epoch, boolean defended) {
            int count = users.length;
            float[] seen = new float[count * train.items()];
            float[] taken = new float[count * train.items()];
            float[] draws = new float[count * settings.latent];
            for (int n = 0; n < count; n++) {
                int key = train.userKey(users[n]);
                lay(users[n], dropout.of(epoch).of(key), settings.dropout, seen, n * train.items());
                for (int k = train.from(users[n]); k < train.to(users[n]); k++) {
                    taken[n * train.items() + train.item(k)] = 1;
                }
                Keyed ofUser = noise.of(epoch).of(key);
                for (int d = 0; d < settings.latent; d++) {
                    draws[n * settings.latent + d] = (float) Keyed.normal(ofUser.at(d));
                }
            }
            double beta = settings.anneal * Math.min(1, steps / (double) settings.annealSteps);
            try (var _ = new PointerScope()) {
                Tensor[] w = weights.leaves(env.device());
                Tensor coded = encode(tensor(seen, count, train.items()), w); // [users, 2 · latent]
                Tensor mu = coded.narrow(1, 0, settings.latent);
                Tensor logVariance = coded.narrow(1, settings.latent, settings.latent);
                Tensor z = mu.add(logVariance.mul(new Scalar(0.5)).exp().mul(tensor(draws, count, settings.latent)));
                Tensor likelihood = log_softmax(decode(z, w), 1)
                        .mul(tensor(taken, count, train.items()))
                        .sum();
                Tensor divergence = mu.square()
                        .add(logVariance.exp())
                        .sub(logVariance)
                        .sub(new Scalar(1))
                        .sum()
                        .mul(new Scalar(0.5));
                Tensor loss = divergence.mul(new Scalar(beta)).sub(likelihood).div(new Scalar((double) count));
                double value = loss.item_double();
                if (defended) {
                    float[] rows = Tensors.floats(mu.detach());
                    float[] pull = new float[rows.length];
                    value += defence.add(users, count, rows, pull);
                    loss = loss.add(mu.mul(tensor(pull, count, settings.latent)).sum());
                }
                loss.backward();
                weights.step(w);
                steps++;
                return value;
            }
        }

        /** A user's list, of length one, without what dropout takes. */
        private void lay(int user, Keyed key, double dropped, float[] into, int at) {
            float length = (float) (1 / (Math.sqrt(train.degree(user)) * (1 - dropped)));
            for (int k = train.from(user); k < train.to(user); k++) {
                int item = train.item(k);
                into[at + item] = dropped > 0 && Keyed.unit(key.at(item)) < dropped ? 0 : length;
            }
        }

        private Tensor tensor(float[] values, int rows, int columns) {
            return Devices.on(Tensors.of(values, rows, columns), env.device());
        }

        private static Tensor encode(Tensor lists, Tensor[] w) {
            return addmm(w[3], tanh(addmm(w[1], lists, w[0].t())), w[2].t());
        }

        private static Tensor decode(Tensor z, Tensor[] w) {
            return addmm(w[7], tanh(addmm(w[5], z, w[4].t())), w[6].t());
        }

        @Override
        public Model model() {
            Devices.ready(env.device());
            float[][] values = weights.values();
            float[] rows = new float[train.users() * settings.latent];
            try (var _ = new PointerScope()) {
                Tensor[] w = Weights.tensors(matrices, values, env.device());
                for (int from = 0; from < train.users(); from += AT_ONCE) {
                    int count = Math.min(AT_ONCE, train.users() - from);
                    float[] lists = new float[count * train.items()];
                    for (int n = 0; n < count; n++) {
                        if (train.degree(from + n) > 0) {
                            lay(from + n, dropout, 0, lists, n * train.items());
                        }
                    }
                    try (var _ = new PointerScope()) {
                        Tensor mu =
                                encode(tensor(lists, count, train.items()), w).narrow(1, 0, settings.latent);
                        float[] part = Tensors.floats(mu);
                        System.arraycopy(part, 0, rows, from * settings.latent, part.length);
                    }
                }
            }
            return new Model(settings, env.device(), train.items(), rows, Arrays.copyOfRange(values, 4, 8));
        }

        @Override
        public UserRows snapshot(int epochs) {
            return model();
        }
    }

    /** A trained decoder and the rows of users. Scores are logits. */
    public static final class Model extends RowNetwork {
        private final MultVae settings;
        private final float[][] decoder; // weight, bias, weight, bias

        Model(MultVae settings, Device device, int items, float[] userRows, float[][] decoder) {
            super(userRows, settings.latent, items, device);
            this.settings = settings;
            this.decoder = decoder;
        }

        float[][] decoder() {
            return decoder;
        }

        @Override
        public Model withUserRows(float[] rows) {
            return new Model(settings, device, items(), fitting(rows), decoder);
        }

        @Override
        public void scores(int[] users, float[] into) {
            Devices.ready(device);
            try (var _ = new PointerScope()) {
                Tensors.read(addmm(tensor(3), hidden(rows(users)), tensor(2).t()), into);
            }
        }

        @Override
        Tensor scores(Tensor rows, int count, int[] items) {
            int hidden = settings.hidden;
            float[] layer = taken(decoder[2], hidden, items);
            Tensor of =
                    Devices.on(Tensors.of(layer, count, items.length / count, hidden), device); // [users, each, hidden]
            Tensor bias = Devices.on(Tensors.of(taken(decoder[3], 1, items), items.length), device);
            return hidden(rows).unsqueeze(1).mul(of).sum(2).view(-1).add(bias); // [users · each]
        }

        private Tensor hidden(Tensor rows) {
            return tanh(addmm(tensor(1), rows, tensor(0).t()));
        }

        private Tensor tensor(int matrix) {
            return Devices.on(settings.matrices(items()).get(4 + matrix).of(decoder[matrix]), device);
        }

        @Override
        public String kind() {
            return "multvae";
        }

        @Override
        public Map<String, Safetensors.Tensor> tensors() {
            Map<String, Safetensors.Tensor> tensors = new TreeMap<>();
            tensors.put("users", Safetensors.Tensor.of(userRows, users(), width()));
            List<Weights.Matrix> matrices = settings.matrices(items()).subList(4, 8);
            Weights.save(matrices, decoder, tensors);
            return tensors;
        }

        /** Reads a model that {@link #save} wrote; a {@code LetheException} says what else it is. */
        public static Model load(Path file) throws IOException {
            try (Safetensors read = Safetensors.open(file)) {
                return read(read, file, "");
            }
        }

        /** Reads a model whose tensors stand in a file under names that begin with {@code prefix}. */
        public static Model read(Safetensors read, Path file, String prefix) {
            int latent = Weights.size(
                    file, read.require(prefix + "users", -1, -1).shape().get(1));
            Safetensors.Entry last = read.require(prefix + "decoder.1.weight", -1, -1);
            int items = Weights.size(file, last.shape().get(0));
            int hidden = Weights.size(file, last.shape().get(1));
            MultVae settings = new MultVae().withLatent(latent).withHidden(hidden);
            List<Weights.Matrix> matrices = settings.matrices(items).subList(4, 8);
            return new Model(
                    settings, Device.CPU, items, read.floats(prefix + "users"), Weights.load(matrices, read, prefix));
        }
    }
}
