package org.lethe.statistics;

import java.util.Comparator;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/**
 * How well scores tell members from non-members.
 *
 * <p>Pairs of one user are alike, so chance is judged by drawing <em>owners</em>, each with all of its pairs, with
 * replacement. The scores are sorted once; a resample is then one pass over weights.
 */
public final class Roc {
    private final boolean[] member; // by ascending score
    private final int[] owner;
    private final boolean[] last; // whether a run of equal scores ends here

    /** One score per pair; {@code owner} are numbers from 0. */
    public Roc(double[] score, boolean[] member, int[] owner) {
        int[] order = IntStream.range(0, score.length)
                .boxed()
                .sorted(Comparator.comparingDouble(k -> score[k]))
                .mapToInt(Integer::intValue)
                .toArray();
        this.member = new boolean[order.length];
        this.owner = new int[order.length];
        this.last = new boolean[order.length];
        for (int r = 0; r < order.length; r++) {
            this.member[r] = member[order[r]];
            this.owner[r] = owner[order[r]];
            last[r] = r + 1 == order.length || score[order[r]] < score[order[r + 1]];
        }
    }

    /** The chance that a member scores above a non-member, ties counting half. */
    public double auc() {
        return auc(o -> 1);
    }

    /** The same with each owner counted so many times; NaN where either kind is missing. */
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
            if (seenOthers > fpr * others) {
                return caught / members;
            }
        }
        return 1;
    }
}
