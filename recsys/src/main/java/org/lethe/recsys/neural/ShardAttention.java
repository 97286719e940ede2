package org.lethe.recsys.neural;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.Safetensors;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.sequence.Events;
import org.lethe.recsys.sequence.Events.Example;
import org.lethe.recsys.sequence.Events.Part;
import org.lethe.torch.Devices;
import org.lethe.torch.Initial;
import org.lethe.torch.Parameters;
import org.lethe.torch.Tensors;

/**
 * The attention that combines networks of parts of the sessions (SRU): states x_s of a history in each shard are brought together by
 * {@code e_s = x_s + W_s x_s + b_s}, so are the centroids c_s of the shards, and {@code α = softmax_s h · ReLU(A (e_s ∘ c_s) + a)}; the logits
 * are {@code Σ_s α_s logits_s(e_s)}, each by the frozen output layer of its shard.
 *
 * <p>W, b and h begin at zero, so that the untrained combination is the mean of the shards' logits. A shard without an example has no
 * weight.
 */
final class ShardAttention {
    private static final int BATCH = 256;
    private static final double NO_SAY = -1e9; // whose softmax is 0

    private ShardAttention() {}

    private static int width(NetworkModel shard) {
        Safetensors.Tensor rows =
                Objects.requireNonNull(shard.tensors().get(shard.network().scoredRows()));
        return Math.toIntExact(rows.shape().get(1));
    }

    static List<Weight> layout(List<NetworkModel> shards) {
        int width = width(shards.getFirst());
        int hidden = Math.max(1, width / 2);
        List<Weight> layout = new ArrayList<>();
        for (int s = 0; s < shards.size(); s++) {
            layout.add(Weight.of("transfer" + s, width, width, Initial.ZERO)); // W
            layout.add(Weight.constant("shift" + s, width, 0)); // b
        }
        layout.add(Weight.of("attention.weight", hidden, width, Initial.xavierNormal(1))); // A
        layout.add(Weight.constant("attention.bias", hidden, 0)); // a
        layout.add(Weight.of("attention.query", 1, hidden, Initial.ZERO)); // h
        return layout;
    }

    /** The attention before training, whose weights are all equal. */
    static Map<String, Safetensors.Tensor> untrained(List<NetworkModel> shards, Env env) {
        Devices.ready(Device.CPU);
        try (var _ = new PointerScope()) {
            return StoredWeights.of(Weight.initial(layout(shards), env.random("initial-network")));
        }
    }

    /** Weights that no gradient is taken of. */
    static Parameters frozen(Map<String, Safetensors.Tensor> tensors) {
        Map<String, Tensor> detached = new LinkedHashMap<>();
        StoredWeights.leaves(tensors).all().forEach((name, tensor) -> detached.put(name, tensor.detach()));
        return Parameters.of(detached);
    }

    /** The shards in libtorch's memory. */
    static List<Parameters> frozen(List<NetworkModel> shards) {
        return shards.stream().map(shard -> frozen(shard.tensors())).toList();
    }

    /**
     * The logits of all items, [batch, items].
     *
     * @param weights of the attention
     * @param centroids of the shards, row by row; a shard whose row is no number has no examples
     */
    static Tensor logits(
            Parameters weights,
            List<NetworkModel> shards,
            List<Parameters> frozen,
            Tensor centroids,
            int[][] histories) {
        TensorVector strengths = new TensorVector();
        List<Tensor> logits = new ArrayList<>();
        for (int s = 0; s < frozen.size(); s++) {
            NextNetwork network = shards.get(s).network();
            Tensor state;
            try (var _ = new NoGradGuard()) {
                state = network.states(frozen.get(s), histories, Optional.empty());
            }
            Tensor centroid = centroids.narrow(0, s, 1); // [1, width]
            boolean empty = centroid.isnan().any().item_bool();
            Tensor moved = moved(weights, s, state); // [batch, width]
            Tensor together = moved.mul(moved(weights, s, empty ? torch.zeros_like(centroid) : centroid));
            Tensor hidden = torch.addmm(
                            weights.tensor("attention.bias"),
                            together,
                            weights.tensor("attention.weight").t())
                    .relu();
            Tensor strength = hidden.matmul(weights.tensor("attention.query").t()); // [batch, 1]
            strengths.push_back(empty ? strength.mul(new Scalar(0.0)).add(new Scalar(NO_SAY)) : strength);
            logits.add(network.logits(frozen.get(s), moved));
        }
        Tensor shares = torch.cat(strengths, 1).softmax(1); // [batch, shards]
        Tensor sum = logits.getFirst().mul(shares.narrow(1, 0, 1));
        for (int s = 1; s < logits.size(); s++) {
            sum = sum.add(logits.get(s).mul(shares.narrow(1, s, 1)));
        }
        return sum;
    }

