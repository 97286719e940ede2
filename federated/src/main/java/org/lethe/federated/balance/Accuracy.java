package org.lethe.federated.balance;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.lethe.Aspect;
import org.lethe.Audit;
import org.lethe.Case;
import org.lethe.Check;
import org.lethe.Direction;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Named;
import org.lethe.federated.Classifier;
import org.lethe.federated.Sites;
import org.lethe.statistics.Resampling;

/**
 * How often the classifier is right on the test records, and what that has changed by.
 *
 * @param margin largest accuracy that may be lost
 */
@Named("accuracy")
public record Accuracy(double margin) implements Audit<Sites, Classifier> {
    public Accuracy {
        Check.require(margin >= 0 && margin < 1, "margin", margin, "at least 0 and below 1");
    }

    /** At most 0.03 is lost. */
    public Accuracy() {
        this(0.03);
    }

    @Override
    public List<Finding> examine(Case<Sites, Classifier> c, Env env) {
        Predictions of = Predictions.of(c, env);
        boolean[] all = new boolean[of.size()];
        Arrays.fill(all, true);
        double[] now = of.means(right(of.labels(), of.after()), all);
        double[] was = c.untouched() ? now : of.means(right(of.labels(), of.before()), all);
        double[] change = Predictions.minus(now, was);
        List<Finding> findings = new ArrayList<>();
        findings.addAll(Predictions.share("accuracy", now, of.size(), Direction.HIGHER));
        for (Finding finding : Predictions.finding("accuracy-change", change, of.size(), Direction.HIGHER)) {
            findings.add(finding.judged(Resampling.notWorse(
                    String.format(Locale.ROOT, "at most %s is lost", margin), Predictions.interval(change), margin)));
        }
        findings.addAll(Predictions.finding(
                "log-loss", of.means(losses(of.labels(), of.after()), all), of.size(), Direction.LOWER));
        return findings;
    }

    private static double[] right(byte[] labels, float[] scores) {
        double[] right = new double[labels.length];
        Arrays.setAll(right, i -> (scores[i] >= Classifier.THRESHOLD ? 1 : 0) == labels[i] ? 1 : 0);
        return right;
    }

    private static double[] losses(byte[] labels, float[] scores) {
        double[] losses = new double[labels.length];
        Arrays.setAll(losses, i -> {
            double p = Math.clamp(labels[i] == 1 ? scores[i] : 1 - scores[i], 1e-7, 1);
            return -StrictMath.log(p);
        });
        return losses;
    }

    @Override
    public Aspect aspect() {
        return Aspect.UTILITY;
    }

    @Override
    public String limits() {
        return "A model that never says 1 is right as often as the label is 0; accuracy of all can hide that one group pays.";
    }
}
