package org.lethe.statistics;

import static org.lethe.Check.require;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/**
 * The ROC curve of scores that should tell members from non-members, with its area.
 *
 * <p>Samples of one owner, such as the pairs of a user, are alike. Chance is therefore judged by drawing <em>owners</em> with
 * replacement, each with all of its samples. The scores are sorted once; a resample is then one pass over weights. For
 * independent scores, {@link Auc} has an error without resampling.
 */
public final class Roc {
    private final double[] score; // ascending
    private final boolean[] member;
    private final int[] owner;
    private final boolean[] last; // whether a run of equal scores ends here

    /** One score per sample; {@code owner} are numbers from 0. */
    public Roc(double[] score, boolean[] member, int[] owner) {
        require(member.length == score.length, "member.length", member.length, "as score, " + score.length);
        require(owner.length == score.length, "owner.length", owner.length, "as score, " + score.length);
        for (int k = 0; k < score.length; k++) {
            if (Double.isNaN(score[k])) {
                require(false, "score[" + k + "]", score[k], "a number");
            }
            if (owner[k] < 0) {
                require(false, "owner[" + k + "]", owner[k], "at least 0");
            }
        }
        int[] order = IntStream.range(0, score.length)
                .boxed()
                .sorted(Comparator.comparingDouble(k -> score[k]))
                .mapToInt(Integer::intValue)
                .toArray();
        this.score = new double[order.length];
        this.member = new boolean[order.length];
        this.owner = new int[order.length];
        this.last = new boolean[order.length];
        for (int r = 0; r < order.length; r++) {
            this.score[r] = score[order[r]];
            this.member[r] = member[order[r]];
            this.owner[r] = owner[order[r]];
            last[r] = r + 1 == order.length || score[order[r]] < score[order[r + 1]];
        }
    }

    /** The chance that a member scores above a non-member, ties counting half. */
    public double auc() {
        return auc(o -> 1);
    }

    /** The same, where each owner counts so many times; NaN where either kind is missing. */
    public double auc(IntUnaryOperator weight) {
        double won = 0;
        double below = 0;
        double members = 0;
        double tiedMembers = 0;
        double tiedOthers = 0;
        for (int r = 0; r < member.length; r++) {
            int w = weight.applyAsInt(owner[r]);
            if (member[r]) {
                tiedMembers += w;
            } else {
                tiedOthers += w;
            }
            if (last[r]) {
                won += tiedMembers * (below + tiedOthers / 2);
                below += tiedOthers;
                members += tiedMembers;
                tiedMembers = 0;
                tiedOthers = 0;
            }
        }
        return won / (members * below);
    }

    /** The share of members above the lowest threshold that at most {@code fpr} of the non-members pass. */
    public double tprAt(double fpr) {
        return tprAt(fpr, o -> 1);
    }

    /** The same with each owner counted so many times. */
    public double tprAt(double fpr, IntUnaryOperator weight) {
        double members = 0;
        double others = 0;
        for (int r = 0; r < member.length; r++) {
            if (member[r]) {
                members += weight.applyAsInt(owner[r]);
            } else {
                others += weight.applyAsInt(owner[r]);
            }
        }
        double caught = 0;
        double seenMembers = 0;
        double seenOthers = 0;
        for (int r = member.length - 1; r >= 0; r--) {
            if (last[r]) { // everything above this run of ties has been counted
                caught = seenMembers;
            }
            if (member[r]) {
                seenMembers += weight.applyAsInt(owner[r]);
            } else {
                seenOthers += weight.applyAsInt(owner[r]);
            }
            if (seenOthers > fpr * others + 1e-9) { // 0.29 · 100 is a little less than 29
                return caught / members;
            }
        }
        return 1;
    }

    /**
     * A point of the curve.
     *
     * @param falsePositiveRate the share of non-members at or above the threshold
     * @param truePositiveRate the share of members at or above it
     * @param threshold the score from which on a sample is called a member
     */
    public record Point(double falsePositiveRate, double truePositiveRate, double threshold) {}

    /** The corners of the curve, from (0, 0) to (1, 1): points on a straight line between others are left out. */
    public List<Point> curve() {
        double members = 0;
        for (boolean one : member) {
            members += one ? 1 : 0;
        }
        double others = member.length - members;
        require(members >= 1 && others >= 1, "members", (int) members, "at least 1, and at least 1 other");
        List<Point> corners = new ArrayList<>();
        corners.add(new Point(0, 0, Double.POSITIVE_INFINITY));
        int seenMembers = 0;
        int seenOthers = 0;
        int lastMembers = 0; // of the run of equal scores before
        int lastOthers = 0;
        for (int r = member.length - 1, next; r >= 0; r = next) {
            int runMembers = 0;
            int runOthers = 0;
            next = r;
            do {
                runMembers += member[next] ? 1 : 0;
                runOthers += member[next] ? 0 : 1;
                next--;
            } while (next >= 0 && !last[next]);
            seenMembers += runMembers;
            seenOthers += runOthers;
            boolean onward = (long) runMembers * lastOthers == (long) runOthers * lastMembers; // the same direction
            Point point = new Point(seenOthers / others, seenMembers / members, score[r]);
            if (onward && corners.size() > 1) {
                corners.set(corners.size() - 1, point);
            } else {
                corners.add(point);
            }
            lastMembers = runMembers;
            lastOthers = runOthers;
        }
        return List.copyOf(corners);
    }
}
