package org.lethe.recsys.stream;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;
import org.lethe.Aspect;
import org.lethe.Audit;
import org.lethe.Case;
import org.lethe.Check;
import org.lethe.Direction;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Interval;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.Scale;
import org.lethe.Verdict;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.sequence.Events;
import org.lethe.recsys.sequence.Events.Example;
import org.lethe.recsys.sequence.NextItemRanking;
import org.lethe.recsys.sequence.NextItems;
import org.lethe.statistics.Resampling;
import org.lethe.statistics.Resampling.Difference;
import org.lethe.statistics.Statistics;

/**
 * Asks the model for an erased click, by what is left of its session before it, among items that the session never had (the test of SRU).
 *
 * <p>The erased item is ranked among {@code candidates} others, drawn once for each click; {@code hit} is the share of clicks that are among
 * the first k. Where nothing is left before it, the clicks that stood there before are given. The bar: hits are not more than those of the
 * reference on the same questions, with a paired bootstrap over clicks; by it this audit rejects doing nothing. A ranking at random has
 * {@code k / (candidates + 1)}, which is {@code hit-at-random}: 0.0399 for 20 of 501.
 *
 * <p>A method may have taken further clicks out of the session, so that less gives the erased one away. {@code hit-in-what-is-left} asks
 * with those out, too, and has no bar, as the reference is asked with them.
 *
 * <p>Cost: the scores of at most 2,000 erased clicks by three models.
 *
 * @param candidates number of other items; all, where the data has fewer
 * @param k first places that count
 * @param margin largest allowed share of hits above the reference's
 */
@Named("erased-hits")
public record ErasedHits(int candidates, int k, double margin) implements Audit<Events, NextItems> {
    private static final int MOST = 2_000;

    public ErasedHits {
        Check.require(candidates >= 1, "candidates", candidates, "at least 1");
        Check.require(k >= 1, "k", k, "at least 1");
        Check.require(margin >= 0 && margin < 1, "margin", margin, "0 up to, but not including, 1");
    }

    /** 500 candidates, the first 20, a margin of 0.02. */
    public ErasedHits() {
        this(500, 20, 0.02);
    }

    @Override
    public List<Finding> examine(Case<Events, NextItems> c, Env env) {
        Keyed random = env.random("erased-hits");
        int[] erased = erased((ErasureStream) c.request(), c.data(), random);
        String bar = String.format(Locale.ROOT, "not more than the reference, within %s", margin);
        if (erased.length == 0) {
            return List.of(new Finding("hit@" + k, 0, 0, Direction.LOWER)
                    .on(Scale.SHARE)
                    .judged(new Verdict.Undecided(bar, "no erased click had one before it")));
        }
        List<Example> asked = questions(erased, c.data(), c.remaining());
        int[][] others = new int[erased.length][];
        env.workers().each(erased.length, n -> others[n] = others(erased[n], c.data(), random));
        double[] before = hits(c.before(), asked, others, random, env.workers());
        double[] after = hits(c.after(), asked, others, random, env.workers());
        double[] reference = hits(c.reference(), asked, others, random, env.workers());
        Keyed draws = random.of("difference");
        Difference ofAfter = difference(after, reference, draws);
        Verdict verdict = ofAfter.value() <= 0
                ? new Verdict.Pass(bar)
                : Resampling.likeReference(
                        bar, ofAfter, difference(before, reference, draws), margin, after.length, "erased clicks");
        List<Finding> findings = new ArrayList<>();
        findings.add(new Finding("hit@" + k, Statistics.mean(after), after.length, Direction.LOWER)
                .on(Scale.SHARE)
                .within(Statistics.bootstrap(after, random.of("after")))
                .judged(verdict));
        findings.add(new Finding("hit-reference@" + k, Statistics.mean(reference), after.length, Direction.NONE)
                .on(Scale.SHARE));
        BitSet also = c.after().alsoErased();
        if (!also.isEmpty()) {
            List<Example> left = questions(erased, c.data(), c.remaining().without(also));
            double[] hits = hits(c.after(), left, others, random, env.workers());
            findings.add(new Finding("hit-in-what-is-left@" + k, Statistics.mean(hits), hits.length, Direction.LOWER)
                    .on(Scale.SHARE)
                    .within(Statistics.bootstrap(hits, random.of("left"))));
        }
        double atRandom = Arrays.stream(others)
                .mapToDouble(of -> Math.min(1, k / (of.length + 1.0)))
                .average()
                .orElseThrow();
        findings.add(new Finding("hit-at-random@" + k, atRandom, after.length, Direction.NONE).on(Scale.SHARE));
        return findings;
    }

    /** The erased training clicks that had one before them; at most 2,000, drawn by their numbers. */
    private static int[] erased(ErasureStream stream, Events data, Keyed random) {
        return stream.requests() == 0
                ? new int[0]
                : stream.on(data).erased().stream()
                        .flatMapToInt(Arrays::stream)
                        .filter(e -> data.trains(e) && before(e, data).length > 0)
                        .boxed()
                        .sorted(Comparator.comparingLong(e -> random.at(e)))
                        .limit(MOST)
                        .mapToInt(Integer::intValue)
                        .sorted()
                        .toArray();
    }

    private static int[] before(int event, Events data) {
        return IntStream.range(data.from(data.group(event)), event)
                .filter(data::holds)
                .map(data::item)
                .toArray();
    }

    /** What is left before each erased click; where nothing is, what stood there. */
    private static List<Example> questions(int[] erased, Events data, Events left) {
        return Arrays.stream(erased)
                .mapToObj(e -> {
                    int[] known = before(e, left);
                    return new Example(
                            e, data.user(e), new int[][] {known.length > 0 ? known : before(e, data)}, new int[] {
                                data.item(e)
                            });
                })
                .toList();
    }

    /** 1 for each question whose answer is among the first k of it and some other items. */
    private double[] hits(NextItems model, List<Example> asked, int[][] others, Keyed random, Workers workers) {
        double[] hits = new double[asked.size()];
        NextItemRanking.eachScored(model.bare(), asked, workers, (n, scores) -> {
            int event = asked.get(n).event();
            int item = asked.get(n).targets()[0];
            Keyed ties = random.of("ties").of(event);
            long first = IntStream.of(others[n])
                    .filter(i -> scores[i] > scores[item] || scores[i] == scores[item] && ties.at(i) < ties.at(item))
                    .limit(k)
                    .count();
            hits[n] = first < k ? 1 : 0;
        });
        return hits;
    }

    /** Items that the session of a click never had. */
    private int[] others(int event, Events data, Keyed random) {
        BitSet had = new BitSet();
        int group = data.group(event);
        IntStream.range(data.from(group), data.to(group)).map(data::item).forEach(had::set);
        Keyed of = random.of("candidates").of(event);
        return IntStream.range(0, data.itemCount())
                .filter(i -> !had.get(i))
                .boxed()
                .sorted(Comparator.comparingLong(i -> of.at(i)))
                .limit(candidates)
                .mapToInt(Integer::intValue)
                .toArray();
    }

    private static Difference difference(double[] left, double[] right, Keyed key) {
        Interval interval = Statistics.pairedBootstrap(left, right, key);
        return new Difference(Statistics.mean(left) - Statistics.mean(right), interval);
    }

    @Override
    public Aspect aspect() {
        return Aspect.EFFECT;
    }

    @Override
    public Optional<String> unsuited(Request request, Method<Events, NextItems> method) {
        return ErasureStream.unsuited(this, request);
    }

    @Override
    public String limits() {
        return "The model is asked alone; who knows other sessions, or the item's neighbours in the catalogue, may guess more.";
    }
}
