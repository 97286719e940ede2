package org.lethe.recsys.forget;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.lethe.Aspect;
import org.lethe.Audit;
import org.lethe.Case;
import org.lethe.Check;
import org.lethe.Direction;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.Scale;
import org.lethe.Verdict;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.statistics.Resampling;
import org.lethe.statistics.Resampling.Sampled;

/**
 * Looks at the rows of erased users themselves: whether they still point where they pointed, whether they grew, and whether items alone give the
 * erased pairs away.
 *
 * <p><em>Own-row rank.</em> For an erased user u with row e before and e′ after, the share of other users v with |cos(e′_u, e_v)| below |cos(e′_u, e_u)|.
 * A row that says nothing of u has ranks that are even between 0 and 1; a row turned round has ranks near 1, as has one that was only made shorter.
 * The bar is for their mean: at most what even ranks exceed with a probability of 1 %, so that it can decide for one user.
 * From both rows the direction of u's row in the reference is taken away first, as seeded first weights are the same in both. A row of zeros, or one
 * that is the reference's, has rank ½.
 *
 * <p><em>Norm ratio.</em> The longest erased row over the 99th percentile of retained rows, at most 1.5: no row of a model that learned is much
 * longer, and recommendations from it would be extreme.
 *
 * <p><em>Folded AUC.</em> An attacker who has items alone takes all but one of a user's items, makes a profile of them, and ranks the one left out
 * against items unseen by the user, in turn for each item. Rows of zeros do not hide from it. The profile is the mean direction of the items under the
 * covariance of all items: the mean row of all items is taken away, and coordinates are scaled so that all directions are equally common, as the few
 * directions of popularity and of common tastes otherwise hide what one user left behind. The bar is that of {@code completeness}: like that of
 * retrained models, by a paired bootstrap over users.
 *
 * <p>A method that learns in a form of its own, as in shards, is compared with that form, learned without the data.
 *
 * <p>Cost: the {@code retrainings} trainings of {@code completeness}, which audits share; one product of each erased row with all rows before, and of each profile with a user's items.
 *
 * @param resamples number of resamples for intervals
 * @param margin difference of AUC that passes even if it is not due to chance
 * @param retrainings number of retrained models of other seeds, beside the reference
 */
@Named("erased-rows")
public record ErasedRows(int resamples, double margin, int retrainings) implements Audit<Split, Recommender> {
    private static final double MOST_LENGTH = 1.5;
    private static final double NORMAL_99 = 2.3263478740408408; // the quantile of 99 %
    private static final int FEWEST = 4; // pairs of a user for a profile
    private static final int UNSEEN = 200; // items that one left out is ranked against, at most
    private static final double RIDGE = 0.01; // share of the mean variance that is added to each

    public ErasedRows {
        Check.require(resamples >= 100, "resamples", resamples, "at least 100");
        Check.require(margin >= 0 && margin < 0.5, "margin", margin, "0 up to, but not including, 0.5");
        Check.require(retrainings >= 0, "retrainings", retrainings, "at least 0");
    }

    /** 1,000 resamples, a margin of 0.02, two retrainings of other seeds. */
    public ErasedRows() {
        this(1_000, 0.02, 2);
    }

    @Override
    public Optional<String> unsuited(Request request, Method<Split, Recommender> method) {
        return request instanceof ForgetUsers
                ? Optional.empty()
                : Optional.of("erased-rows looks at requests to forget users, not " + Named.Of.name(request));
    }

    @Override
    public List<Finding> examine(Case<Split, Recommender> given, Env env) {
        Case<Split, Recommender> c = ForgetSets.served(given);
        ForgetSets sets = ForgetSets.of(c);
        int[] erased = sets.gone().users();
        List<Finding> findings = new ArrayList<>();
        findings.add(new Finding("erased-users", erased.length, erased.length, Direction.NONE));
        if (erased.length == 0
                || !(c.before() instanceof Embeddings before
                        && c.after() instanceof Embeddings after
                        && c.reference() instanceof Embeddings reference
                        && before.dims() == after.dims()
                        && reference.dims() == after.dims())) {
            findings.set(
                    0,
                    findings.getFirst()
                            .judged(new Verdict.Undecided(
                                    rankBar(),
                                    erased.length == 0 ? "nobody was erased" : "the model has no row for each user")));
            return findings;
        }
        double[] ranks = Arrays.stream(erased)
                .mapToDouble(u -> rank(after, before, reference, u, c.data().train()))
                .toArray();
        double mean = Arrays.stream(ranks).average().orElse(0.5);
        double most = 0.5 + NORMAL_99 * Math.sqrt(1.0 / 12 / erased.length);
        findings.add(new Finding("own-row-rank", mean, erased.length, Direction.HALF)
                .judged(Verdict.of(mean <= Math.min(most, 0.99), rankBar())));
        double longest =
                Arrays.stream(erased).mapToDouble(u -> norm(after, u)).max().orElse(0);
        double usual = usual(after, sets);
        findings.add(new Finding("norm-ratio", usual == 0 ? 0 : longest / usual, erased.length, Direction.LOWER)
                .on(Scale.POSITIVE)
                .judged(Verdict.of(longest <= MOST_LENGTH * usual, "at most " + MOST_LENGTH)));
        folded(before, after, references(c), sets, env.random("erased-rows"), findings);
        return findings;
    }

