package org.lethe.federated.balance;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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
import org.lethe.numerics.Keyed;

/**
 * Whether scores mean what they say: of the people with a score near 0.7, seven in ten should have label 1, in every group.
 *
 * <p>The expected calibration error is {@code Σ_b n_b/n · |mean label − mean score|} over bins of equal width; the Brier score is
 * the mean of (score − label)². Equal distributions of scores and calibration in every group exclude each other where base rates
 * differ, so demographic parity has its price here.
 *
 * @param bins how many bins of scores
 */
@Named("calibration")
public record Calibration(int bins) implements Audit<Sites, Classifier> {
    public Calibration {
        Check.require(bins >= 2 && bins <= 1_000, "bins", bins, "2 to 1,000");
    }

    /** 10 bins. */
    public Calibration() {
        this(10);
    }

    @Override
    public List<Finding> examine(Case<Sites, Classifier> c, Env env) {
        Predictions of = Predictions.of(c, env);
        boolean[] all = new boolean[of.size()];
        Arrays.fill(all, true);
        double[] squares = new double[of.size()];
        Arrays.setAll(squares, i -> (of.after()[i] - of.labels()[i]) * (of.after()[i] - of.labels()[i]));
        List<Finding> findings = new ArrayList<>();
        findings.addAll(Predictions.share("brier-score", of.means(squares, all), of.size(), Direction.LOWER));
        double[] now = errors(of, of.after(), -1);
        double[] was = c.untouched() ? now : errors(of, of.before(), -1);
        findings.addAll(Predictions.share("calibration-error", now, of.size(), Direction.LOWER));
        findings.addAll(Predictions.finding(
                "calibration-error-change", Predictions.minus(now, was), of.size(), Direction.LOWER));
        List<String> names = BalanceSites.in(c.request())
                .map(balance -> balance.grouping(c.remaining()).names())
                .orElse(List.of());
        for (int g = 0; g < names.size(); g++) {
            int group = g;
            long n = Arrays.stream(of.groups()).filter(x -> x == group).count();
            findings.addAll(Predictions.share(
                    "calibration-error of " + names.get(g), errors(of, of.after(), g), n, Direction.LOWER));
        }
        return findings;
    }

    /** The error of a group, or of all for −1, then of each resample. */
    private double[] errors(Predictions of, float[] scores, int group) {
        double[] errors = new double[Predictions.RESAMPLES + 1];
        for (int r = -1; r < Predictions.RESAMPLES; r++) {
            Keyed draws = of.key().of(r);
            double[] gap = new double[bins];
            long n = 0;
            for (int i = 0; i < scores.length; i++) {
                int one = r < 0 ? i : Keyed.below(draws.at(i), scores.length);
                if (group < 0 || of.groups()[one] == group) {
                    gap[Math.min(bins - 1, (int) (scores[one] * bins))] += of.labels()[one] - scores[one];
                    n++;
                }
            }
            errors[r + 1] =
                    n == 0 ? Double.NaN : Arrays.stream(gap).map(Math::abs).sum() / n;
        }
        return errors;
    }

    @Override
    public Aspect aspect() {
        return Aspect.UTILITY;
    }

    @Override
    public String limits() {
        return "The error depends on the number of bins, and is above 0 for a perfect model of few records.";
    }
}
