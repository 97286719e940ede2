package org.lethe.recsys.forget;

import java.util.Arrays;
import java.util.function.IntUnaryOperator;
import org.lethe.statistics.Roc;

/**
 * The mean over users of the AUC within each user's own pairs, weighted by the rarer kind of pair (members or non-members).
 *
 * <p>Differences between users, such as their number of interactions, do not affect it. An owner of pairs is a user, or a single
 * pair if users are too few for resampling.
 *
 * @param auc AUC of each owner, 0 if it has only one kind of pair
 * @param weight weight of each owner, 0 if it has only one kind of pair
 */
record PerUserAuc(double[] auc, int[] weight) {
    /** One score per pair; the pairs of an owner stand together, and owners are numbers from 0. */
    static PerUserAuc of(double[] score, boolean[] member, int[] owner) {
        int owners = owner.length == 0 ? 0 : owner[owner.length - 1] + 1;
        double[] auc = new double[owners];
        int[] weight = new int[owners];
        int from = 0;
        for (int o = 0; o < owners; o++) {
            int to = from;
            int members = 0;
            while (to < owner.length && owner[to] == o) {
                members += member[to++] ? 1 : 0;
            }
            weight[o] = Math.min(members, to - from - members);
            if (weight[o] > 0) {
                auc[o] = new Roc(
                                Arrays.copyOfRange(score, from, to),
                                Arrays.copyOfRange(member, from, to),
                                new int[to - from])
                        .auc();
            }
            from = to;
        }
        return new PerUserAuc(auc, weight);
    }

    /** Number of owners with both kinds of pair. */
    int owners() {
        return (int) Arrays.stream(weight).filter(w -> w > 0).count();
    }

    /** The chance that a member scores above a non-member of the same owner, ties counting half. */
    double value() {
        return value(o -> 1);
    }

    /** The value with each owner counted several times; NaN if no owner has both kinds. */
    double value(IntUnaryOperator times) {
        double won = 0;
        double all = 0;
        for (int o = 0; o < auc.length; o++) {
            double w = (double) weight[o] * times.applyAsInt(o);
            won += w * auc[o];
            all += w;
        }
        return won / all;
    }
}
