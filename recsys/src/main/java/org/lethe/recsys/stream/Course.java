package org.lethe.recsys.stream;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.lethe.Case;
import org.lethe.Direction;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Picture;
import org.lethe.Scale;
import org.lethe.Verdict;
import org.lethe.recsys.stream.Streamed.Point;
import org.lethe.statistics.Statistics;

/**
 * The course of a model over a stream, beside that of the retrained one: the part of {@code drift} that is the same for all
 * subjects.
 *
 * @param <D> the data of the subject
 * @param <M> its models
 */
final class Course<D, M> {
    private static final double LEAST = 0.98; // outside the noise of two seeds (erase, E5)
    private static final double LEAST_ANYWHERE = 0.97;
    private static final double OVER = -0.25; // an erased event that stands out is a leak too (E6)
    private static final double NOISE = 0.01; // of a loss that tells the model before from the retrained one

    private final Judged<M> judged;
    private final int k;
    private final double gap;
    private final Case<D, M> c;
    private final Env env;

    /** How a subject measures a model after some requests of a stream. */
    interface Judged<M> {
        /** The recommendations for what remains of the test part. */
        Lists lists(M model, int requests);

        /** The mean loss of what some requests erased, under a model; not a number if nothing can be measured. */
        double loss(M model, int requests);

        /** Which items must not be recommended any more. */
        boolean[] watched();
    }

    /**
     * Recommendations.
     *
     * @param lists one for each test example
     * @param ndcg of each
     */
    record Lists(int[][] lists, double[] ndcg) {}

    /** What one point comes to; a loss is not a number where nothing can be measured. */
    private record Measure(int requests, int examples, double relative, double gap, double same, double watched) {}

    /**
     * The course of the model after in a case.
     *
     * @param k number of recommendations
     * @param gap largest forget gap in the end
     */
    Course(Judged<M> judged, int k, double gap, Case<D, M> c, Env env) {
        this.judged = judged;
        this.k = k;
        this.gap = gap;
        this.c = c;
        this.env = env;
    }

    /** The findings at each measuring point, and the bars on the last one. */
    List<Finding> findings() {
        List<Finding> findings = new ArrayList<>();
        List<Measure> measures = measures();
        if (measures.isEmpty()) {
            return List.of(new Finding("requests", 0, 0, Direction.NONE)
                    .judged(new Verdict.Undecided(utilityBar(), "nothing was requested")));
        }
        for (Measure m : measures.subList(0, measures.size() - 1)) {
            String after = "-after-" + m.requests;
            finding("relNdcg@" + k + after, m.relative, m.examples, Direction.HIGHER)
                    .map(f -> f.on(Scale.POSITIVE))
                    .ifPresent(findings::add);
            finding("forgetGap" + after, m.gap, m.examples, Direction.LOWER).ifPresent(findings::add);
        }
        Measure last = measures.getLast();
        double least = measures.stream().mapToDouble(Measure::relative).min().orElse(Double.NaN);
        findings.add(finding("relNdcg@" + k, last.relative, last.examples, Direction.HIGHER)
                .map(f -> f.on(Scale.POSITIVE)
                        .judged(verdict(last.relative >= LEAST && least >= LEAST_ANYWHERE, utilityBar())))
                .orElseGet(() -> new Finding("relNdcg@" + k, 0, last.examples, Direction.HIGHER)
                        .on(Scale.POSITIVE)
                        .judged(new Verdict.Undecided(
                                utilityBar(), "the retrained model finds nothing, or there are no test examples"))));
        findings.add(finding("forgetGap", last.gap, last.examples, Direction.LOWER)
                .map(f -> f.judged(verdict(last.gap <= gap && last.gap >= OVER, gapBar())))
                .orElseGet(() -> new Finding("forgetGap", 0, last.examples, Direction.LOWER)
                        .judged(new Verdict.Undecided(
                                gapBar(), "what was erased is no more likely before than after retraining"))));
        finding("sameLists@" + k, last.same, last.examples, Direction.HIGHER)
                .map(f -> f.on(Scale.SHARE))
                .ifPresent(findings::add);
        finding("watchedShare@" + k, last.watched, last.examples, Direction.LOWER)
                .map(f -> f.on(Scale.POSITIVE))
                .ifPresent(findings::add);
        return findings;
    }

