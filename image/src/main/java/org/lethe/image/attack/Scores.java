package org.lethe.image.attack;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.lethe.Direction;
import org.lethe.Finding;
import org.lethe.Verdict;
import org.lethe.statistics.Resampling;
import org.lethe.statistics.Resampling.Sampled;

/**
 * How well a protection works without and under an attack, each a share of pictures, larger being better, with the same resamples.
 *
 * <pre>
 * E = (efficacy − efficacy without protection) / (1 − efficacy without protection)
 * R = (resilience − resilience without protection) / (efficacy − efficacy without protection)
 * </pre>
 *
 * <p>Both are brought within 0 and 1, and are 0 where there is nothing to be gained or lost.
 *
 * @param efficacy of the protection, not attacked
 * @param bare the same without a protection
 * @param resilience of the protection under the attack
 * @param bareAttacked the same without a protection
 */
record Scores(Sampled efficacy, Sampled bare, Sampled resilience, Sampled bareAttacked) {
    /** Fewer pictures show no resilience: where all agree, resamples agree too. */
    static final int FEWEST = 10;

    /** The findings, {@code resilience} with its verdict first. */
    List<Finding> findings(int n, Verdict verdict) {
        List<Finding> findings = new ArrayList<>();
        findings.add(PicturePairs.finding("resilience", resilience, n, Direction.HIGHER)
                .judged(verdict));
        findings.add(PicturePairs.finding("resilience-unprotected", bareAttacked, n, Direction.NONE));
        findings.add(PicturePairs.finding("efficacy", efficacy, n, Direction.HIGHER));
        findings.add(PicturePairs.finding("efficacy-unprotected", bare, n, Direction.NONE));
        findings.add(PicturePairs.finding("resilience-score", resilienceScore(), n, Direction.HIGHER));
        findings.add(PicturePairs.finding("efficacy-score", efficacyScore(), n, Direction.HIGHER));
        return findings;
    }

    /** R. */
    Sampled resilienceScore() {
        return ratio(resilience, bareAttacked, efficacy, bare);
    }

    /** E. */
    Sampled efficacyScore() {
        return ratio(efficacy, bare, new Sampled(1, Resampling.each(bare.drawn().length, _ -> 1)), bare);
    }

    /**
     * Whether resilience is at least the bar, by its interval.
     *
     * <p>Fail: resilience or efficacy is below the bar, or no more pictures are protected under the attack than without any protection.
     * Undecided: the attack alone already meets the bar, there are too few pictures, or the interval crosses it.
     *
     * @param alone what it means that the attack alone meets the bar
     */
    Verdict verdict(double least, int n, String alone) {
        String bar = "at least " + least;
        boolean gained = resilience.less(bareAttacked).interval().high() > 0;
        if (!gained
                || efficacy.interval().high() < least
                || resilience.interval().high() < least) {
            return new Verdict.Fail(bar);
        }
        if (bareAttacked.value() >= least) {
            return new Verdict.Undecided(
                    bar, String.format(Locale.ROOT, "%s: %.2f without any protection", alone, bareAttacked.value()));
        }
        if (n < FEWEST) {
            return new Verdict.Undecided(bar, "fewer than " + FEWEST + " pictures");
        }
        return resilience.interval().low() >= least
                ? new Verdict.Pass(bar)
                : new Verdict.Undecided(bar, "the interval crosses the bar");
    }

    private static Sampled ratio(Sampled a, Sampled b, Sampled c, Sampled d) {
        return new Sampled(
                ratio(a.value() - b.value(), c.value() - d.value()),
                Resampling.each(
                        a.drawn().length, n -> ratio(a.drawn()[n] - b.drawn()[n], c.drawn()[n] - d.drawn()[n])));
    }

    private static double ratio(double above, double below) {
        return below <= 1e-9 ? 0 : Math.clamp(above / below, 0, 1);
    }
}
