package org.lethe.recsys.forget;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.EmbeddingLearner;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.Suited;
import org.lethe.recsys.forget.ForgetRequest.Forgotten;

/**
 * Forgets by retraining one adapter of several on a frozen model (the adapter partition and aggregation of APA; Hu et al. 2024,
 * arXiv 2404.10327), with a matrix in place of the language model.
 *
 * <p>A keyed share of the users trains the base, whose item table q is then frozen. The other users are dealt into shards by
 * their keys. Each shard trains its users' rows and an adapter {@code Δ_i = b_i A} of low rank by the pairwise loss,
 * {@code −log σ(p·(q_i + Δ_i − q_j − Δ_j))}, in plain descent from the same A and from b = 0. Adapters are merged for each user
 * with weights {@code α_s ∝ exp(temperature · g_s)}, where g_s is the mean σ of the margins that adapter s gives to the user's
 * training interactions.
 *
 * <p>{@code factors} merges parameters, {@code Ā = Σ α_s A_s} and {@code B̄ = Σ α_s B_s}, so that one adapter serves; that is not
 * {@code Σ α_s B_s A_s}, which {@code products} computes at the cost of S adapters.
 *
 * <p>Exact: shards and draws depend on keys alone, and the result has the bits of learning without the data. A request about
 * users of the base trains everything again. Reconstructed from the paper's abstract; there, shards hold similar samples, which
 * would tie the partition to the data. Cost of a request: the adapters of its shards, and all weights.
 *
 * @param shards number of adapters
 * @param pretraining share of the users who train the base
 * @param rank rank of an adapter
 * @param epochs number of epochs of an adapter
 * @param learningRate learning rate of an adapter
 * @param temperature how much better adapters weigh more
 * @param merge what is merged: factors or products
 */
