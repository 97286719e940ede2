package org.lethe.attack;

import static org.lethe.Check.require;

import java.util.Arrays;
import java.util.List;
import org.lethe.numerics.Keyed;
import org.lethe.statistics.Resampling.Sampled;
import org.lethe.statistics.Roc;

/**
 * Measures how well one score tells members from non-members, as in membership inference or by a watermark's detector.
 * A sample with a score above a threshold is called a member.
 *
 * <p>A member must be expected to score higher: for a loss, hand over its negative. The result holds for every threshold. The
 * share of members found at few false alarms says more than the area: a score that betrays a few members for certain has an
 * area near 0.5 (Carlini et al. 2022). With fewer than {@code 1 / falsePositiveRate} non-members, only scores
 * above all of them count.
 *
 * <p>Samples of one owner (the texts of an author, the pairs of a user) are alike, so resamples draw owners, each with all of
 * its samples. Two models scored on the same samples under the same key have the same resamples, so {@link Sampled#less}
 * compares them in pairs. Costs {@code O(n log n + resamples · n)} for {@code n} samples.
 *
 * @param falsePositiveRates the shares of non-members that may be called members by mistake
 * @param resamples how many resamples the intervals come from
 */
public record ThresholdAttack(List<Double> falsePositiveRates, int resamples) {
    public ThresholdAttack {
        falsePositiveRates = List.copyOf(falsePositiveRates);
        for (double rate : falsePositiveRates) {
            require(rate >= 0 && rate < 1, "falsePositiveRates", rate, "at least 0 and below 1");
        }
        require(resamples >= 100, "resamples", resamples, "at least 100");
    }

    /** False-positive rates of 0.1 % and 1 %, 1,000 resamples. */
    public ThresholdAttack() {
        this(List.of(0.001, 0.01), 1_000);
    }

    /**
     * The result of a score.
     *
     * @param curve the corners of the ROC curve, from (0, 0) to (1, 1)
     * @param auc the area under it: the chance that a member scores above a non-member, 0.5 for a score that knows nothing
     * @param detections the share of members found at each false-positive rate
     * @param members how many members were scored
     * @param nonMembers how many others were scored
     */
    public record Result(List<Roc.Point> curve, Sampled auc, List<Detection> detections, int members, int nonMembers) {}

    /**
     * The share of members found at a false-positive rate.
     *
     * @param falsePositiveRate the largest share of non-members called members; a score that knows nothing finds as many members
     * @param truePositiveRate the share of members found
     */
    public record Detection(double falsePositiveRate, Sampled truePositiveRate) {}

    /** Attacks by the scores of members and of non-members, each a sample of its own. */
    public Result examine(double[] members, double[] nonMembers, Keyed random) {
        double[] scores = Arrays.copyOf(members, members.length + nonMembers.length);
        System.arraycopy(nonMembers, 0, scores, members.length, nonMembers.length);
        boolean[] member = new boolean[scores.length];
        Arrays.fill(member, 0, members.length, true);
        int[] owner = new int[scores.length];
        Arrays.setAll(owner, n -> n);
        return examine(scores, member, owner, random);
    }

    /**
     * Attacks by scores of samples that belong to owners.
     *
     * @param member whether each sample is a member
     * @param owner the owner of each sample, numbered from 0
     */
    public Result examine(double[] scores, boolean[] member, int[] owner, Keyed random) {
        int members = 0;
        for (boolean one : member) {
            members += one ? 1 : 0;
        }
        require(members >= 1, "members", members, "at least 1");
        require(members < member.length, "non-members", member.length - members, "at least 1");
        Roc roc = new Roc(scores, member, owner);
        int owners = Arrays.stream(owner).max().orElseThrow() + 1;
        List<Detection> detections = falsePositiveRates.stream()
                .map(rate -> new Detection(rate, Sampled.of(resamples, owners, random, w -> roc.tprAt(rate, w))))
                .toList();
        return new Result(
                roc.curve(),
                Sampled.of(resamples, owners, random, roc::auc),
                detections,
                members,
                member.length - members);
    }
}