    /** The reference and those of other seeds. */
    private static List<Embeddings> references(Case<Split, Recommender> c) {
        return c.references().stream().map(Embeddings.class::cast).toList();
    }

    private static String rankBar() {
        return "no nearer to what it was than rows that say nothing are in 99 of 100 draws";
    }

    /** The share of other users whose row before is less like the row now than the user's own; users without a row that learned are left out. */
    private static double rank(
            Embeddings after, Embeddings before, Embeddings reference, int user, Interactions train) {
        double[] never = unit(reference, user);
        double[] now = less(RowObjective.row(after, user), never);
        double own = likeness(now, less(RowObjective.row(before, user), never));
        if (Double.isNaN(own)) {
            return 0.5;
        }
        double below = 0;
        int others = 0;
        for (int v = 0; v < train.users(); v++) {
            double other = v == user || train.degree(v) == 0
                    ? Double.NaN
                    : likeness(now, less(RowObjective.row(before, v), never));
            if (!Double.isNaN(other)) {
                others++;
                below += other < own ? 1 : other == own ? 0.5 : 0;
            }
        }
        return others == 0 ? 0.5 : below / others;
    }

    /** The direction of a row; zeros for a row of zeros. */
    private static double[] unit(Embeddings model, int user) {
        double[] row = RowObjective.row(model, user);
        double length = Math.sqrt(product(row, row));
        for (int d = 0; d < row.length && length > 0; d++) {
            row[d] /= length;
        }
        return row;
    }

    /** A row without its part in a direction; zeros where nothing but rounding is left. */
    private static double[] less(double[] row, double[] direction) {
        double part = product(row, direction);
        double before = product(row, row);
        double[] rest = new double[row.length];
        for (int d = 0; d < row.length; d++) {
            rest[d] = row[d] - part * direction[d];
        }
        return product(rest, rest) <= 1e-10 * before ? new double[row.length] : rest;
    }

    /** |cos| of two rows; not a number where one is zero. */
    private static double likeness(double[] one, double[] other) {
        return Math.abs(product(one, other)) / Math.sqrt(product(one, one) * product(other, other));
    }

    private static double product(double[] one, double[] other) {
        double product = 0;
        for (int d = 0; d < one.length; d++) {
            product += one[d] * other[d];
        }
        return product;
    }

    private static double norm(Embeddings model, int user) {
        double[] row = RowObjective.row(model, user);
        return Math.sqrt(product(row, row));
    }

    /** The 99th percentile of the lengths of retained rows. */
    private static double usual(Embeddings after, ForgetSets sets) {
        Interactions left = sets.gone().remaining().train();
        double[] norms = IntStream.range(0, left.users())
                .filter(u -> left.degree(u) > 0)
                .mapToDouble(u -> norm(after, u))
                .sorted()
                .toArray();
        return norms.length == 0 ? 0 : norms[(int) Math.floor(0.99 * (norms.length - 1))];
    }

    private void folded(
            Embeddings before,
            Embeddings after,
            List<Embeddings> references,
            ForgetSets sets,
            Keyed key,
            List<Finding> findings) {
        Interactions gone = sets.gone().interactions();
        int[] users = Arrays.stream(sets.gone().users())
                .filter(u -> gone.degree(u) >= FEWEST && gone.degree(u) <= gone.items() / 2)
                .toArray();
        if (users.length == 0) {
            return;
        }
        Keyed draws = key.of("resamples");
        List<Embeddings> each = new ArrayList<>(List.of(after, before));
        each.addAll(references);
        Sampled[] models = new Sampled[each.size()];
        for (int m = 0; m < models.length; m++) {
            Profiles profiles = new Profiles(each.get(m));
            double[] aucs = Arrays.stream(users)
                    .mapToDouble(u -> profiles.auc(u, gone, key.of(gone.userKey(u))))
                    .toArray();
            models[m] = Sampled.of(resamples, users.length, draws, times -> {
                double sum = 0;
                double weight = 0;
                for (int n = 0; n < aucs.length; n++) {
                    sum += times.applyAsInt(n) * aucs[n];
                    weight += times.applyAsInt(n);
                }
                return sum / weight;
            });
        }
        findings.add(new Finding("folded-auc", models[0].value(), users.length, Direction.HALF)
                .within(models[0].interval())
                .judged(Resampling.likeReferences(
                        "within " + margin + " of a retrained model, or not told from it",
                        Arrays.stream(models).skip(2).map(models[0]::less).toList(),
                        Arrays.stream(models).skip(2).map(models[1]::less).toList(),
                        margin,
                        users.length,
                        "erased users"))
                .tested(Resampling.pValue(models[0].differences(models[2]))));
        findings.add(new Finding("folded-auc-before", models[1].value(), users.length, Direction.NONE)
                .on(Scale.SHARE)
                .within(models[1].interval()));
        findings.add(new Finding("folded-auc-reference", models[2].value(), users.length, Direction.NONE)
                .on(Scale.SHARE)
                .within(models[2].interval()));
    }