    private static Tensor moved(Parameters weights, int shard, Tensor states) {
        return states.add(torch.addmm(
                weights.tensor("shift" + shard),
                states,
                weights.tensor("transfer" + shard).t()));
    }

    /**
     * Trains the attention over frozen shards by the cross-entropy of the next item.
     *
     * @param most examples to train on, of whole sessions drawn by their numbers
     */
    static SessionShards train(SessionShards shards, NextTraining training, int most, Events data, Env env) {
        Env here = env.with(Device.CPU);
        Devices.ready(Device.CPU);
        try (var _ = new PointerScope()) {
            List<Parameters> frozen = frozen(shards.networks());
            Tensor centroids = Tensors.of(shards.centroids());
            NextTraining.Task<SessionShards> task = new NextTraining.Task<>() {
                @Override
                public Tensor loss(Parameters weights, List<Example> batch, Keyed dropout) {
                    Tensor logits = logits(weights, shards.networks(), frozen, centroids, Histories.of(batch));
                    int[] next = batch.stream()
                            .mapToInt(example -> example.targets()[0])
                            .toArray();
                    return torch.cross_entropy(logits, Histories.whole(logits, next));
                }

                @Override
                public SessionShards model(Parameters weights) {
                    return shards.withAttention(StoredWeights.of(weights));
                }
            };
            return training.train(
                    "the attention of shards", task, layout(shards.networks()), some(data, most, env), here);
        }
    }

    /** The data with so many training examples at most, those of whole sessions; all other parts stay. */
    private static Events some(Events data, int most, Env env) {
        Keyed key = env.random("sessions of the attention");
        BitSet left = new BitSet(data.size());
        int count = 0;
        for (int g : IntStream.range(0, data.groupCount())
                .filter(g -> IntStream.range(data.from(g), data.to(g)).anyMatch(data::trains))
                .filter(g -> IntStream.range(data.from(g), data.to(g)).allMatch(e -> data.part(e) == Part.TRAIN))
                .boxed()
                .sorted(Comparator.comparingLong(g -> key.at(g)))
                .mapToInt(Integer::intValue)
                .toArray()) {
            if (count >= most) {
                left.set(data.from(g), data.to(g));
            }
            count += (int) IntStream.range(data.from(g), data.to(g))
                            .filter(data::trains)
                            .count()
                    - 1;
        }
        return data.without(left);
    }

    /** The states of a network after whole sessions, [sessions, width]. */
    static float[] states(NetworkModel model, int[][] sessions) {
        int width = width(model);
        float[] states = new float[sessions.length * width];
        Devices.ready(Device.CPU);
        for (int from = 0; from < sessions.length; from += BATCH) {
            int[][] part = Arrays.copyOfRange(sessions, from, Math.min(sessions.length, from + BATCH));
            try (var _ = new PointerScope();
                    var _ = new NoGradGuard()) {
                float[] of = Tensors.floats(model.network().states(frozen(model.tensors()), part, Optional.empty()));
                System.arraycopy(of, 0, states, from * width, of.length);
            }
        }
        return states;
    }
}
