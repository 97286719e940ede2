package org.lethe.recsys.neural.forget;

import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.Safetensors;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.forget.BalancedGreedy;
import org.lethe.recsys.neural.NetworkLearner;
import org.lethe.recsys.neural.NetworkModel;
import org.lethe.recsys.neural.SessionShards;
import org.lethe.recsys.neural.SessionShards.Making;
import org.lethe.recsys.sequence.Events;
import org.lethe.recsys.sequence.Events.Part;
import org.lethe.recsys.sequence.NextItems;
import org.lethe.recsys.stream.Erasing;

/**
 * Forgets by training again only the shards of sessions that hold an erased event, and takes further clicks out of its session, so that it
 * cannot be guessed from what is left (SRU; session-based recommendation with machine unlearning, for any network).
 *
 * <p>Each shard trains a network of its own on its sessions, those of the validation part included, which are dealt by their numbers.
 * An attention combines them: {@code e_s = x_s + W_s x_s + b_s} from the state of a history in each shard, {@code α = softmax_s h ·
 * ReLU(A (e_s ∘ c_s) + a)} with the centroid c_s of the shard, and logits {@code Σ_s α_s logits_s(e_s)}. It is trained again in each request
 * over frozen shards, on at most 4,096 examples; with {@code epochs: 0} it is the mean of the logits.
 *
 * <p>With {@code similar} grouping, sessions stand together whose states are alike, by a network that first learned from all of them and a
 * balanced k-means with at most {@code sessions / shards + 5} in a shard: exact given the partition. With {@code random} grouping the
 * result has the bits of learning without the events. The published code averages each centroid over its coordinates and cuts a session
 * off at the erased click; both are not copied. Output layers are those of the shards.
 *
 * <p>{@code more} clicks of the same session go with each erased one. This is no part of the exact promise: a model that never saw the
 * erased clicks would have seen these. The result is then approximate. It has the bits of a model that never saw either, but which clicks
 * go was chosen by the erased one. Their number is in the ledger as {@code also-erased}, and the model keeps theirs out of later
 * trainings, but for one after a replay. Nothing more can go where a whole session does.
 *
 * <p>Learning costs two trainings (one with {@code random} grouping) and the attention; a request one shard for each session that loses
 * something, and the attention, whose examples cost {@code shards} networks each, as does every answer.
 *
 * @param shards number of shards
 * @param grouping shards: similar (by the states of sessions) or random (by keyed random numbers)
 * @param extra which clicks go with an erased one: collaborative (items most like it, by the |cosine| of their rows), neighbour (nearest in
 *     the session) or random
 * @param more how many clicks go with each erased one
 * @param epochs of the attention; 0 for the mean of the shards
 * @param learningRate of the attention
 */
