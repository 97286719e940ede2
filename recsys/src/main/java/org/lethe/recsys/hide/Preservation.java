package org.lethe.recsys.hide;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.lethe.Aspect;
import org.lethe.Audit;
import org.lethe.Case;
import org.lethe.Check;
import org.lethe.Direction;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Formerly;
import org.lethe.Interval;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.Scale;
import org.lethe.Verdict;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Ranking;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.SampledRanking;
import org.lethe.recsys.Split;
import org.lethe.statistics.Statistics;

/**
 * Measures the loss of recommendation quality against the untreated model: hit rate and NDCG of sampled 1 + 99 lists, as
 * published, and of the full ranking.
 *
 * <p>{@code loss = 1 − mean after / mean before} over the same users, with a bootstrap interval over users that resamples
 * both means together. The bar passes if the upper end of the interval does not exceed it, fails if the lower end does, and
 * is undecided otherwise. Doing nothing loses nothing and passes; {@code attribute-inference} rejects it. This audit
 * rejects a model whose embeddings are all equal (PreservationTest).
 *
 * <p>Cost: two rankings of each kind and {@code O(resamples · users)}. The model before is ranked once for all cells that
 * share it.
 *
 * @param k number of recommendations of each user
 * @param negatives number of sampled items that compete with each test item
 * @param maxSampledLoss largest share of quality that sampled lists may lose
 * @param maxFullLoss largest share of quality that the full ranking may lose
 */
@Named("preservation")
public record Preservation(
        int k,
        @Formerly("others") int negatives,
        @Formerly("sampledLoss") double maxSampledLoss,
        @Formerly("fullLoss") double maxFullLoss)
        implements Audit<Split, Recommender> {
    private static final int RESAMPLES = Statistics.RESAMPLES;

    public Preservation {
        Check.require(k >= 1, "k", k, "at least 1");
        Check.require(negatives >= 1, "negatives", negatives, "at least 1");
        Check.require(
                maxSampledLoss >= 0 && maxSampledLoss < 1,
                "maxSampledLoss",
                maxSampledLoss,
                "0 up to, but not including, 1");
        Check.require(maxFullLoss >= 0 && maxFullLoss < 1, "maxFullLoss", maxFullLoss, "0 up to, but not including, 1");
    }

    /** Top 10 among 99 sampled items; at most 3 % and 5 % lost. */
    public Preservation() {
        this(10, 99, 0.03, 0.05);
    }

    /** Refused for forgetting, whose cost {@code utility} measures: the untreated model is no measure for one that had to forget. */
    @Override
    public Optional<String> unsuited(Request request, Method<Split, Recommender> method) {
        return LetheException.refusal(() -> Hide.in(request, "preservation"));
    }

    @Override
    public List<Finding> examine(Case<Split, Recommender> c, Env env) {
        Keyed random = env.random("preservation");
        List<Finding> findings = new ArrayList<>();
        Optional<Lists> own = c.untouched() ? Optional.empty() : Optional.of(lists(c.after(), c.remaining(), env));
        Lists had = c.baseline()
                .of(
                        List.of("lists", k, negatives, Hide.others(c.request())),
                        env,
                        e -> lists(c.before(), c.remaining(), e));
        Lists has = own.orElse(had);
        judge("hitRate@" + k, had.sampled.hitRate(), has.sampled.hitRate(), maxSampledLoss, random, findings);
        judge("ndcg@" + k, had.sampled.ndcg(), has.sampled.ndcg(), maxSampledLoss, random, findings);
        judge("full-hitRate@" + k, had.full.hitRate(), has.full.hitRate(), maxFullLoss, random, findings);
        judge("full-ndcg@" + k, had.full.ndcgCut(), has.full.ndcgCut(), maxFullLoss, random, findings);
        return findings;
    }

    /** The recommendation quality of one model. */
    private record Lists(SampledRanking.Quality sampled, Ranking.Quality full) {}

    private Lists lists(Recommender model, Split data, Env env) {
        Keyed random = env.random("preservation").of("others");
        return new Lists(
                SampledRanking.test(model, data, k, negatives, random, env.workers()),
                Ranking.test(model, data, k, env.workers()));
    }

    private void judge(String name, double[] before, double[] after, double bar, Keyed random, List<Finding> into) {
        int n = before.length;
        if (n == 0) {
            into.add(new Finding(name + "-loss", 0, 0, Direction.LOWER)
                    .judged(new Verdict.Undecided(bar(bar), "no user has test pairs")));
            return;
        }
        into.add(new Finding(name, Statistics.mean(after), n, Direction.HIGHER)
                .on(Scale.SHARE)
                .within(Statistics.bootstrap(after, random.of(name))));
        double loss = loss(Statistics.mean(before), Statistics.mean(after));
        double[] losses = new double[RESAMPLES];
        for (int r = 0; r < RESAMPLES; r++) {
            Keyed draw = random.of(name).of("loss").of(r);
            double had = 0;
            double has = 0;
            for (int u = 0; u < n; u++) {
                int at = Keyed.below(draw.at(u), n);
                had += before[at];
                has += after[at];
            }
            losses[r] = loss(had, has);
        }
        Arrays.sort(losses);
        Interval interval = new Interval(
                Statistics.quantile(losses, (1 - Statistics.LEVEL) / 2),
                Statistics.quantile(losses, (1 + Statistics.LEVEL) / 2),
                Statistics.LEVEL);
        Verdict verdict = interval.high() <= bar
                ? new Verdict.Pass(bar(bar))
                : interval.low() > bar
                        ? new Verdict.Fail(bar(bar))
                        : new Verdict.Undecided(bar(bar), "the bar lies within the interval of " + n + " users");
        into.add(new Finding(name + "-loss", loss, n, Direction.LOWER)
                .within(interval)
                .judged(verdict));
    }

    private static double loss(double before, double after) {
        return before > 0 ? 1 - after / before : 0;
    }

    private static String bar(double bar) {
        return String.format(Locale.ROOT, "loses at most %.0f %% of the untreated model's", 100 * bar);
    }

    @Override
    public Aspect aspect() {
        return Aspect.UTILITY;
    }

    @Override
    public String limits() {
        return "Sampled lists flatter every model; means over users hide users who lose much; quality is measured on what users"
                + " chose, not on what they would have liked.";
    }
}
