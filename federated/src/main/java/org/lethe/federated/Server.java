package org.lethe.federated;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Progress;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;

/**
 * The server of a federation, with all clients simulated: each is a task that could run anywhere.
 *
 * <p>Sums over clients are in doubles and follow the fixed tree of {@link Workers#fold}; draws are keyed by client and round. The
 * weights after a run therefore have the same bits on any number of workers.
 */
public final class Server {
    private static final int BLOCK = 8; // consecutive clients that are summed where they run

    private final Setup setup;
    private final Federation federation;
    private final Env env;
    private final Keyed random;

    /** What every task needs and no round changes; sent once. */
    private record Setup(Sites sites, int[] groups, Network network, Local local, int steps) implements Serializable {
        Loss.Place place(int client, float[] weights) {
            return new Loss.Place(client, sites.clients().get(client).train(), sites.train(), groups, network, weights);
        }
    }

    private Server(Setup setup, Federation federation, Env env) {
        this.setup = setup;
        this.federation = federation;
        this.env = env;
        this.random = env.random("federated");
    }

    /** A server of clients that know no groups. */
    public static Server of(Sites sites, FederatedLearner learner, Env env) {
        return of(sites, new int[0], learner, env);
    }

    /** A server of clients that know the group of each of their records. */
    public static Server of(Sites sites, int[] groups, FederatedLearner learner, Env env) {
        Network network = learner.network(sites.features().size());
        return new Server(
                new Setup(
                        sites,
                        groups,
                        network,
                        learner.local(),
                        learner.federation().steps()),
                learner.federation(),
                env);
    }

    /** What the clients have. */
    public Sites sites() {
        return setup.sites;
    }

    /** The shape of the classifier. */
    public Network network() {
        return setup.network;
    }

    /** Computes something from what one client holds; travels to the client. */
    public interface Statistic<T> extends Serializable {
        /** The value at this client. */
        T at(Loss.Place place);
    }

    /** The server's view of one round. */
    public final class Round {
        private final int number;
        private final float[] weights;
        private final int[] cohort;
        private final Workers.Shared<Setup> shared;

        private Round(int number, float[] weights, int[] cohort, Workers.Shared<Setup> shared) {
            this.number = number;
            this.weights = weights;
            this.cohort = cohort;
            this.shared = shared;
        }

        /** Its number, counted from the first round of the first training. */
        public int number() {
            return number;
        }

        /** The clients that take part, by number. */
        public int[] cohort() {
            return cohort.clone();
        }

        /** How many records a client has. */
        public int recordsOf(int client) {
            return setup.sites.clients().get(client).train().length;
        }

        /** The weights that it begins with. */
        public float[] weights() {
            return weights.clone();
        }

        /** A statistic of every client that takes part, summed in a fixed tree. */
        public <T> T sum(Statistic<T> statistic, Workers.Fold<T> fold) {
            try (Workers.Shared<float[]> sent = env.workers().share(weights)) {
                return env.workers().fold(tasks(statistic, sent), BLOCK, fold);
            }
        }

        /** A statistic of every client that takes part, in their order. What it returns leaves the client. */
        public <T> List<T> each(Statistic<T> statistic) {
            try (Workers.Shared<float[]> sent = env.workers().share(weights)) {
                return env.workers().all(tasks(statistic, sent));
            }
        }

        private <T> List<Workers.Task<T>> tasks(Statistic<T> statistic, Workers.Shared<float[]> sent) {
            List<Workers.Task<T>> tasks = new ArrayList<>();
            for (int client : cohort) {
                tasks.add(new Asked<>(shared, sent, statistic, client));
            }
            return tasks;
        }
    }

    private record Asked<T>(
            Workers.Shared<Setup> setup, Workers.Shared<float[]> weights, Statistic<T> statistic, int client)
            implements Workers.Task<T> {
        @Override
        public T run(Workers workers) {
            return statistic.at(setup.value().place(client, weights.value()));
        }
    }

    /** What the server sends in a round. */
    private record Sent(float[] weights, Loss.Maker loss) implements Serializable {}