    /** A method that was stopped misses its bars: what is measured in the end is the work of a replay. */
    private Verdict verdict(boolean held, String bar) {
        long stopped = c.fulfilled().count("stopped-after");
        return stopped == 0
                ? Verdict.of(held, bar)
                : new Verdict.Fail(
                        bar + "; the method was stopped after " + stopped + " requests, and a replay did the rest");
    }

    private static Optional<Finding> finding(String name, double value, int n, Direction direction) {
        return Double.isFinite(value) ? Optional.of(new Finding(name, value, n, direction)) : Optional.empty();
    }

    private List<Measure> measures() {
        List<Measure> measures = new ArrayList<>();
        List<Point<M>> reference = points(c.reference());
        List<Point<M>> after = points(c.after());
        for (int p = 0; p < reference.size(); p++) {
            measures.add(measure(after.isEmpty() ? c.after() : after.get(p).model(), reference.get(p)));
        }
        return measures;
    }

    /** The points of a model; none where no stream made it. */
    @SuppressWarnings("unchecked") // a streamed model of a subject has models of that subject
    private List<Point<M>> points(M model) {
        return model instanceof Streamed<?> streamed ? ((Streamed<M>) streamed).points() : List.of();
    }

    private Measure measure(M model, Point<M> point) {
        int requests = point.requests();
        Lists mine = judged.lists(model, requests);
        Lists again = judged.lists(point.model(), requests);
        double lossAgain = judged.loss(point.model(), requests);
        double lossBefore = c.baseline()
                .of(List.of("drift", c.request(), requests, k), env, own -> judged.loss(c.before(), requests));
        double apart = lossAgain - lossBefore;
        int same = 0;
        for (int n = 0; n < mine.lists.length; n++) {
            same += Arrays.equals(mine.lists[n], again.lists[n]) ? 1 : 0;
        }
        return new Measure(
                requests,
                mine.lists.length,
                ratio(mean(mine.ndcg), mean(again.ndcg)),
                apart < NOISE ? Double.NaN : (lossAgain - judged.loss(model, requests)) / apart,
                mine.lists.length == 0 ? Double.NaN : (double) same / mine.lists.length,
                ratio(watched(mine.lists), watched(again.lists)));
    }

    private static double mean(double[] values) {
        return values.length == 0 ? Double.NaN : Statistics.mean(values);
    }

    /** Not a number where the second one is 0. */
    private static double ratio(double value, double of) {
        return of == 0 ? Double.NaN : value / of;
    }

    private double watched(int[][] lists) {
        boolean[] watched = judged.watched();
        long places = 0;
        long taken = 0;
        for (int[] list : lists) {
            for (int i : list) {
                places++;
                taken += watched[i] ? 1 : 0;
            }
        }
        return places == 0 ? 0 : (double) taken / places;
    }

    /** Two curves over the number of requests, on a line each, with the band of other seeds where there is one. */
    List<Picture> pictures() {
        List<Measure> measures = measures();
        List<Picture> pictures = new ArrayList<>();
        curve(measures, "NDCG@" + k + " over that of retraining", "ratio", Measure::relative)
                .ifPresent(pictures::add);
        curve(measures, "forget gap", "1 as before, 0 as retrained", Measure::gap)
                .ifPresent(pictures::add);
        return pictures;
    }

    private Optional<Picture> curve(
            List<Measure> measures, String title, String vertical, ToDoubleFunction<Measure> value) {
        List<Float> x = new ArrayList<>();
        List<Float> y = new ArrayList<>();
        List<Float> low = new ArrayList<>();
        List<Float> high = new ArrayList<>();
        List<Float> middle = new ArrayList<>();
        List<Point<M>> reference = points(c.reference());
        for (int p = 0; p < measures.size(); p++) {
            if (!Double.isFinite(value.applyAsDouble(measures.get(p)))) {
                continue;
            }
            x.add((float) measures.get(p).requests);
            y.add((float) value.applyAsDouble(measures.get(p)));
            double[] others = others(reference.get(p), value);
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
    private double[] others(Point<M> point, ToDoubleFunction<Measure> value) {
        return Stream.concat(Stream.of(point.model()), point.others().stream())
                .mapToDouble(model -> value.applyAsDouble(measure(model, point)))
                .toArray();
    }

    private static String utilityBar() {
        return String.format(
                Locale.ROOT, "at least %s of retraining in the end, and never below %s", LEAST, LEAST_ANYWHERE);
    }

    private String gapBar() {
        return String.format(Locale.ROOT, "%s to %s in the end", OVER, gap);
    }
}
