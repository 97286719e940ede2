package org.lethe.recsys.balance;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.lethe.Aspect;
import org.lethe.Audit;
import org.lethe.Case;
import org.lethe.Chain;
import org.lethe.Check;
import org.lethe.Components;
import org.lethe.Direction;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Picture;
import org.lethe.Request;
import org.lethe.Scale;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Ranking;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.SampledRanking;
import org.lethe.recsys.Split;
import org.lethe.recsys.balance.GroupMeans.Members;
import org.lethe.statistics.Resampling.Sampled;

/**
 * Measures how differently two groups of users are served: UGF, the absolute difference of the groups' mean quality (Li et
 * al. 2021; In-UCDS, "M_UOF").
 *
 * <p>Two kinds of lists are judged. The full ranking has all items that a user has in neither training nor validation. A
 * sampled list has one test item among {@code negatives} others; the names of its findings begin with {@code sampled-}. A
 * user's sampled numbers are means over its test items and over {@code draws} fresh draws. With T_u the test items of user u,
 * hits_u the number of them among the top k, the measures of a list are:
 *
 * <ul>
 *   <li>{@code ndcg@k}: DCG over the DCG of the best list of at most k items
 *   <li>{@code hitRate@k}: 1 where hits_u is at least 1, else 0
 *   <li>{@code f1@k}: the mean over users of {@code 2 · hits_u / (k + |T_u|)}
 *   <li>{@code sampled-ndcg@k}: {@code 1 / log2(rank + 2)} for a rank from 0 below k, else 0
 *   <li>{@code sampled-hitRate@k}: 1 for a rank below k, else 0; the recall of one item
 *   <li>{@code sampled-pooledF1@k}: the form of the published code, which pools the places of all lists. Its precision is
 *       {@code p = hits / (k · n) = hitRate / k}, its recall is 1, so {@code F1 = 2p / (1 + p)}. It must not be compared with
 *       {@code f1@k}.
 * </ul>
 *
 * <p>Each measure m is given for all users with test items as {@code m}, for the groups as {@code advantaged-m} and {@code
 * disadvantaged-m}, and as {@code ugf-m}, the absolute difference of the groups' means. {@code ugf-before} and {@code
 * ugf-change} are the UGF of {@code ndcg@k} in the model before, and after minus before. {@code overall-change}, {@code
 * advantaged-change}, {@code disadvantaged-change} and {@code worse-served-change} are means of {@code ndcg@k} after minus before:
 * of all users, of each group, and of the group whose mean was lower before. {@code levelling-down = −advantaged-change −
 * disadvantaged-change}; it is above 0 where one group loses more than the other gains, or both lose.
 *
 * <p>Intervals resample users within each group, 1,000 times. Models before and after share users, draws and resamples, so
 * their differences are paired. A step {@code balance} of the request with these groups is judged by four bars, all but the
 * first on both kinds of lists:
 *
 * <ul>
 *   <li>{@code ugf-ndcg@k} of {@code lists}: {@code UGF after − maxRemaining · UGF before} is at most 0. Undecided if the gap
 *       before is not told from 0: there is nothing to balance. Doing nothing therefore fails or is undecided.
 *   <li>{@code overall-change}: {@code (1 − margin) · mean before − mean after} is at most 0.
 *   <li>{@code worse-served-change}: the same for the group that was served worse before.
 *   <li>{@code levelling-down} is at most 0.
 * </ul>
 *
 * <p>A bar passes if the whole interval meets it, fails if none of it does, and is undecided otherwise, and where a group
 * has fewer than {@value GroupBars#LEAST} users with test items or the model before has no quality to lose. After any other request the
 * findings have no verdict: they show which group pays for forgetting or hiding. Users who were forgotten are in neither group
 * and are not evaluated. The model before is the one that the method learned, before the first step of the request; the
 * reference of a chain is not judged.
 *
 * <p>The first bar is on sampled lists by default. There, every test item meets the same number of others. In the full ranking
 * a user with many test items has more chances of a hit, and UGF is large even where all tastes are learned equally well.
 *
 * <p>Cost: a full and a sampled ranking of both models, and a full one more for the picture. The model before is ranked once for all cells that
 * share it.
 *
 * @param groups how groups are made: request, activity, listed or the name of an attribute of users; {@code request} takes
 *     the groups of the request to balance, or activity if there is none
 * @param advantaged labels or ids of the advantaged users, as in a request to balance
 * @param activeShare share of the users that are advantaged by activity; unused if the request makes the groups
 * @param k number of recommendations of each user
 * @param negatives number of sampled items that compete with each test item
 * @param draws number of draws of these items
 * @param lists lists on which UGF is judged: sampled or full
 * @param maxRemaining largest share of the UGF before that may remain
 * @param margin largest share of the overall NDCG before that may be lost
 */