    /** The sum of updates: weighted differences of weights, their divisor, and the moments that clients keep. */
    private record Sum(double[] differences, double divisor, List<Local.Moments> kept) implements Serializable {
        /** What the update of one client adds, whose weights were {@code before} and are {@code w}. */
        static Sum of(float[] before, float[] w, double share, Divisor divisor, List<Local.Moments> kept) {
            double[] differences = new double[w.length];
            double squares = 0;
            for (int k = 0; k < w.length; k++) {
                double difference = (double) w[k] - before[k];
                squares += difference * difference;
                differences[k] = share * difference;
            }
            return new Sum(differences, divisor.of(squares), kept);
        }

        @FunctionalInterface
        interface Divisor {
            double of(double squaredNorm);
        }

        Sum plus(Sum other) {
            double[] sum = differences.clone();
            for (int k = 0; k < sum.length; k++) {
                sum[k] += other.differences[k];
            }
            List<Local.Moments> all = new ArrayList<>(kept);
            all.addAll(other.kept);
            return new Sum(sum, divisor + other.divisor, all);
        }
    }

    private record Trained(
            Workers.Shared<Setup> shared, Workers.Shared<Sent> sent, Local.Moments moments, boolean keeps, long key)
            implements Workers.Task<Sum> {
        @Override
        public Sum run(Workers workers) {
            Setup setup = shared.value();
            float[] before = sent.value().weights;
            Loss.Place place = setup.place(moments.client(), before);
            Loss.Maker maker = sent.value().loss;
            float[] w = before.clone();
            Local.Moments from = moments.first().length > 0 ? moments : Local.Moments.none(moments.client(), w.length);
            Local.Moments after =
                    setup.local.train(setup.network, w, from, place, maker.at(place), setup.steps, new Keyed(key));
            double share = maker.share(place);
            return Sum.of(
                    before,
                    w,
                    share,
                    squares -> maker.divisor(place, share, squares),
                    keeps ? List.of(after) : List.of());
        }
    }

    /** The key of the draws of a client in a round. */
    public static Keyed draws(Env env, int client, int round) {
        return env.random("federated").of("client").of(client).of(round);
    }

    /** The weights that the first round begins with. */
    public static float[] start(Env env, Network network) {
        return network.start(env.random("federated").of("start"));
    }

    /**
     * The next weights from those that real clients trained: the mean by records, summed in the tree of a simulation, so that the
     * same clients give the same bits.
     *
     * @param before weights that the round began with
     * @param trained weights of each client, in the order of their numbers
     * @param records of each client
     * @param mixing share of the clients' mean in the next weights
     */
    public static float[] averaged(float[] before, List<float[]> trained, int[] records, double mixing, int round) {
        List<Workers.Task<Sum>> tasks = new ArrayList<>();
        for (int k = 0; k < trained.size(); k++) {
            float[] w = trained.get(k);
            double share = records[k];
            tasks.add(_ -> Sum.of(before, w, share, _ -> share, List.of()));
        }
        return moved(before, Workers.here().fold(tasks, BLOCK, Sum::plus), mixing, round);
    }

    /**
     * Runs rounds from some weights, and returns the weights that they end with.
     *
     * @param first number of the first round; draws depend on it
     */
    public float[] run(float[] start, int first, int rounds, Algorithm algorithm) {
        float[] weights = start.clone();
        int clients = setup.sites.clients().size();
        boolean keeps = setup.local.keeps(clients);
        Map<Integer, Local.Moments> kept = new HashMap<>();
        try (Progress.Step progress = env.progress().begin("rounds", rounds);
                Workers.Shared<Setup> shared = env.workers().share(setup)) {
            for (int r = first; r < first + rounds; r++) {
                Round round = new Round(r, weights, cohort(r), shared);
                Loss.Maker loss = algorithm.loss(round);
                Sum sum = train(round, loss, kept, keeps);
                sum.kept.forEach(moments -> kept.put(moments.client(), moments));
                weights = moved(weights, sum, algorithm.mixing(federation), r);
                long bytes = 4L * setup.network.parameters() * round.cohort.length;
                env.ledger().count("bytes down", bytes);
                env.ledger().count("bytes up", bytes);
                env.ledger().count("client updates", round.cohort.length);
                progress.advance(1);
            }
        }
        return weights;
    }

