package org.lethe.federated.forget;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.lethe.Aspect;
import org.lethe.Audit;
import org.lethe.Case;
import org.lethe.Check;
import org.lethe.Direction;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.Scale;
import org.lethe.Verdict;
import org.lethe.federated.Classifier;
import org.lethe.federated.Records;
import org.lethe.federated.Sites;
import org.lethe.numerics.Keyed;
import org.lethe.statistics.Resampling;
import org.lethe.statistics.Resampling.Sampled;
import org.lethe.statistics.Roc;
import org.lethe.statistics.Statistics;

/**
 * Measures what a classifier still has of the clients that left: how well it fits their training records, and whether an attacker can tell
 * these from test records of the same clients.
 *
 * <p><em>Client log-loss</em> is the mean of −ln p(label) over training records of clients that left. A model that learned from them fits
 * them better than the retrained one does; its bar is to be like the retrained one. <em>Membership AUC</em> is P(loss of a test record of
 * these clients &gt; loss of a training record), the attack by a threshold on the loss (Yeom and others 2018): 0.5 says that the
 * model knows nothing of single records; its bar is to be like the retrained one, on both sides. Both are judged by a bootstrap over
 * records with a margin, and are undecided where they do not tell the model before from the retrained one: a client that is like all others has
 * no influence that could be found. <em>Score distance</em> is the mean difference of scores from the retrained model's, and <em>parameter
 * distance</em> ‖after − retrained‖ / ‖before − retrained‖ of the weights; they have no bar. A method
 * that learns in a form of its own, as in shards, is compared with that form, learned without the clients.
 *
 * <p>Cost: the scores of at most {@code records} training and as many test records, of three models.
 *
 * @param records most training records, and most test records, that are looked at
 * @param margin difference of log-losses, or of areas, that passes even if it is not due to chance
 */
@Named("client-influence")
public record ClientInfluence(int records, double margin) implements Audit<Sites, Classifier> {
    private static final int RESAMPLES = Statistics.RESAMPLES / 4;

    public ClientInfluence {
        Check.require(records >= 2, "records", records, "at least 2");
        Check.require(margin >= 0 && margin < 0.5, "margin", margin, "0 or more, below 0.5");
    }