@Named("sru")
@Taxonomy({Branch.PARTITION, Branch.SEQUENCE})
public record Sru(int shards, Grouping grouping, Extra extra, int more, int epochs, double learningRate)
        implements Erasing {
    private static final int ROUNDS = 50; // of the k-means
    private static final int SPARE = 5; // places of a shard beyond an even share

    /** How sessions are put into shards. */
    public enum Grouping {
        /** By their states in a network that learned from all of them. */
        SIMILAR,
        /** By keyed random numbers. */
        RANDOM
    }

    /** Which clicks of a session go with an erased one. */
    public enum Extra {
        /** Items whose rows are most like that of the erased item. */
        COLLABORATIVE,
        /** The nearest ones in the session. */
        NEIGHBOUR,
        /** Any. */
        RANDOM
    }

    public Sru {
        Check.require(shards >= 1, "shards", shards, "at least 1");
        Check.require(more >= 0, "more", more, "at least 0");
        Check.require(epochs >= 0, "epochs", epochs, "at least 0");
        Check.require(learningRate > 0 && learningRate <= 10, "learningRate", learningRate, "above 0 and at most 10");
    }

    /** Eight shards of similar sessions, nothing erased but what is asked for, and ten epochs of the attention. */
    public Sru() {
        this(8, Grouping.SIMILAR);
    }

    /** The default settings for this number of shards. */
    public Sru(int shards, Grouping grouping) {
        this(shards, grouping, Extra.COLLABORATIVE, 0, 10, 1e-3);
    }

    @Override
    public boolean learnsPlainly() {
        return false;
    }

    @Override
    public Optional<String> unsuited(Request request, Learner<Events, NextItems> learner) {
        return Erasing.super.unsuited(request, learner).or(() -> NetworkMethod.needsNetwork(this, learner));
    }

    @Override
    public NextItems learn(Learner<Events, NextItems> learner, Events data, Env env) {
        NetworkLearner network = (NetworkLearner) learner;
        int[] trained = SessionShards.trained(data);
        if (shards > trained.length) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    "sru.shards is " + shards + ", expected at most " + trained.length
                            + ", the number of sessions in this data");
        }
        int[] shardOf = dealt(data, env);
        if (grouping == Grouping.SIMILAR && shards > 1) {
            NetworkModel placed = env.ledger().timed("pre-embedding", () -> network.train(data, env));
            int[] alike =
                    env.ledger().timed("partition", () -> alike(placed, SessionShards.sessions(data, trained), env));
            for (int n = 0; n < trained.length; n++) {
                shardOf[trained[n]] = alike[n];
            }
        }
        return making(network).all(shardOf, shards, data, env);
    }

    private Making making(NetworkLearner learner) {
        return new Making(learner, epochs, learningRate);
    }

    /** The shard of each session by its number: as many in each, whatever was erased. */
    private int[] dealt(Events data, Env env) {
        Keyed key = env.random("sru-shards");
        int[] order = IntStream.range(0, data.groupCount())
                .boxed()
                .sorted(Comparator.comparingLong((Integer g) -> key.at(g)).thenComparingInt(g -> g))
                .mapToInt(Integer::intValue)
                .toArray();
        int[] shardOf = new int[order.length];
        for (int n = 0; n < order.length; n++) {
            shardOf[order[n]] = n % shards;
        }
        return shardOf;
    }

    /** Balanced k-means over the states of some sessions. */
    int[] alike(NetworkModel placed, int[][] sessions, Env env) {
        float[] states = SessionShards.states(placed, sessions);
        int[] all = IntStream.range(0, sessions.length).toArray();
        BalancedGreedy greedy = new BalancedGreedy(shards, sessions.length / shards + SPARE, ROUNDS);
        BalancedGreedy.Rows rows = new BalancedGreedy.Rows(states, states.length / sessions.length, all, shards);
        return greedy.assign(rows, env.random("sru-centres"), env.workers());
    }

    /** A model of shards, as it is; any other, such as one that a replay trained, is learned again in shards. */
    @Override
    public NextItems begin(NextItems model, Learner<Events, NextItems> learner, Events data, Env env) {
        if (model instanceof SessionShards of) {
            if (of.networks().size() != shards) {
                throw new LetheException(
                        LetheException.Code.STUDY,
                        "model has " + of.networks().size() + " shards, expected one learned by " + this);
            }
            return model;
        }
        return learn(learner, data, env);
    }

    @Override
    public NextItems erase(
            NextItems current,
            int[] events,
            Function<int[], Events> remaining,
            Learner<Events, NextItems> learner,
            Env env) {
        SessionShards before = (SessionShards) current;
        Events data = remaining.apply(new int[0]).without(before.alsoErased());
        BitSet gone = new BitSet();
        Arrays.stream(events).filter(data::holds).forEach(gone::set);
        BitSet also = also(before, gone, data, env);
        env.ledger().count("also-erased", also.cardinality());
        gone.or(also);
        int[] touched = gone.stream()
                .filter(e -> data.part(e) != Part.TEST)
                .map(e -> before.shardOf()[data.group(e)])
                .sorted()
                .distinct()
                .toArray();
        BitSet all = before.alsoErased();
        all.or(also);
        return touched.length == 0
                ? before
                : making((NetworkLearner) learner).again(before, touched, all, data.without(gone), env);
    }

    /** The clicks that go with erased ones, of those that are left in their sessions. */
    BitSet also(SessionShards model, BitSet erased, Events data, Env env) {
        BitSet also = new BitSet();
        erased.stream().filter(data::trains).forEach(e -> {
            int group = data.group(e);
            IntStream.range(data.from(group), data.to(group))
                    .filter(other -> data.trains(other) && !erased.get(other) && !also.get(other))
                    .boxed()
                    .sorted(Comparator.comparingDouble((Integer other) -> distance(model, e, other, data, env))
                            .thenComparingInt(other -> other))
                    .limit(more)
                    .toList()
                    .forEach(also::set);
        });
        return also;
    }

    private double distance(SessionShards model, int erased, int other, Events data, Env env) {
        return switch (extra) {
            case COLLABORATIVE -> {
                NetworkModel shard = model.networks().get(model.shardOf()[data.group(erased)]);
                yield -Math.abs(cosine(shard, data.item(erased), data.item(other)));
            }
            case NEIGHBOUR -> Math.abs(other - erased);
            case RANDOM -> Keyed.unit(env.random("sru-extra").of(erased).at(other));
        };
    }

    /** The cosine of two rows that score items; 0 where one is zero. */
    private static double cosine(NetworkModel model, int one, int other) {
        Safetensors.Tensor table =
                Objects.requireNonNull(model.tensors().get(model.network().scoredRows()));
        int width = Math.toIntExact(table.shape().get(1));
        double product = 0;
        double left = 0;
        double right = 0;
        for (int d = 0; d < width; d++) {
            double a = at(table, one * width + d);
            double b = at(table, other * width + d);
            product += a * b;
            left += a * a;
            right += b * b;
        }
        return left == 0 || right == 0 ? 0 : product / Math.sqrt(left * right);
    }

    private static double at(Safetensors.Tensor table, int place) {
        return table.data().getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, place);
    }

    @Override
    public boolean replays() {
        return more == 0;
    }

    @Override
    public Exactness exactness() {
        return more > 0
                ? Exactness.APPROXIMATE
                : grouping == Grouping.RANDOM ? Exactness.EXACT : Exactness.EXACT_GIVEN_PARTITION;
    }

    @Override
    public Estimate estimate(Learner<Events, NextItems> learner, Events data) {
        return learner.estimate(data).times(grouping == Grouping.RANDOM ? 2 : 3);
    }
}