    private Sum train(Round round, Loss.Maker loss, Map<Integer, Local.Moments> kept, boolean keeps) {
        try (Workers.Shared<Sent> sent = env.workers().share(new Sent(round.weights, loss))) {
            List<Trained> tasks = new ArrayList<>();
            for (int client : round.cohort) {
                Local.Moments moments =
                        kept.getOrDefault(client, new Local.Moments(client, new float[0], new float[0], 0));
                tasks.add(new Trained(
                        round.shared,
                        sent,
                        moments,
                        keeps,
                        draws(env, client, round.number).key()));
            }
            return env.workers().fold(tasks, BLOCK, Sum::plus);
        }
    }

    /**
     * The gradient of the mean cross entropy of one client; nothing is dropped.
     *
     * @param gradient one number for each weight
     */
    public record Gradient(float[] gradient) implements Serializable {}

    private record Slope() implements Statistic<Gradient> {
        @Override
        public Gradient at(Loss.Place place) {
            int n = place.rows().length;
            int[] places = IntStream.range(0, n).toArray();
            float[] g = new float[place.weights().length];
            Loss loss = new Loss.CrossEntropy().at(place);
            place.network()
                    .gradient(
                            place.weights(),
                            place.records(),
                            place.rows(),
                            places,
                            n,
                            1f / n,
                            loss::slope,
                            false,
                            new Keyed(0),
                            g);
            return new Gradient(g);
        }
    }

    /** The gradient of every client at some weights. */
    public List<Gradient> gradients(float[] weights) {
        try (Workers.Shared<Setup> shared = env.workers().share(setup)) {
            return everyone(weights, shared).each(new Slope());
        }
    }

    /** The mean cross entropy of every client at some weights. */
    public double[] losses(float[] weights) {
        try (Workers.Shared<Setup> shared = env.workers().share(setup)) {
            return everyone(weights, shared).each(Loss.Place::meanLoss).stream()
                    .mapToDouble(loss -> loss)
                    .toArray();
        }
    }

    /** A statistic of every client at some weights, summed in a fixed tree. */
    public <T> T sum(float[] weights, Statistic<T> statistic, Workers.Fold<T> fold) {
        try (Workers.Shared<Setup> shared = env.workers().share(setup)) {
            return everyone(weights, shared).sum(statistic, fold);
        }
    }

    private Round everyone(float[] weights, Workers.Shared<Setup> shared) {
        return new Round(
                0, weights, IntStream.range(0, setup.sites.clients().size()).toArray(), shared);
    }

    /** The same weights, if they are finite; a {@code LetheException} with the round otherwise. */
    public static float[] finite(float[] weights, int round) {
        for (int k = 0; k < weights.length; k++) {
            if (!Float.isFinite(weights[k])) {
                throw new LetheException(
                        LetheException.Code.NUMERIC,
                        "round " + round + ": weight " + k + " is " + weights[k]
                                + ", expected a finite number; a smaller learningRate may help");
            }
        }
        return weights;
    }

    private static float[] moved(float[] weights, Sum sum, double mixing, int round) {
        if (!(sum.divisor > 0)) {
            return weights; // every client of the cohort weighs nothing
        }
        float[] next = new float[weights.length];
        for (int k = 0; k < next.length; k++) {
            next[k] = (float) (weights[k] + mixing * sum.differences[k] / sum.divisor);
        }
        return finite(next, round);
    }

    /** The clients of a round, drawn without replacement, in rising order. */
    private int[] cohort(int round) {
        int clients = setup.sites.clients().size();
        int size = (int) Math.clamp(Math.rint(federation.participation() * clients), 1, clients);
        int[] order = IntStream.range(0, clients).toArray();
        if (size < clients) {
            Keyed draws = random.of("cohort").of(round);
            for (int i = 0; i < size; i++) {
                int other = i + Keyed.below(draws.at(i), clients - i);
                int chosen = order[other];
                order[other] = order[i];
                order[i] = chosen;
            }
        }
        int[] cohort = Arrays.copyOf(order, size);
        Arrays.sort(cohort);
        return cohort;
    }
}
