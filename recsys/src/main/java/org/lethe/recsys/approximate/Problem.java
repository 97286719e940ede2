package org.lethe.recsys.approximate;

import java.util.Arrays;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.IntStream;
import org.lethe.Env;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.EmbeddingLearner.Loss;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.Suited;
import org.lethe.recsys.backbone.LightGcn;
import org.lethe.recsys.backbone.Pmf;
import org.lethe.recsys.forget.ForgetRequest.Forgotten;
import org.lethe.recsys.forget.Forgetting;

/**
 * What a method that moves tables begins with: the tables in double, the forgotten samples, the retained data, and the
 * losses at which pairs look as if never seen.
 */
final class Problem {
    static final int NEGATIVES = 4;
    private static final int WITNESSES = 4096;

    final Method<?, ?> method;
    final Env env;
    final Embeddings before;
    final Split data;
    final Forgotten forgotten;
    final Loss form;
    final int users;
    final int items;
    final int dims;

    /** The tables, users first: those before propagation if the method works over the graph. */
    final double[] theta;

    final Graph graph;
    final Graph graphAfter;

    /** The forgotten pairs, each with a negative that its user never took. */
    final Triples gone;

    private final Triples measured; // the same with four negatives each
    private double[] neverSeen = {};
    private double rememberedBefore = -1;

    private Problem(
            Method<?, ?> method, Embeddings before, Loss form, Forgotten forgotten, Split data, int layers, Env env) {
        this.method = method;
        this.env = env;
        this.before = before;
        this.data = data;
        this.forgotten = forgotten;
        this.form = form;
        users = before.users();
        items = before.items();
        dims = before.dims();
        Embeddings moved = layers > 0 ? before.initial().orElseThrow() : before;
        theta = joined(moved);
        graph = new Graph(data.train(), layers);
        graphAfter = new Graph(forgotten.remaining().train(), layers);
        Keyed random = random("forgotten");
        gone = Triples.of(forgotten.interactions(), data.train(), 1, random);
        measured = Triples.of(forgotten.interactions(), data.train(), NEGATIVES, random.of(1));
    }

    /** The loss of the model: that of its learner. */
    static Loss form(Method<?, ?> method, Learner<Split, Recommender> learner) {
        return learner instanceof Pmf
                ? Loss.LOGISTIC
                : Forgetting.tables(method, learner).loss();
    }

    /** The problem; empty if no training pair is to be forgotten. */
    static Optional<Problem> of(
            Method<?, ?> method,
            Recommender model,
            Forgotten forgotten,
            Learner<Split, Recommender> learner,
            Split data,
            boolean overGraph,
            Env env) {
        Loss form = form(method, learner);
        Embeddings before = Forgetting.embeddings(method, model);
        if (forgotten.interactions().size() == 0) {
            return Optional.empty();
        }
        int layers = overGraph && learner instanceof LightGcn graph ? graph.layers() : 0;
        if (layers > 0 && before.initial().isEmpty()) {
            throw Suited.refused(
                    method,
                    "needs the tables before propagation, which this model does not have: train it again, or use only methods "
                            + "that keep them before this one");
        }
        return Optional.of(new Problem(method, before, form, forgotten, data, layers, env));
    }

    private static double[] joined(Embeddings tables) {
        double[] joined = new double[tables.userRows().length + tables.itemRows().length];
        int at = 0;
        for (float value : tables.userRows()) {
            joined[at++] = value;
        }
        for (float value : tables.itemRows()) {
            joined[at++] = value;
        }
        return joined;
    }

    Keyed random(String purpose) {
        return env.random(Named.Of.name(method)).of(purpose);
    }

    /** The retained training pairs. */
    Interactions left() {
        return forgotten.remaining().train();
    }

    /** Number of forgotten pairs. */
    int requested() {
        return forgotten.interactions().size();
    }

    int rows() {
        return users + items;
    }

    /** A loss of samples over the graph before the request. */
    TripleLoss loss(Triples samples) {
        return new TripleLoss(form, samples, dims, users, graph);
    }

    /** A loss of samples over the graph after the request. */
    TripleLoss lossAfter(Triples samples) {
        return new TripleLoss(form, samples, dims, users, graphAfter);
    }

    /** All retained pairs, each with one negative. */
    Triples retained() {
        return retained(left(), "retained");
    }

    /** Some retained pairs, each with one negative. */
    Triples retained(Interactions pairs, String purpose) {
        return Triples.of(pairs, left(), 1, random(purpose));
    }

    /** So many retained pairs, drawn by their own keys; all of them for 0. */
    Interactions sample(int count, String purpose) {
        Interactions left = left();
        if (count <= 0 || count >= left.size()) {
            return left;
        }
        Keyed random = random(purpose);
        long[] drawn = new long[left.size()];
        for (int u = 0; u < users; u++) {
            for (int k = left.from(u); k < left.to(u); k++) {
                drawn[k] = random.at(left.userKey(u), left.item(k));
            }
        }
        long[] sorted = drawn.clone();
        Arrays.sort(sorted);
        long last = sorted[count - 1];
        return left.at((u, k) -> drawn[k] <= last);
    }

    /** At most 4,096 retained pairs of marked users or items, drawn by their own keys, each with one negative. */
    Triples witnesses(boolean[] rows) {
        Interactions near = left().where((u, i) -> rows[u] || rows[users + i]);
        Keyed drawn = random("witnesses");
        double share = WITNESSES / (double) Math.max(1, near.size());
        return retained(near.where((u, i) -> Keyed.unit(drawn.at(near.userKey(u), i)) < share), "witnesses");
    }

    /** The size of a repair as ERASE has it: {@code perPair} for every forgotten pair, at least 32, at most a tenth of the data. */
    int repairSize(int perPair) {
        return Math.max(1, Math.min(Math.max(32, perPair * requested()), left().size() / 10));
    }