    /** Directions of items, {@code [items][dims]}, under the covariance of all items. */
    private static final class Profiles {
        private final double[][] directions;

        Profiles(Embeddings model) {
            int dims = model.dims();
            float[] rows = model.itemRows();
            directions = new double[rows.length / dims][dims];
            double[] mean = new double[dims];
            for (int n = 0; n < rows.length; n++) {
                mean[n % dims] += rows[n] / (double) directions.length;
            }
            for (int n = 0; n < rows.length; n++) {
                directions[n / dims][n % dims] = rows[n] - mean[n % dims];
            }
            double[][] factor = factor(directions, dims);
            for (double[] row : directions) {
                whiten(row, factor);
                double length = Math.sqrt(product(row, row));
                for (int d = 0; d < dims && length > 0; d++) {
                    row[d] /= length;
                }
            }
        }

        /** The lower triangle L of the covariance C = LLᵀ, with a ridge. */
        private static double[][] factor(double[][] rows, int dims) {
            double[][] covariance = new double[dims][dims];
            double trace = 0;
            for (double[] row : rows) {
                for (int a = 0; a < dims; a++) {
                    trace += row[a] * row[a];
                    for (int b = 0; b <= a; b++) {
                        covariance[a][b] += row[a] * row[b];
                    }
                }
            }
            double ridge = Math.max(Double.MIN_NORMAL, RIDGE * trace / dims);
            for (int a = 0; a < dims; a++) {
                covariance[a][a] += ridge;
                for (int b = 0; b <= a; b++) {
                    double rest = covariance[a][b];
                    for (int k = 0; k < b; k++) {
                        rest -= covariance[a][k] * covariance[b][k];
                    }
                    covariance[a][b] = a == b ? Math.sqrt(rest) : rest / covariance[b][b];
                }
            }
            return covariance;
        }

        /** L⁻¹ of a row, in place. */
        private static void whiten(double[] row, double[][] factor) {
            for (int a = 0; a < row.length; a++) {
                double rest = row[a];
                for (int k = 0; k < a; k++) {
                    rest -= factor[a][k] * row[k];
                }
                row[a] = rest / factor[a][a];
            }
        }

        /** The AUC of each of a user's items against items that the user never had, by the profile of the others. */
        double auc(int user, Interactions gone, Keyed key) {
            int[] items = IntStream.range(gone.from(user), gone.to(user))
                    .map(gone::item)
                    .toArray();
            int[] unseen = IntStream.range(0, gone.items())
                    .filter(i -> !gone.contains(user, i))
                    .boxed()
                    .sorted(Comparator.comparingLong(i -> key.of("unseen").at(i)))
                    .limit(UNSEEN)
                    .mapToInt(i -> i)
                    .toArray();
            double[] whole = new double[directions[0].length];
            for (int item : items) {
                add(whole, 1, directions[item]);
            }
            double wins = 0;
            for (int item : items) {
                double[] profile = whole.clone();
                add(profile, -1, directions[item]);
                double hit = product(profile, directions[item]);
                for (int other : unseen) {
                    double miss = product(profile, directions[other]);
                    wins += hit > miss ? 1 : hit == miss ? 0.5 : 0;
                }
            }
            return wins / items.length / unseen.length;
        }

        private static void add(double[] sum, double times, double[] row) {
            for (int d = 0; d < sum.length; d++) {
                sum[d] += times * row[d];
            }
        }
    }

    @Override
    public boolean ownForm() {
        return true;
    }

    @Override
    public Aspect aspect() {
        return Aspect.EFFECT;
    }

    @Override
    public String limits() {
        return "The profile is one way to use items; another might find more. Ranks see directions, not what a network could read from a row.";
    }
}
