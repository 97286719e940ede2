package org.lethe.federated.forget;

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
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.Verdict;
import org.lethe.federated.Classifier;
import org.lethe.federated.Sites;

/**
 * Measures what it took to forget clients, beside retraining: seconds, updates of clients, and bytes.
 *
 * <p>In a federation, an update costs a client its time, and is what a real federation waits for; seconds are those of a simulation on this
 * machine. The bar: no more client updates than retraining. A model whose scores did not change is not judged by its cost, but rejected.
 *
 * @param tolerance share of the updates of retraining that a method may exceed them by
 */
@Named("efficiency")
public record Efficiency(double tolerance) implements Audit<Sites, Classifier> {
    private static final String UPDATES = "client updates";

    public Efficiency {
        Check.require(tolerance >= 0, "tolerance", tolerance, "at least 0");
    }

    /** Not one update more. */
    public Efficiency() {
        this(0);
    }

    @Override
    public Aspect aspect() {
        return Aspect.COST;
    }

    @Override
    public Optional<String> unsuited(Request request, Method<Sites, Classifier> method) {
        return LetheException.refusal(() -> Forgetting.request(this, request));
    }

    @Override
    public List<Finding> examine(Case<Sites, Classifier> c, Env env) {
        List<Finding> findings = new ArrayList<>();
        boolean changed = !c.untouched()
                && !Arrays.equals(
                        c.before().scores(c.data().train()),
                        c.after().scores(c.data().train()));
        findings.add(
                new Finding("scores-changed", changed ? 1 : 0, c.data().train().size(), Direction.NONE)
                        .judged(Verdict.of(changed, "scores change")));
        findings.add(new Finding("forget-seconds", c.fulfilled().seconds(), 1, Direction.LOWER).in("s"));
        c.fulfilled().counts().forEach((what, amount) -> findings.add(new Finding(what, amount, 1, Direction.LOWER)));
        long updates = c.fulfilled().count(UPDATES);
        long reference = c.referenced().count(UPDATES);
        if (changed && reference > 0) {
            double share = (double) updates / reference;
            findings.add(new Finding("share-of-updates", share, 1, Direction.LOWER)
                    .judged(Verdict.of(
                            share <= 1 + tolerance,
                            String.format(Locale.ROOT, "at most %s of those of retraining", 1 + tolerance))));
        }
        return findings;
    }

    @Override
    public String limits() {
        return "Seconds are of a simulation; in a real federation the slowest client decides, and a round waits for it.";
    }
}
