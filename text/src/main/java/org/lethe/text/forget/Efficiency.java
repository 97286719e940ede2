package org.lethe.text.forget;

import java.util.ArrayList;
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
import org.lethe.Verdict;
import org.lethe.text.Corpus;
import org.lethe.text.LanguageModel;

/**
 * Measures the time of a request beside the reference's: in all, and by its parts, as scoring of difficulty and updates.
 *
 * <p>The bar: at least as fast as the reference, with a tolerance for timing noise. A model that did not change is not judged by its
 * time, but rejected.
 *
 * @param tolerance share of the reference's time that a method may exceed it by
 */
@Named("efficiency")
public record Efficiency(double tolerance) implements Audit<Corpus, LanguageModel> {
    public Efficiency {
        Check.require(tolerance >= 0, "tolerance", tolerance, "at least 0");
    }

    /** A tolerance of 0.1. */
    public Efficiency() {
        this(0.1);
    }

    @Override
    public Aspect aspect() {
        return Aspect.COST;
    }

    @Override
    public List<Finding> examine(Case<Corpus, LanguageModel> c, Env env) {
        List<Finding> findings = new ArrayList<>();
        boolean changed = changed(c.before(), c.after());
        findings.add(new Finding("weights-changed", changed ? 1 : 0, c.after().size(), Direction.NONE)
                .judged(Verdict.of(changed, "weights change")));
        findings.add(seconds("unlearn-seconds", c.fulfilled().seconds()));
        c.fulfilled()
                .steps()
                .forEach((step, _) ->
                        findings.add(seconds(step + "-seconds", c.fulfilled().seconds(step))));
        c.fulfilled().counts().forEach((what, amount) -> findings.add(new Finding(what, amount, 1, Direction.LOWER)));
        if (changed && c.fulfilled().seconds() > 0 && c.referenced().seconds() > 0) {
            double speedUp = c.referenced().seconds() / c.fulfilled().seconds();
            findings.add(new Finding("speed-up", speedUp, 1, Direction.HIGHER)
                    .in("×")
                    .judged(Verdict.of(
                            speedUp * (1 + tolerance) >= 1,
                            String.format(Locale.ROOT, "at least %.3f ×", 1 / (1 + tolerance)))));
        }
        return findings;
    }

    private static boolean changed(LanguageModel before, LanguageModel after) {
        for (String name : before.names()) {
            if (!java.util.Arrays.equals(before.weights(name), after.weights(name))) {
                return true;
            }
        }
        return false;
    }

    private static Finding seconds(String name, double value) {
        return new Finding(name, value, 1, Direction.LOWER).in("s");
    }

    @Override
    public String limits() {
        return "Times are of one machine at one moment, and of a small model: they compare methods, not checkpoints of"
                + " another size.";
    }
}
