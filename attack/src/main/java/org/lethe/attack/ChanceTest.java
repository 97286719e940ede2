package org.lethe.attack;

import java.util.List;
import org.lethe.Check;
import org.lethe.attack.AttributeAttack.Outcome;
import org.lethe.numerics.Keyed;
import org.lethe.statistics.Statistics;

/**
 * One test of the claim that no attacker knows more than chance, over all attackers and classes together.
 *
 * <p>Each attacker has an attack accuracy, and an AUC for each class. The statistic is the largest distance of any of them
 * from chance, in standard errors of independent guesses:
 *
 * <pre>T = max over attackers of ( |A − 1/K| / √((K − 1) / K² / n),  max over classes k of |AUC_k − ½| / √((n + 1) / (12 n_k (n − n_k))) )</pre>
 *
 * <p>for n samples, of which n_k are of class k. Attackers that see the same samples are not independent, nor are the folds
 * of a cross-validation: a sample that is guessed in one fold teaches in the others, so T is larger by chance than for
 * independent guesses, about by √2. The labels are therefore dealt at random to the same samples, and all attackers learn
 * anew. If nothing can be known, the labels as they are are one more deal, and the chance that their T is the largest of all
 * is at most 1/(1 + deals), whatever depends on what (permutation test with the maximum statistic; Westfall and Young 1993).
 * Dealing stops at the first deal with a T as large, as the claim can then stand (Besag and Clifford 1991).
 *
 * <p>A T above 6·√folds needs no deals: even if all folds erred together, it would be 6 standard errors of one fold.
 *
 * <p>Cost: at most {@code deals} cross-validations without repeats; about two where nothing is known, and none where T says
 * enough.
 *
 * @param deals how often labels are dealt; 19 test at a level of 5 %
 */
public record ChanceTest(int deals) {
    private static final double CERTAIN = 6; // standard errors that chance exceeds once in 500 million times
    private static final double INFLATED = Math.sqrt(2); // a pair of samples in different folds is used twice
    private static final double FOUND = 0.8; // of 1, how often a detectable AUC is found

    public ChanceTest {
        Check.require(deals >= 1, "deals", deals, "at least 1");
    }

    /** A level of 5 %. */
    public ChanceTest() {
        this(19);
    }

    /** The chance that the test rejects where nothing can be known, at most. */
    public double level() {
        return 1.0 / (1 + deals);
    }

    /**
     * The result of the test.
     *
     * @param pValue the chance of a T as large where nothing can be known, at most
     * @param dealt how often labels were dealt
     */
    public record Result(double pValue, int dealt) {}

    /** The statistic T for labels dealt under a key. */
    public interface Deal {
        double distance(Keyed key);
    }

    /**
     * Tests a distance from chance.
     *
     * @param distance T for the labels as they are
     * @param folds number of folds of the cross-validation
     * @param deal gives T for labels dealt at random
     */
    public Result of(double distance, int folds, Deal deal, Keyed random) {
        if (distance > CERTAIN * Math.sqrt(folds)) {
            return new Result(Statistics.normalTails(CERTAIN), 0);
        }
        for (int n = 1; n <= deals; n++) {
            if (deal.distance(random.of(n)) >= distance) {
                return new Result(1.0 / n, n);
            }
        }
        return new Result(level(), deals);
    }

    /** Whether the claim that nothing is known is rejected. */
    public boolean rejects(Result result) {
        return result.pValue <= level();
    }

    /** The statistic T of some outcomes. */
    public static double distance(List<Outcome> outcomes) {
        return outcomes.stream().mapToDouble(ChanceTest::distance).max().orElseThrow();
    }

    private static double distance(Outcome o) {
        int classes = o.classAucs().size();
        double accuracy =
                (o.attackAccuracy() - 1.0 / classes) / Math.sqrt((classes - 1.0) / classes / classes / o.samples());
        return Math.max(
                accuracy,
                o.classAucs().stream()
                        .mapToDouble(auc -> Math.abs(auc - 0.5) / error(o.samples(), classes))
                        .max()
                        .orElseThrow());
    }

    /** The standard error of an AUC where nothing is known: one of some classes of equal size against the rest. */
    private static double error(int samples, int classes) {
        double ours = (double) samples / classes;
        return Math.sqrt((samples + 1.0) / (12 * ours * (samples - ours)));
    }

    /**
     * The smallest AUC of a class that the test finds 80 times in 100, about: Bonferroni's bound for the largest of all
     * distances, and the normal approximation of their spread.
     *
     * @param samples how many samples are guessed, equally many of each class
     * @param attackers number of attackers
     */
    public double detectable(int samples, int classes, int attackers) {
        int measures = attackers * (classes == 2 ? 2 : classes + 1);
        double far = Statistics.normalQuantile(FOUND) - Statistics.normalQuantile(level() / 2 / measures);
        return Math.min(1, 0.5 + INFLATED * far * error(samples, classes));
    }
}
