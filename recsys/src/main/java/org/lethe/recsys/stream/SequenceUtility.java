package org.lethe.recsys.stream;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.lethe.Aspect;
import org.lethe.Audit;
import org.lethe.Case;
import org.lethe.Check;
import org.lethe.Direction;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Interval;
import org.lethe.Named;
import org.lethe.Scale;
import org.lethe.Verdict;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.sequence.Events;
import org.lethe.recsys.sequence.Events.Example;
import org.lethe.recsys.sequence.Events.Part;
import org.lethe.recsys.sequence.NextItemRanking;
import org.lethe.recsys.sequence.NextItemRanking.Measured;
import org.lethe.recsys.sequence.NextItems;
import org.lethe.statistics.Resampling;
import org.lethe.statistics.Resampling.Difference;
import org.lethe.statistics.Statistics;

/**
 * Measures how well a model predicts what comes next, by a ranking of all items for each test example that remains.
 *
 * <p>An example is a click in a session, or the basket of a user. Items that were seen before may be recommended again. The
 * bar: NDCG and recall are not worse than the reference's by more than {@code margin}, with a paired bootstrap over
 * examples. {@code forgotten-recall} is the share of erased training events that the model still recommends after what
 * came before them; it must not be better than the reference's, and by it this audit rejects doing nothing.
 *
 * <p>Cost: two rankings of the test examples, three of at most 2,000 erased events.
 *
 * @param k number of recommendations
 * @param margin largest allowed loss against the reference
 */
@Named("utility")
public record SequenceUtility(int k, double margin) implements Audit<Events, NextItems> {
    public SequenceUtility {
        Check.require(k >= 1, "k", k, "at least 1");
        Check.require(margin >= 0 && margin < 1, "margin", margin, "0 up to, but not including, 1");
    }

    /** Top 20, a margin of 0.01. */
    public SequenceUtility() {
        this(20, 0.01);
    }

    @Override
    public List<Finding> examine(Case<Events, NextItems> c, Env env) {
        Keyed random = env.random("utility");
        List<Example> examples = c.remaining().examples(Part.TEST);
        List<Finding> findings = new ArrayList<>();
        if (examples.isEmpty()) {
            findings.add(new Finding("examples", 0, 0, Direction.NONE)
                    .judged(new Verdict.Undecided(bar(), "no test example remains")));
        } else {
            Map<String, double[]> after = metrics(NextItemRanking.of(c.after(), examples, k, env.workers()));
            Map<String, double[]> reference = metrics(NextItemRanking.of(c.reference(), examples, k, env.workers()));
            after.forEach((name, values) -> {
                Finding finding = new Finding(name + "@" + k, Statistics.mean(values), values.length, Direction.HIGHER)
                        .on(Scale.SHARE)
                        .within(Statistics.bootstrap(values, random.of(name)));
                double[] others = reference.getOrDefault(name, values);
                findings.add(
                        name.equals("ndcgFull") || name.equals("recall")
                                ? finding.judged(Resampling.notWorse(
                                                bar(), paired(values, others, random.of(name)), margin))
                                        .tested(Statistics.wilcoxon(values, others))
                                : finding);
            });
        }
        if (c.request() instanceof ErasureStream stream && stream.requests() > 0) {
            forgotten(c, stream, env, random.of("forgotten"), findings);
        }
        return findings;
    }

    private static Map<String, double[]> metrics(Measured measured) {
        Map<String, double[]> metrics = new LinkedHashMap<>();
        metrics.put("ndcgFull", measured.ndcgFull());
        metrics.put("recall", measured.recall());
        metrics.put("hit", measured.hit());
        metrics.put("mrr", measured.mrr());
        return metrics;
    }

    private void forgotten(
            Case<Events, NextItems> c, ErasureStream stream, Env env, Keyed random, List<Finding> findings) {
        List<Example> gone = ForgottenExamples.of(c.data(), stream.on(c.data()).erased(), random);
        if (gone.isEmpty()) {
            return;
        }
        double[] before = NextItemRanking.of(c.before(), gone, k, env.workers()).recall();
        double[] after = NextItemRanking.of(c.after(), gone, k, env.workers()).recall();
        double[] reference =
                NextItemRanking.of(c.reference(), gone, k, env.workers()).recall();
        String bar =
                String.format(Locale.ROOT, "no better than the reference for what is forgotten, within %s", margin);
        Difference ofAfter = difference(after, reference, random);
        Verdict verdict = ofAfter.value() <= 0
                ? new Verdict.Pass(bar)
                : Resampling.likeReference(
                        bar, ofAfter, difference(before, reference, random), margin, after.length, "erased events");
        findings.add(new Finding("forgotten-recall@" + k, Statistics.mean(after), after.length, Direction.LOWER)
                .on(Scale.SHARE)
                .within(Statistics.bootstrap(after, random))
                .judged(verdict));
    }

    private static Difference difference(double[] left, double[] right, Keyed key) {
        return new Difference(Statistics.mean(left) - Statistics.mean(right), paired(left, right, key));
    }

    private static Interval paired(double[] left, double[] right, Keyed key) {
        return Statistics.pairedBootstrap(left, right, key.of("difference"));
    }

    private String bar() {
        return String.format(Locale.ROOT, "not worse than the reference by more than %s", margin);
    }

    @Override
    public Aspect aspect() {
        return Aspect.UTILITY;
    }

    @Override
    public String limits() {
        return "Quality on the held-out examples of one split; a difference inside the margin is not proof of equality.";
    }
}
