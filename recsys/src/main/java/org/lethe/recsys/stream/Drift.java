package org.lethe.recsys.stream;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.lethe.Aspect;
import org.lethe.Audit;
import org.lethe.Case;
import org.lethe.Check;
import org.lethe.Direction;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Picture;
import org.lethe.Request;
import org.lethe.Verdict;
import org.lethe.recsys.sequence.Events;
import org.lethe.recsys.sequence.Events.Example;
import org.lethe.recsys.sequence.Events.Part;
import org.lethe.recsys.sequence.NextItemRanking;
import org.lethe.recsys.sequence.NextItemRanking.Measured;
import org.lethe.recsys.sequence.NextItems;
import org.lethe.recsys.stream.ErasureStream.Arrivals;
import org.lethe.recsys.stream.Streamed.Point;
import org.lethe.statistics.Statistics;

/**
 * Compares a model with a retrained one at every measuring point of a stream (erase 4.5).
 *
 * <p>{@code relNdcg} is the NDCG of the model over that of the retrained one, on the same remaining test examples. {@code
 * forgetGap} is (ℓ_r − ℓ) / (ℓ_r − ℓ_b), where ℓ is the mean −log p of the erased events under the model, under the
 * retrained one and under the model before: 1 as if nothing was done, 0 as after retraining, below 0 where an erased event
 * is less likely than after retraining. {@code sameLists} is the share of test examples with the same recommendations as the
 * retrained model gives. Where items are watched (a sensitive category, targets of spam), {@code watchedShare} is their
 * share of all recommended places over the same share of the retrained model.
 *
 * <p>There are two bars, on what the whole stream comes to: {@code relNdcg} is at least 0.98 in the end and never below
 * 0.97, and {@code forgetGap} is from −0.25 to {@code gap} in the end. Models trained with other seeds, where the reference
 * has any, show how much of a difference is chance.
 *
 * <p>Cost: two rankings of all test examples, and the scores of at most 2,000 erased events, for each point.
 *
 * @param k number of recommendations
 * @param gap largest forget gap in the end
 */
@Named("drift")
public record Drift(int k, double gap) implements Audit<Events, NextItems> {
    private static final double LEAST = 0.98; // outside the noise of two seeds (erase, E5)
    private static final double LEAST_ANYWHERE = 0.97;
    private static final double OVER = -0.25; // an erased event that stands out is a leak too (E6)
    private static final double NOISE = 0.01; // of a loss that tells the model before from the retrained one

    public Drift {
        Check.require(k >= 1, "k", k, "at least 1");
        Check.require(gap > 0 && gap < 1, "gap", gap, "between 0 and 1");
    }

    /** Top 20, a gap of at most 0.5. */
    public Drift() {
        this(20, 0.5);
    }

    /** What one point comes to; a loss is not a number where nothing can be measured. */
    private record Measure(
            int requests, int examples, double relative, double gap, double loss, double same, double watched) {}

    @Override
    public List<Finding> examine(Case<Events, NextItems> c, Env env) {
        List<Finding> findings = new ArrayList<>();
        List<Measure> measures = measures(c, env);
        if (measures.isEmpty()) {
            return List.of(new Finding("requests", 0, 0, Direction.NONE)
                    .judged(new Verdict.Undecided(utilityBar(), "nothing was requested")));
        }
        for (Measure m : measures.subList(0, measures.size() - 1)) {
            String after = "-after-" + m.requests;
            finding("relNdcg@" + k + after, m.relative, m.examples, Direction.HIGHER)
                    .ifPresent(findings::add);
            finding("forgetGap" + after, m.gap, m.examples, Direction.LOWER).ifPresent(findings::add);
        }
        Measure last = measures.getLast();
        double least = measures.stream().mapToDouble(Measure::relative).min().orElse(Double.NaN);
        findings.add(finding("relNdcg@" + k, last.relative, last.examples, Direction.HIGHER)
                .map(f -> f.judged(Verdict.of(last.relative >= LEAST && least >= LEAST_ANYWHERE, utilityBar())))
                .orElseGet(() -> new Finding("relNdcg@" + k, 0, last.examples, Direction.HIGHER)
                        .judged(new Verdict.Undecided(
                                utilityBar(), "the retrained model finds nothing, or there are no test examples"))));
        findings.add(finding("forgetGap", last.gap, last.examples, Direction.LOWER)
                .map(f -> f.judged(Verdict.of(last.gap <= gap && last.gap >= OVER, gapBar())))
                .orElseGet(() -> new Finding("forgetGap", 0, last.examples, Direction.LOWER)
                        .judged(new Verdict.Undecided(
                                gapBar(), "the erased events are as likely before as after retraining"))));
        finding("sameLists@" + k, last.same, last.examples, Direction.HIGHER).ifPresent(findings::add);
        finding("watchedShare@" + k, last.watched, last.examples, Direction.LOWER)
                .ifPresent(findings::add);
        return findings;
    }

    private static Optional<Finding> finding(String name, double value, int n, Direction direction) {
        return Double.isFinite(value) ? Optional.of(new Finding(name, value, n, direction)) : Optional.empty();
    }

    private List<Measure> measures(Case<Events, NextItems> c, Env env) {
        List<Measure> measures = new ArrayList<>();
        if (c.reference() instanceof Streamed reference) {
            Arrivals arrivals = ((ErasureStream) c.request()).on(c.data());
            for (int p = 0; p < reference.points().size(); p++) {
                NextItems model = c.after() instanceof Streamed after
                        ? after.points().get(p).model()
                        : c.after();
                measures.add(measure(model, reference.points().get(p), arrivals, c, env));
            }
        }
        return measures;
    }