    /** 2,000 records of each kind, a margin of 0.02. */
    public ClientInfluence() {
        this(2_000, 0.02);
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
    public Optional<String> unsuited(Request request, Method<Sites, Classifier> method) {
        return LetheException.refusal(() -> Forgetting.request(this, request));
    }

    /** The losses of one model on training records and on test records, and its scores of the former. */
    private record Looked(double[] learned, double[] strange, float[] scores) {
        static Looked at(Classifier model, Records train, Records test) {
            float[] scores = model.scores(train);
            return new Looked(losses(train, scores), losses(test, model.scores(test)), scores);
        }

        private static double[] losses(Records records, float[] scores) {
            double[] losses = new double[scores.length];
            Arrays.setAll(losses, i -> {
                double p = records.labels()[i] == 1 ? scores[i] : 1 - scores[i];
                return -StrictMath.log(Math.clamp(p, 1e-7, 1));
            });
            return losses;
        }

        Sampled logLoss(Keyed draws) {
            double[] drawn = Resampling.each(RESAMPLES, b -> Statistics.mean(again(learned, draws.of(b))));
            return new Sampled(Statistics.mean(learned), drawn);
        }

        Sampled area(Keyed draws) {
            int n = learned.length + strange.length;
            double[] fits = new double[n];
            boolean[] member = new boolean[n];
            int[] owners = new int[n];
            for (int k = 0; k < n; k++) {
                member[k] = k < learned.length;
                fits[k] = -(member[k] ? learned[k] : strange[k - learned.length]);
                owners[k] = k;
            }
            return Sampled.of(RESAMPLES, n, draws, new Roc(fits, member, owners)::auc);
        }

        private static double[] again(double[] values, Keyed key) {
            double[] drawn = new double[values.length];
            Arrays.setAll(drawn, n -> values[Keyed.below(key.at(n), values.length)]);
            return drawn;
        }

        double accuracy(Records train) {
            int right = 0;
            for (int i = 0; i < scores.length; i++) {
                right += (scores[i] >= Classifier.THRESHOLD ? 1 : 0) == train.labels()[i] ? 1 : 0;
            }
            return (double) right / scores.length;
        }

        double distance(Looked other) {
            double sum = 0;
            for (int i = 0; i < scores.length; i++) {
                sum += Math.abs(scores[i] - other.scores[i]);
            }
            return sum / scores.length;
        }
    }

    @Override
    public List<Finding> examine(Case<Sites, Classifier> c, Env env) {
        ForgetClients.Forgotten forgotten =
                Forgetting.request(this, c.request()).resolve(c.data());
        if (forgotten.nothing()) {
            return List.of(new Finding("client-log-loss", 0, 0, Direction.NONE)
                    .judged(new Verdict.Undecided(bar(), "nothing was to be forgotten")));
        }
        Keyed random = env.random("client-influence");
        Set<String> gone = forgotten.names();
        Sites left = c.data()
                .of(c.data().clients().stream()
                        .filter(client -> gone.contains(client.name()))
                        .toList());
        Records train = some(left.train(), random.of("train"));
        Records test = some(left.test(), random.of("test"));
        Looked before = Looked.at(c.before(), train, test);
        Looked after = c.untouched() ? before : Looked.at(c.after(), train, test);
        Looked reference = Looked.at(c.reference(), train, test);
        Keyed draws = random.of("resamples");
        int n = train.size();
        List<Finding> findings = new ArrayList<>();
        judged(
                "client-log-loss",
                Direction.NONE,
                after.logLoss(draws),
                before.logLoss(draws),
                reference.logLoss(draws),
                n,
                findings);
        if (n >= 2 && test.size() >= 2) {
            judged(
                    "membership-auc",
                    Direction.HALF,
                    after.area(draws),
                    before.area(draws),
                    reference.area(draws),
                    n + test.size(),
                    findings);
        } else {
            findings.add(new Finding("membership-auc", 0.5, n + test.size(), Direction.HALF)
                    .judged(new Verdict.Undecided(bar(), "there are fewer than two training or two test records")));
        }
        findings.add(new Finding("client-accuracy", after.accuracy(train), n, Direction.NONE).on(Scale.SHARE));
        findings.add(new Finding("client-accuracy-before", before.accuracy(train), n, Direction.NONE).on(Scale.SHARE));
        findings.add(
                new Finding("client-accuracy-reference", reference.accuracy(train), n, Direction.NONE).on(Scale.SHARE));
        findings.add(new Finding("score-distance", after.distance(reference), n, Direction.LOWER).on(Scale.POSITIVE));
        findings.add(
                new Finding("score-distance-before", before.distance(reference), n, Direction.NONE).on(Scale.POSITIVE));
        parameterDistance(c).ifPresent(findings::add);
        return findings;
    }

    private void judged(
            String name,
            Direction direction,
            Sampled after,
            Sampled before,
            Sampled reference,
            int n,
            List<Finding> into) {
        into.add(new Finding(name, after.value(), n, direction)
                .within(after.interval())
                .judged(Resampling.likeReference(
                        bar(), after.less(reference), before.less(reference), margin, n, "records"))
                .tested(Resampling.pValue(after.differences(reference))));
        into.add(new Finding(name + "-before", before.value(), n, Direction.NONE).within(before.interval()));
        into.add(new Finding(name + "-reference", reference.value(), n, Direction.NONE).within(reference.interval()));
    }

    private Records some(Records all, Keyed key) {
        if (all.size() <= records) {
            return all;
        }
        Integer[] order = new Integer[all.size()];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, (a, b) -> Long.compare(key.at(a), key.at(b)));
        return all.of(
                Arrays.stream(order).limit(records).mapToInt(i -> i).sorted().toArray());
    }

    private static Optional<Finding> parameterDistance(Case<Sites, Classifier> c) {
        double whole = distance(c.before().weights(), c.reference().weights());
        return whole > 0 && c.after().weights().length == c.reference().weights().length
                ? Optional.of(new Finding(
                        "parameter-distance",
                        distance(c.after().weights(), c.reference().weights()) / whole,
                        1,
                        Direction.LOWER))
                : Optional.empty();
    }

    /** The distance of two arrays of weights; 0 where one model has shards and so no such array. */
    private static double distance(float[] left, float[] right) {
        double squares = 0;
        for (int k = 0; k < Math.min(left.length, right.length); k++) {
            double difference = (double) left[k] - right[k];
            squares += difference * difference;
        }
        return Math.sqrt(squares);
    }

    private String bar() {
        return String.format(Locale.ROOT, "within %s of the reference, or not told from it", margin);
    }

    @Override
    public String limits() {
        return "One attack by a threshold on the loss was run, without models of the attacker's own; a server that kept the updates of"
                + " a client knows more than the classifier does.";
    }
}