@Named("apa")
@Taxonomy({Branch.PARTITION, Branch.LANGUAGE})
public record Apa(
        int shards, double pretraining, int rank, int epochs, double learningRate, double temperature, Merge merge)
        implements Forgetting {
    private static final double DECAY = 1e-3; // weight of the squared length of what is trained

    /** What is merged. */
    public enum Merge {
        /** Both factors, into one adapter. */
        FACTORS,
        /** The products of the factors. */
        PRODUCTS
    }

    public Apa {
        Check.require(shards >= 1, "shards", shards, "at least 1");
        Check.require(pretraining > 0 && pretraining < 1, "pretraining", pretraining, "above 0 and below 1");
        Check.require(rank >= 1, "rank", rank, "at least 1");
        Check.require(epochs >= 1, "epochs", epochs, "at least 1");
        Check.require(learningRate > 0 && learningRate <= 10, "learningRate", learningRate, "above 0 and at most 10");
        Check.require(temperature >= 0 && temperature <= 1e3, "temperature", temperature, "0 to 1000");
    }

    public Apa() {
        this(5, Merge.FACTORS);
    }

    /** The default settings for this number of adapters. */
    public Apa(int shards, Merge merge) {
        this(shards, 0.4, 4, 30, 0.05, 10, merge);
    }

    @Override
    public boolean learnsPlainly() {
        return false;
    }

    @Override
    public void require(Learner<Split, Recommender> learner) {
        Forgetting.tables(this, learner);
    }

    @Override
    public Recommender learn(Learner<Split, Recommender> learner, Split data, Env env) {
        EmbeddingLearner tables = Forgetting.tables(this, learner);
        Interactions train = data.train();
        Forgetting.requireUnits(this, shards, data.users());
        int[] shardOf = dealt(train, env);
        Split known = data.withoutUsers(u -> shardOf[u] >= 0);
        Embeddings base = known.train().size() == 0
                ? tables.start(known, env).model()
                : env.ledger().timed("base", () -> tables.train(known, env));
        return adapted(base, List.of(), shardOf, IntStream.range(0, shards).toArray(), train, env);
    }

    /** The shard of each user, −1 for the base; depends on keys alone. */
    private int[] dealt(Interactions train, Env env) {
        Keyed random = env.random("apa-pretraining");
        int[] others = IntStream.range(0, train.users())
                .filter(u -> Keyed.unit(random.at(train.userKey(u))) >= pretraining)
                .toArray();
        int[] place = Partition.ByUser.deal(train, others, shards, env.random("apa-shards"));
        int[] shardOf = new int[train.users()];
        Arrays.fill(shardOf, -1);
        for (int n = 0; n < others.length; n++) {
            shardOf[others[n]] = place[n];
        }
        return shardOf;
    }

    @Override
    public Recommender erase(
            Recommender model, Forgotten forgotten, Learner<Split, Recommender> learner, Split data, Env env) {
        if (!(model instanceof Adapted before)) {
            throw Suited.refused(
                    this,
                    "works on adapters that it learned, not on a "
                            + model.getClass().getSimpleName());
        }
        int[] touched = Arrays.stream(forgotten.touchedUsers())
                .map(u -> before.shardOf()[u])
                .sorted()
                .distinct()
                .toArray();
        if (touched.length > 0 && touched[0] < 0) {
            env.ledger().count("bases-trained", 1);
            return learn(learner, forgotten.remaining(), env);
        }
        Embeddings base = before.base();
        Interactions left = forgotten.remaining().train();
        return adapted(base, before.adapters(), before.shardOf(), touched, left, env);
    }

    /** Trains the adapters of some shards, with the rows of their users, and all weights. */
    private Adapted adapted(
            Embeddings base, List<Adapted.Adapter> old, int[] shardOf, int[] touched, Interactions train, Env env) {
        float[] rows = base.userRows().clone();
        List<int[]> members = new ArrayList<>();
        List<Workers.Task<Trained>> tasks = new ArrayList<>();
        for (int s : touched) {
            int[] users = IntStream.range(0, train.users())
                    .filter(u -> shardOf[u] == s)
                    .toArray();
            env.ledger().count("shards-touched", 1);
            env.ledger().count("interactions-touched", train.ofUsers(users).size());
            members.add(users);
            tasks.add(_ -> env.ledger().timed("adapter", () -> trained(base, users, train, env)));
        }
        List<Trained> fresh = env.workers().all(tasks);
        List<Adapted.Adapter> adapters = new ArrayList<>(
                old.isEmpty() ? fresh.stream().map(Trained::adapter).toList() : old);
        for (int n = 0; n < touched.length; n++) {
            adapters.set(touched[n], fresh.get(n).adapter);
            for (int m = 0; m < members.get(n).length; m++) {
                System.arraycopy(
                        fresh.get(n).rows, m * base.dims(), rows, members.get(n)[m] * base.dims(), base.dims());
            }
        }
        Embeddings tables = new Embeddings(base.dims(), rows, base.itemRows());
        float[] attention = attention(tables, adapters, train, env);
        return new Adapted(tables, adapters, shardOf, attention, merge == Merge.PRODUCTS);
    }

    /**
     * What one shard trained.
     *
     * @param rows the rows of its users, in their order
     */
    private record Trained(Adapted.Adapter adapter, float[] rows) {}

    /** Descent on the interactions of some users. */
    private Trained trained(Embeddings base, int[] members, Interactions train, Env env) {
        int dims = base.dims();
        float[] q = base.itemRows();
        Keyed initial = env.random("apa-initial");
        Keyed negatives = env.random("apa-negatives");
        float[] a = new float[rank * dims];
        for (int n = 0; n < a.length; n++) {
            a[n] = (float) (Keyed.normal(initial.of("a").at(n)) / Math.sqrt(dims));
        }
        float[] b = new float[base.items() * rank];
        float[] rows = new float[members.length * dims];
        for (int m = 0; m < members.length; m++) {
            Keyed of = initial.of("user").of(train.userKey(members[m]));
            for (int d = 0; d < dims; d++) {
                rows[m * dims + d] = (float) (0.1 * Keyed.normal(of.at(d)));
            }
        }
        float[] row = new float[dims];
        float[] toward = new float[dims]; // q_i + Δ_i − q_j − Δ_j
        for (int epoch = 0; epoch < epochs; epoch++) {
            for (int m = 0; m < members.length; m++) {
                int u = members[m];
                System.arraycopy(rows, m * dims, row, 0, dims);
                Keyed of = negatives.of(epoch).of(train.userKey(u));
                for (int k = train.from(u); k < train.to(u); k++) {
                    int i = train.item(k);
                    int j = Keyed.below(of.at(i), base.items());
                    if (train.contains(u, j)) {
                        continue;
                    }
                    double[] through = Adapted.through(a, row);
                    double margin = 0;
                    for (int d = 0; d < dims; d++) {
                        double value = q[i * dims + d] - q[j * dims + d];
                        for (int r = 0; r < rank; r++) {
                            value += (b[i * rank + r] - b[j * rank + r]) * a[r * dims + d];
                        }
                        toward[d] = (float) value;
                        margin += value * row[d];
                    }
                    double pull = learningRate * RowObjective.sigmoid(-margin);
                    double keep = 1 - learningRate * DECAY;
                    for (int r = 0; r < rank; r++) {
                        double apart = b[i * rank + r] - b[j * rank + r];
                        b[i * rank + r] = (float) (keep * b[i * rank + r] + pull * through[r]);
                        b[j * rank + r] = (float) (keep * b[j * rank + r] - pull * through[r]);
                        for (int d = 0; d < dims; d++) {
                            a[r * dims + d] += (float) (pull * apart * row[d]);
                        }
                    }
                    for (int d = 0; d < dims; d++) {
                        row[d] = (float) (keep * row[d] + pull * toward[d]);
                    }
                }
                System.arraycopy(row, 0, rows, m * dims, dims);
            }
        }
        for (float value : a) {
            if (!Float.isFinite(value)) {
                throw new LetheException(
                        LetheException.Code.NUMERIC,
                        "apa: an adapter holds " + value + "; a smaller learningRate may help");
            }
        }
        return new Trained(new Adapted.Adapter(b, a), rows);
    }

    /** For each user the weights of the adapters; equal ones for a user without interactions. */
    private float[] attention(Embeddings tables, List<Adapted.Adapter> adapters, Interactions train, Env env) {
        int dims = tables.dims();
        Keyed random = env.random("apa-attention");
        float[] attention = new float[train.users() * adapters.size()];
        env.workers().each(train.users(), u -> {
            float[] row = Arrays.copyOfRange(tables.userRows(), u * dims, (u + 1) * dims);
            Keyed of = random.of(train.userKey(u));
            double[] good = new double[adapters.size()];
            double most = 0;
            for (int s = 0; s < good.length; s++) {
                double[] through = Adapted.through(adapters.get(s).a(), row);
                for (int k = train.from(u); k < train.to(u); k++) {
                    int i = train.item(k);
                    int j = Keyed.below(of.at(i), tables.items());
                    double margin = (double) tables.score(u, i) - tables.score(u, j);
                    for (int r = 0; r < rank; r++) {
                        margin += (adapters.get(s).b()[i * rank + r]
                                        - adapters.get(s).b()[j * rank + r])
                                * through[r];
                    }
                    good[s] += RowObjective.sigmoid(margin) / train.degree(u);
                }
                most = Math.max(most, good[s]);
            }
            double sum = 0;
            for (int s = 0; s < good.length; s++) {
                good[s] = Math.exp(temperature * (good[s] - most));
                sum += good[s];
            }
            for (int s = 0; s < good.length; s++) {
                attention[u * good.length + s] = (float) (good[s] / sum);
            }
        });
        return attention;
    }

    @Override
    public Exactness exactness() {
        return Exactness.EXACT;
    }

    @Override
    public Estimate estimate(Learner<Split, Recommender> learner, Split data) {
        double steps = (double) data.train().size() * epochs * rank;
        return learner.estimate(data).then(new Estimate(2e-7 * steps, 0)).times(1.5);
    }
}