    private Measure measure(NextItems model, Point point, Arrivals arrivals, Case<Events, NextItems> c, Env env) {
        List<int[]> erased = arrivals.erased().subList(0, point.requests());
        List<Example> examples = arrivals.after(point.requests(), c.data()).examples(Part.TEST);
        List<Example> forgotten = ForgottenExamples.of(c.data(), erased, env.random("forgotten"));
        Measured mine = NextItemRanking.of(model, examples, k, env.workers());
        Measured again = NextItemRanking.of(point.model(), examples, k, env.workers());
        double loss = loss(model, forgotten, env);
        double lossAgain = loss(point.model(), forgotten, env);
        double lossBefore = c.baseline()
                .of(List.of("drift", c.request(), point.requests(), k), env, own -> loss(c.before(), forgotten, own));
        double apart = lossAgain - lossBefore;
        int same = 0;
        for (int n = 0; n < examples.size(); n++) {
            same += Arrays.equals(mine.lists()[n], again.lists()[n]) ? 1 : 0;
        }
        return new Measure(
                point.requests(),
                examples.size(),
                ratio(mean(mine.ndcgFull()), mean(again.ndcgFull())),
                Math.abs(apart) < NOISE ? Double.NaN : (lossAgain - loss) / apart,
                loss,
                examples.isEmpty() ? Double.NaN : (double) same / examples.size(),
                ratio(watched(mine, arrivals.watched()), watched(again, arrivals.watched())));
    }

    private static double loss(NextItems model, List<Example> forgotten, Env env) {
        return forgotten.isEmpty() ? Double.NaN : ForgottenExamples.loss(model, forgotten, env.workers());
    }

    private static double mean(double[] values) {
        return values.length == 0 ? Double.NaN : Statistics.mean(values);
    }

    /** Not a number where the second one is 0. */
    private static double ratio(double value, double of) {
        return of == 0 ? Double.NaN : value / of;
    }

    private static double watched(Measured measured, boolean[] watched) {
        long places = 0;
        long taken = 0;
        for (int[] list : measured.lists()) {
            for (int i : list) {
                places++;
                taken += watched[i] ? 1 : 0;
            }
        }
        return places == 0 ? 0 : (double) taken / places;
    }

    /** Two curves over the number of requests, on a line each, with the band of other seeds where there is one. */
    @Override
    public List<Picture> pictures(Case<Events, NextItems> c, Env env) {
        List<Measure> measures = measures(c, env);
        List<Picture> pictures = new ArrayList<>();
        curve(c, env, measures, "NDCG@" + k + " over that of retraining", "ratio", Measure::relative)
                .ifPresent(pictures::add);
        curve(c, env, measures, "forget gap", "1 as before, 0 as retrained", Measure::gap)
                .ifPresent(pictures::add);
        return pictures;
    }

    private Optional<Picture> curve(
            Case<Events, NextItems> c,
            Env env,
            List<Measure> measures,
            String title,
            String vertical,
            ToDoubleFunction<Measure> value) {
        List<Float> x = new ArrayList<>();
        List<Float> y = new ArrayList<>();
        List<Float> low = new ArrayList<>();
        List<Float> high = new ArrayList<>();
        List<Float> middle = new ArrayList<>();
        Streamed reference = (Streamed) c.reference();
        for (int p = 0; p < measures.size(); p++) {
            if (!Double.isFinite(value.applyAsDouble(measures.get(p)))) {
                continue;
            }
            x.add((float) measures.get(p).requests);
            y.add((float) value.applyAsDouble(measures.get(p)));
            double[] others = others(reference.points().get(p), c, env, value);
            middle.add((float) Statistics.mean(others));
            low.add((float) Arrays.stream(others).min().orElse(0));
            high.add((float) Arrays.stream(others).max().orElse(0));
        }
        return x.isEmpty()
                ? Optional.empty()
                : Optional.of(new Picture.Curve(
                        title,
                        "requests served",
                        vertical,
                        "The band holds trainings with other seeds on the same remaining data; a model that does not"
                                + " depend on its seed has none.",
                        List.of(
                                new Picture.Line("model", x, y, List.of(), List.of()),
                                new Picture.Line("retrained", x, middle, low, high))));
    }

    /** The value for the retrained model itself and for those of other seeds. */
    private double[] others(Point point, Case<Events, NextItems> c, Env env, ToDoubleFunction<Measure> value) {
        Arrivals arrivals = ((ErasureStream) c.request()).on(c.data());
        return Stream.concat(Stream.of(point.model()), point.others().stream())
                .mapToDouble(model -> value.applyAsDouble(measure(model, point, arrivals, c, env)))
                .toArray();
    }

    private static String utilityBar() {
        return String.format(
                Locale.ROOT, "at least %s of retraining in the end, and never below %s", LEAST, LEAST_ANYWHERE);
    }

    private String gapBar() {
        return String.format(Locale.ROOT, "%s to %s in the end", OVER, gap);
    }

    @Override
    public Aspect aspect() {
        return Aspect.EFFECT;
    }

    @Override
    public Optional<String> unsuited(Request request, Method<Events, NextItems> method) {
        return request instanceof ErasureStream
                ? Optional.empty()
                : Optional.of("drift looks at streams of requests, not at " + Named.Of.name(request));
    }

    @Override
    public String limits() {
        return "A forget gap near 0 says that erased events are about as likely on average as after retraining; single"
                + " events may still stand out, and no attacker with further knowledge was tried.";
    }
}