    /** The rows of users and items that a forgotten pair has, users first. */
    boolean[] touched() {
        return gone.rows(users, items, false);
    }

    /** The loss of each forgotten pair with these tables, over the graph after the request: a mean over four negatives. */
    double[] goneLosses(double[] tables) {
        return ofPairs(lossAfter(measured).values(tables));
    }

    /** The mean of the losses of each pair, over four negatives. */
    static double[] ofPairs(double[] losses) {
        double[] means = new double[losses.length / NEGATIVES];
        for (int n = 0; n < losses.length; n++) {
            means[n / NEGATIVES] += losses[n] / NEGATIVES;
        }
        return means;
    }

    /** The loss that each forgotten pair would have if it had never been seen. */
    double[] neverSeen() {
        double[] known = neverSeen;
        if (known.length == 0) {
            known = NeverSeen.losses(this);
            neverSeen = known;
        }
        return known;
    }

    /** A loss of samples as a function of the tables that score, whether propagated or not. */
    TripleLoss lossOfRows(Triples samples) {
        return new TripleLoss(form, samples, dims, users, new Graph(left(), 0));
    }

    /** The forgotten pairs, each with four negatives that its user never took. */
    Triples measured() {
        return measured;
    }

    /** The forgotten pairs with four negatives each, drawn for this step; ordered as {@link #measured}. */
    Triples gone(int step) {
        return Triples.of(
                forgotten.interactions(),
                data.train(),
                NEGATIVES,
                random("ascent").of(step));
    }

    /** Which samples of {@link #measured} belong to pairs that lose less than if never seen. */
    boolean[] below(double[] tables) {
        double[] now = goneLosses(tables);
        double[] level = neverSeen();
        boolean[] below = new boolean[measured.size()];
        for (int n = 0; n < below.length; n++) {
            below[n] = now[n / NEGATIVES] < level[n / NEGATIVES];
        }
        return below;
    }

    /** How much less the forgotten pairs lose than if never seen, on average; pairs that lose more count as 0. */
    double remembered(double[] tables) {
        double[] now = goneLosses(tables);
        double[] level = neverSeen();
        double sum = 0;
        for (int n = 0; n < now.length; n++) {
            sum += Math.max(0, level[n] - now[n]);
        }
        return sum / now.length;
    }

    /** Whether ascent is at its end: the forgotten pairs remember at most a twentieth of what they did. */
    boolean forgotten(double[] tables) {
        if (rememberedBefore < 0) {
            rememberedBefore = remembered(theta);
        }
        return remembered(tables) <= 0.05 * rememberedBefore;
    }

    /** How far the losses of the forgotten pairs are from those of never-seen pairs, on average. */
    double distanceFromNeverSeen(double[] tables) {
        double[] now = goneLosses(tables);
        double[] level = neverSeen();
        double sum = 0;
        for (int n = 0; n < now.length; n++) {
            sum += Math.abs(level[n] - now[n]);
        }
        return sum / now.length;
    }

    /**
     * The length of a step, of 1/4,096 to 4,096 in ratios of √2, at which a quarter of the pairs that lose less than never-seen ones
     * first lose as much. Where none is enough, it is the one at which most do; 0 if none does. The direction is the step's, its
     * length is measured.
     */
    double lengthOf(double[] from, double[] step) {
        double[] level = neverSeen();
        double[] now = goneLosses(from);
        double best = 0;
        int most = 0;
        for (int n = -24; n <= 24; n++) {
            double length = Math.pow(2, n / 2.0);
            double[] then = goneLosses(Vectors.plus(from, length, step));
            int rising = 0;
            int reached = 0;
            for (int k = 0; k < level.length; k++) {
                rising += now[k] < level[k] ? 1 : 0;
                reached += now[k] < level[k] && then[k] >= level[k] ? 1 : 0;
            }
            if (4 * reached >= rising) {
                return length;
            }
            if (reached > most) {
                most = reached;
                best = length;
            }
        }
        return best;
    }

    /** The entries of rows that are not marked set to 0. */
    double[] only(boolean[] marked, double[] vector) {
        double[] masked = vector.clone();
        for (int row = 0; row < marked.length; row++) {
            if (!marked[row]) {
                Arrays.fill(masked, row * dims, (row + 1) * dims, 0);
            }
        }
        return masked;
    }

    /** The samples in an order of their own, for one pass over them in batches. */
    static int[] order(int size, Keyed random) {
        return IntStream.range(0, size)
                .boxed()
                .sorted(Comparator.comparingLong(n -> random.at(n)))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    /** The model of these tables, served over the graph after the request. A number that is not finite stops the run. */
    Embeddings model(double[] tables) {
        for (int n = 0; n < tables.length; n++) {
            if (!Float.isFinite((float) tables[n])) {
                int row = n / dims;
                throw new LetheException(
                        LetheException.Code.NUMERIC,
                        Named.Of.name(method) + ": the new row of "
                                + (row < users ? "user " + row : "item " + (row - users)) + " has " + tables[n]
                                + "; a smaller step or a larger damping may help");
            }
        }
        Embeddings moved = split(tables);
        return graph.layers() == 0
                ? moved
                : split(graphAfter.apply(tables, dims)).propagatedFrom(moved.userRows(), moved.itemRows());
    }

    private Embeddings split(double[] tables) {
        float[] userRows = new float[users * dims];
        float[] itemRows = new float[items * dims];
        for (int n = 0; n < userRows.length; n++) {
            userRows[n] = (float) tables[n];
        }
        for (int n = 0; n < itemRows.length; n++) {
            itemRows[n] = (float) tables[userRows.length + n];
        }
        return new Embeddings(dims, userRows, itemRows);
    }
}
