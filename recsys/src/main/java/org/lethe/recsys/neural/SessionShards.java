package org.lethe.recsys.neural;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Safetensors;
import org.lethe.Workers;
import org.lethe.recsys.sequence.Decremental;
import org.lethe.recsys.sequence.Events;
import org.lethe.recsys.sequence.Events.Example;
import org.lethe.recsys.sequence.Events.Part;
import org.lethe.torch.Devices;
import org.lethe.torch.Tensors;

/**
 * Networks of parts of the sessions, and an attention by which they answer together.
 *
 * @param networks one for each shard
 * @param shardOf the shard of each session, by its number
 * @param alsoErased events that were taken out besides those asked for, so that these cannot be guessed from them
 * @param seed of all training
 * @param attention weights of the attention, by name
 * @param centroids of the sessions of each shard by the states of its own network, [shards, width]; not numbers for a shard without
 *     any example
 */
public record SessionShards(
        List<NetworkModel> networks,
        int[] shardOf,
        BitSet alsoErased,
        long seed,
        Map<String, Safetensors.Tensor> attention,
        Safetensors.Tensor centroids)
        implements Layered {
    /** How the names of the kinds of these models begin; the kind of the networks follows. */
    public static final String KIND = "sharded/";

    private static final String NETWORK = "shard";
    private static final String ATTENTION = "attention/";

    public SessionShards {
        networks = List.copyOf(networks);
        Check.require(!networks.isEmpty(), "networks", networks.size(), "at least 1");
        alsoErased = (BitSet) alsoErased.clone();
        attention = Collections.unmodifiableMap(new LinkedHashMap<>(attention));
    }

    /** A copy. */
    @Override
    public BitSet alsoErased() {
        return (BitSet) alsoErased.clone();
    }

    /** The same with another attention. */
    SessionShards withAttention(Map<String, Safetensors.Tensor> weights) {
        return new SessionShards(networks, shardOf, alsoErased, seed, weights, centroids);
    }

    /**
     * How shards are trained and combined.
     *
     * @param learner of each shard
     * @param epochs of the attention; 0 for the mean of the logits
     * @param learningRate of the attention
     */
    public record Making(NetworkLearner learner, int epochs, double learningRate) {
        private static final int BATCH = 256;
        private static final int PATIENCE = 2;
        private static final int MOST = 4_096; // examples of the attention

        /** Trains all shards of some data. */
        public SessionShards all(int[] shardOf, int shards, Events data, Env env) {
            return made(
                    shardOf, IntStream.range(0, shards).toArray(), List.of(), new float[0], new BitSet(), data, env);
        }

        /**
         * Trains some shards again, and the attention.
         *
         * @param alsoErased all events that are taken out besides those asked for
         * @param left the data without these and those
         */
        public SessionShards again(SessionShards before, int[] touched, BitSet alsoErased, Events left, Env env) {
            return made(
                    before.shardOf,
                    touched,
                    before.networks,
                    floats(before.centroids),
                    alsoErased,
                    left,
                    env.with(before.seed));
        }

        private SessionShards made(
                int[] shardOf,
                int[] touched,
                List<NetworkModel> old,
                float[] oldCentroids,
                BitSet alsoErased,
                Events data,
                Env env) {
            List<Workers.Task<NetworkModel>> tasks = new ArrayList<>();
            for (int s : touched) {
                Events part = part(data, g -> shardOf[g] == s);
                env.ledger().count("shards-touched", 1);
                tasks.add(workers -> env.ledger().timed("shard", () -> network(part, env.with(workers))));
            }
            List<NetworkModel> fresh = env.workers().all(tasks);
            List<NetworkModel> networks = new ArrayList<>(old);
            for (int n = 0; n < touched.length; n++) {
                if (touched[n] < networks.size()) {
                    networks.set(touched[n], fresh.get(n));
                } else {
                    networks.add(fresh.get(n));
                }
            }
            int width = ShardAttention.states(networks.getFirst(), new int[][] {{0}}).length;
            float[] centroids = Arrays.copyOf(oldCentroids, networks.size() * width);
            for (int s : touched) {
                System.arraycopy(
                        centroid(networks.get(s), part(data, g -> shardOf[g] == s), width),
                        0,
                        centroids,
                        s * width,
                        width);
            }
            SessionShards mean = new SessionShards(
                    networks,
                    shardOf,
                    alsoErased,
                    env.seed(),
                    ShardAttention.untrained(networks, env),
                    Safetensors.Tensor.of(centroids, networks.size(), width));
            boolean able = networks.size() > 1 && !data.examples(Part.TRAIN).isEmpty();
            return epochs == 0 || !able
                    ? mean
                    : env.ledger()
                            .timed(
                                    "aggregate",
                                    () -> ShardAttention.train(
                                            mean,
                                            new NextTraining(epochs, BATCH, learningRate, PATIENCE),
                                            MOST,
                                            data,
                                            env));
        }

        /** A network of a part; its initial weights where it has no example. */
        private NetworkModel network(Events part, Env env) {
            if (!part.examples(Part.TRAIN).isEmpty()) {
                return learner.train(part, env);
            }
            Devices.ready(Device.CPU);
            try (var _ = new PointerScope()) {
                return NetworkModel.of(
                        Named.Of.name(learner),
                        learner.network(),
                        part.itemCount(),
                        learner.network().initial(part.itemCount(), env.random("initial-network")));
            }
        }

        private static float[] centroid(NetworkModel network, Events part, int width) {
            float[] centroid = new float[width];
            if (part.examples(Part.TRAIN).isEmpty()) {
                Arrays.fill(centroid, Float.NaN);
                return centroid;
            }
            float[] states = ShardAttention.states(network, sessions(part, trained(part)));
            for (int d = 0; d < width; d++) {
                double sum = 0;
                for (int n = d; n < states.length; n += width) {
                    sum += states[n];
                }
                centroid[d] = (float) (sum * width / states.length);
            }
            return centroid;
        }
    }

    /** The numbers of sessions from which models learn. */
    public static int[] trained(Events data) {
        return IntStream.range(0, data.groupCount())
                .filter(g -> IntStream.range(data.from(g), data.to(g)).anyMatch(data::trains))
                .toArray();
    }

    /** The items of some sessions from which models learn. */
    public static int[][] sessions(Events data, int... numbers) {
        return Arrays.stream(numbers)
                .mapToObj(g -> IntStream.range(data.from(g), data.to(g))
                        .filter(data::trains)
                        .map(data::item)
                        .toArray())
                .toArray(int[][]::new);
    }

    /** The states of a network after some sessions, [sessions, width]. */
    public static float[] states(NetworkModel model, int[][] sessions) {
        return ShardAttention.states(model, sessions);
    }

    /** The data of some sessions alone. */
    public static Events part(Events data, IntPredicate sessions) {
        BitSet others = new BitSet(data.size());
        for (int g = 0; g < data.groupCount(); g++) {
            if (!sessions.test(g)) {
                others.set(data.from(g), data.to(g));
            }
        }
        return data.without(others);
    }

    static SessionShards read(String kind, Safetensors file, String prefix) {
        int shards = (int) file.longs(prefix + "shards")[0];
        List<NetworkModel> networks = new ArrayList<>();
        for (int s = 0; s < shards; s++) {
            if (!(NeuralModels.read(kind, file, prefix + NETWORK + s + "/").orElse(null) instanceof NetworkModel one)) {
                throw new LetheException(
                        LetheException.Code.DATA, "shard " + s + " is of kind \"" + kind + "\", expected a network");
            }
            networks.add(one);
        }
        BitSet alsoErased = new BitSet();
        Arrays.stream(file.longs(prefix + "also-erased")).forEach(e -> alsoErased.set((int) e));
        Map<String, Safetensors.Tensor> attention =
                StoredWeights.read(ShardAttention.layout(networks), file, prefix + ATTENTION);
        file.require(prefix + "centroids", shards, -1);
        float[] centroids = file.floats(prefix + "centroids");
        return new SessionShards(
                networks,
                Arrays.stream(file.longs(prefix + "shard-of"))
                        .mapToInt(s -> (int) s)
                        .toArray(),
                alsoErased,
                file.longs(prefix + "seed")[0],
                attention,
                Safetensors.Tensor.of(centroids, shards, centroids.length / shards));
    }

    private static float[] floats(Safetensors.Tensor tensor) {
        Devices.ready(Device.CPU);
        try (var _ = new PointerScope()) {
            return Tensors.floats(Tensors.of(tensor));
        }
    }

    @Override
    public int itemCount() {
        return networks.getFirst().itemCount();
    }

    @Override
    public Tensor logits(List<Example> after) {
        return ShardAttention.logits(
                ShardAttention.frozen(attention),
                networks,
                ShardAttention.frozen(networks),
                Tensors.of(centroids),
                Histories.of(after));
    }

    /** The softmax of the scores. */
    @Override
    public double probability(double[] scores, int item) {
        return networks.getFirst().probability(scores, item);
    }

    @Override
    public boolean finite() {
        return networks.stream().allMatch(NetworkModel::finite) && StoredWeights.finite(attention);
    }

    @Override
    public String kind() {
        return KIND + networks.getFirst().kind();
    }

    @Override
    public Map<String, Safetensors.Tensor> tensors() {
        Map<String, Safetensors.Tensor> tensors = new LinkedHashMap<>();
        tensors.put("shards", Decremental.tensor(networks.size()));
        tensors.put("shard-of", Decremental.tensor(shardOf));
        tensors.put("also-erased", Decremental.tensor(alsoErased.stream().toArray()));
        tensors.put("seed", Safetensors.Tensor.of(new long[] {seed}, 1));
        tensors.put("centroids", centroids);
        attention.forEach((name, tensor) -> tensors.put(ATTENTION + name, tensor));
        for (int s = 0; s < networks.size(); s++) {
            String prefix = NETWORK + s + "/";
            networks.get(s).tensors().forEach((name, tensor) -> tensors.put(prefix + name, tensor));
        }
        return tensors;
    }
}