@Named("user-group-fairness")
public record UserGroupFairness(
        String groups,
        List<String> advantaged,
        double activeShare,
        int k,
        int negatives,
        int draws,
        Lists lists,
        double maxRemaining,
        double margin)
        implements Audit<Split, Recommender> {
    private static final String NAME = "user-group-fairness";
    private static final String REQUEST = "request";
    private static final int DRAWN = 200; // points of a line
    private static final int LARGEST = 1_000_000; // of k, negatives and draws

    /** The two kinds of lists. */
    public enum Lists {
        /** One test item among random others. */
        SAMPLED("sampled-", "pooledF1"),
        /** All items. */
        FULL("", "f1");

        private final String prefix;
        private final String f1;

        Lists(String prefix, String f1) {
            this.prefix = prefix;
            this.f1 = f1;
        }

        private Lists other() {
            return this == SAMPLED ? FULL : SAMPLED;
        }
    }

    public UserGroupFairness {
        advantaged = List.copyOf(advantaged);
        Check.require(
                !groups.equals(REQUEST) || advantaged.isEmpty(),
                "advantaged",
                advantaged,
                "nothing, as the request decides");
        new Balance(groups.equals(REQUEST) ? "activity" : groups, advantaged, activeShare); // checks all three
        Check.require(k >= 1 && k <= LARGEST, "k", k, "1 to 1,000,000");
        Check.require(negatives >= 1 && negatives <= LARGEST, "negatives", negatives, "1 to 1,000,000");
        Check.require(draws >= 1 && draws <= LARGEST, "draws", draws, "1 to 1,000,000");
        Check.require(maxRemaining > 0 && maxRemaining < 1, "maxRemaining", maxRemaining, "between 0 and 1");
        Check.require(margin >= 0 && margin < 1, "margin", margin, "0 up to, but not including, 1");
    }

    /** The groups of the request; top 10, 20 draws of 99; at most 60 % of the UGF remain and 1 % of the NDCG is lost. */
    public UserGroupFairness() {
        this(REQUEST, List.of(), 0.05, 10, 99, 20, Lists.SAMPLED, 0.6, 0.01);
    }

    public UserGroupFairness withGroups(String groups, String... advantaged) {
        return new UserGroupFairness(
                groups, List.of(advantaged), activeShare, k, negatives, draws, lists, maxRemaining, margin);
    }

    public UserGroupFairness withLists(Lists lists) {
        return Components.with(this, "lists", lists);
    }

    @Override
    public List<Finding> examine(Case<Split, Recommender> c, Env env) {
        Balance balance = balance(c.request());
        Groups parts = groups(balance, c);
        boolean judged = Chain.steps(c.request()).contains(balance) && !isReference(c);
        List<Finding> findings = new ArrayList<>();
        for (Lists kind : List.of(lists, lists.other())) {
            Ranked after = after(kind, c, env);
            Ranked before = c.untouched() ? after : before(kind, c, env);
            Members members = Members.of(after.users, parts, c.data().users());
            if (members.oneEmpty()) {
                findings.add(new Finding(kind.prefix + at("ugf-ndcg"), 0, 0, Direction.LOWER)
                        .judged(bars().nobody(members)));
                continue;
            }
            Keyed random = env.random(NAME).of("resamples");
            List<GroupMeans> means = GroupMeans.of(
                    Stream.of(after, before).flatMap(r -> r.measures().stream()).toList(),
                    members,
                    random,
                    env.workers());
            Compared of = new Compared(kind, members, measures(kind, means, 0), measures(kind, means, 3));
            ugf(of, judged && kind == lists, findings);
            changes(of, judged, findings);
            served(of, findings);
        }
        return findings;
    }

    /** Whether this is the reference of a chain, which carries out the other steps and balances nothing. */
    @SuppressWarnings("ReferenceEquality") // equal models may come from two methods
    private static boolean isReference(Case<Split, Recommender> c) {
        return c.after() == c.reference() && !c.untouched();
    }

    /** The quality of each user's list, in the order of the measures. */
    private record Ranked(int[] users, List<double[]> measures) {}

    /** The means of each measure of one model. */
    private record Measures(GroupMeans ndcg, GroupMeans hitRate, GroupMeans f1) {}

    /** The models after and before by one kind of lists. */
    private record Compared(Lists kind, Members members, Measures after, Measures before) {}

    private Measures measures(Lists kind, List<GroupMeans> means, int from) {
        GroupMeans f1 = means.get(from + 2);
        return new Measures(
                means.get(from),
                means.get(from + 1),
                kind == Lists.FULL ? f1 : f1.each(hitRate -> pooledF1(hitRate, k)));
    }

    /** F1 over the pooled places of lists of k with one test item each, as the published code computes it. */
    static double pooledF1(double hitRate, int k) {
        double precision = hitRate / k;
        return 2 * precision / (1 + precision);
    }

    private Ranked after(Lists kind, Case<Split, Recommender> c, Env env) {
        return c.untouched() ? before(kind, c, env) : ranked(kind, c.after(), c.remaining(), env);
    }

    private Ranked before(Lists kind, Case<Split, Recommender> c, Env env) {
        List<Request> others = Chain.steps(c.request()).stream()
                .filter(step -> !(step instanceof Balance))
                .toList();
        return c.baseline()
                .of(
                        List.of(NAME, kind, k, negatives, draws, others),
                        env,
                        e -> ranked(kind, c.before(), c.remaining(), e));
    }

    private Ranked ranked(Lists kind, Recommender model, Split data, Env env) {
        return switch (kind) {
            case FULL -> full(Ranking.test(model.served(), data, k, env.workers()), data.test());
            case SAMPLED -> {
                Keyed random = env.random(NAME).of("others");
                SampledRanking.Quality quality =
                        SampledRanking.test(model.served(), data, k, negatives, draws, random, env.workers());
                yield new Ranked(quality.users(), List.of(quality.ndcg(), quality.hitRate(), quality.hitRate()));
            }
        };
    }

    private Ranked full(Ranking.Quality quality, Interactions truth) {
        double[] f1 = IntStream.range(0, quality.users().length)
                .mapToDouble(n -> {
                    int truths = truth.degree(quality.users()[n]);
                    return 2 * Math.rint(quality.recall()[n] * truths) / (k + truths);
                })
                .toArray();
        return new Ranked(quality.users(), List.of(quality.ndcgCut(), quality.hitRate(), f1));
    }

    private Balance balance(Request request) {
        return groups.equals(REQUEST)
                ? Balance.in(request).orElseGet(() -> new Balance("activity", List.of(), activeShare))
                : new Balance(groups, advantaged, activeShare);
    }

    private Groups groups(Balance balance, Case<Split, Recommender> c) {
        try {
            return balance.of(c.remaining().train());
        } catch (LetheException e) {
            throw groups.equals(REQUEST) ? e : new LetheException(e.code(), "audit " + NAME + ": " + e.getMessage(), e);
        }
    }

    private void ugf(Compared of, boolean judged, List<Finding> into) {
        Sampled after = of.after.ndcg.ugf();
        Sampled before = of.before.ndcg.ugf();
        Finding finding = finding(of, at("ugf-ndcg"), after, of.members.inGroups(), Direction.LOWER)
                .on(Scale.SHARE);
        into.add(judged ? finding.judged(bars().balanced(of.after.ndcg, of.before.ndcg, of.members)) : finding);
        into.add(finding(of, at("ugf-hitRate"), of.after.hitRate.ugf(), of.members.inGroups(), Direction.LOWER)
                .on(Scale.SHARE));
        into.add(finding(of, at("ugf-" + of.kind.f1), of.after.f1.ugf(), of.members.inGroups(), Direction.LOWER)
                .on(Scale.SHARE));
        into.add(finding(
                of,
                "ugf-change",
                GroupMeans.both(after, before, (a, b) -> a - b),
                of.members.inGroups(),
                Direction.LOWER));
        into.add(finding(of, "ugf-before", before, of.members.inGroups(), Direction.NONE)
                .on(Scale.SHARE));
    }

    private void served(Compared of, List<Finding> into) {
        served(of, at("ndcg"), of.after.ndcg, into);
        served(of, at("hitRate"), of.after.hitRate, into);
        served(of, at(of.kind.f1), of.after.f1, into);
    }

    private static void served(Compared of, String measure, GroupMeans means, List<Finding> into) {
        Members members = of.members;
        into.add(finding(of, measure, means.all(), members.count(), Direction.HIGHER)
                .on(Scale.SHARE));
        into.add(finding(of, "advantaged-" + measure, means.advantaged(), members.advantaged().length, Direction.HIGHER)
                .on(Scale.SHARE));
        into.add(finding(
                        of,
                        "disadvantaged-" + measure,
                        means.disadvantaged(),
                        members.disadvantaged().length,
                        Direction.HIGHER)
                .on(Scale.SHARE));
    }

    private GroupBars bars() {
        return new GroupBars(maxRemaining, margin);
    }

    private static Finding finding(Compared of, String name, Sampled measured, int n, Direction direction) {
        return new Finding(of.kind.prefix + name, measured.value(), n, direction).within(measured.interval());
    }

    private void changes(Compared of, boolean judged, List<Finding> into) {
        Members members = of.members;
        Sampled first = change(of, GroupMeans::advantaged);
        Sampled second = change(of, GroupMeans::disadvantaged);
        boolean firstWorse = of.before.ndcg.gap().value() < 0;
        Function<GroupMeans, Sampled> worse = firstWorse ? GroupMeans::advantaged : GroupMeans::disadvantaged;
        int worseServed = firstWorse ? members.advantaged().length : members.disadvantaged().length;
        Sampled down = GroupMeans.both(first, second, (a, i) -> 0 - (a + i));
        Finding overall = finding(of, "overall-change", change(of, GroupMeans::all), members.count(), Direction.HIGHER);
        Finding least = finding(of, "worse-served-change", change(of, worse), worseServed, Direction.HIGHER);
        Finding levelling = finding(of, "levelling-down", down, members.inGroups(), Direction.LOWER);
        if (judged) {
            GroupMeans after = of.after.ndcg;
            GroupMeans before = of.before.ndcg;
            overall = overall.judged(bars().kept("all users lose", after.all(), before.all(), members));
            least = least.judged(
                    bars().kept("the group served worse loses", worse.apply(after), worse.apply(before), members));
            levelling = levelling.judged(GroupBars.levelled(down, members));
        }
        into.addAll(List.of(overall, least, levelling));
        into.add(finding(of, "advantaged-change", first, members.advantaged().length, Direction.HIGHER));
        into.add(finding(of, "disadvantaged-change", second, members.disadvantaged().length, Direction.HIGHER));
    }

    /** The mean NDCG of some users after minus before. */
    private static Sampled change(Compared of, Function<GroupMeans, Sampled> whose) {
        return GroupMeans.both(whose.apply(of.after.ndcg), whose.apply(of.before.ndcg), (a, b) -> a - b);
    }

    /** One point for each user, or evenly chosen ones of many: the change of users from those that lose most upwards. */
    @Override
    public List<Picture> pictures(Case<Split, Recommender> c, Env env) {
        if (c.untouched()) {
            return List.of();
        }
        Ranked after = after(Lists.FULL, c, env);
        Ranked before = before(Lists.FULL, c, env);
        Members members = Members.of(
                after.users, groups(balance(c.request()), c), c.data().users());
        double[] changes = IntStream.range(0, after.users.length)
                .mapToDouble(n -> after.measures.getFirst()[n] - before.measures.getFirst()[n])
                .toArray();
        List<Picture.Line> lines = Stream.of(
                        line("advantaged", members.advantaged(), changes),
                        line("disadvantaged", members.disadvantaged(), changes))
                .flatMap(Optional::stream)
                .toList();
        return lines.isEmpty()
                ? List.of()
                : List.of(new Picture.Curve(
                        "change of each user's " + at("ndcg"),
                        "share of the group's users",
                        "after minus before",
                        "Users of each group stand from the one that loses most to the one that gains most; the full ranking."
                                + " A user with few test items moves in large steps.",
                        lines));
    }

    private static Optional<Picture.Line> line(String name, int[] group, double[] changes) {
        int n = group.length;
        if (n == 0) {
            return Optional.empty();
        }
        double[] sorted =
                Arrays.stream(group).mapToDouble(u -> changes[u]).sorted().toArray();
        int points = Math.min(n, DRAWN);
        List<Float> x = new ArrayList<>();
        List<Float> y = new ArrayList<>();
        for (int j = 0; j < points; j++) {
            int at = points == 1 ? 0 : (int) ((long) j * (n - 1) / (points - 1));
            x.add((float) (at + 1) / n);
            y.add((float) sorted[at]);
        }
        return Optional.of(new Picture.Line(name + " (" + n + ")", x, y, List.of(), List.of()));
    }

    private String at(String measure) {
        return measure + "@" + k;
    }

    /** Fairness also after a request to balance: after any other request, this audit must not count as a proof of its effect. */
    @Override
    public Aspect aspect() {
        return Aspect.FAIRNESS;
    }

    @Override
    public String limits() {
        return "With few advantaged users A, one hit moves their hit rate by 1/|A|; UGF of the full ranking mixes quality with"
                + " the number of test items of a user; other groups are not measured.";
    }
}
