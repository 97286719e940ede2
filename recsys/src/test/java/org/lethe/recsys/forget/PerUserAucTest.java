package org.lethe.recsys.forget;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.lethe.numerics.Keyed;
import org.lethe.statistics.Resampling;

final class PerUserAucTest {
    @Test
    void withinEachOwnerAgreesWithPairsCountedOneByOne() {
        Keyed random = Keyed.seed(8);
        int n = 300;
        double[] score = new double[n];
        boolean[] member = new boolean[n];
        int[] owner = new int[n];
        for (int k = 0; k < n; k++) {
            owner[k] = k / 30;
            member[k] = Keyed.unit(random.of("member").at(k)) < 0.7 && owner[k] != 4; // owner 4 has one kind only
            score[k] = owner[k] * 100 + Keyed.below(random.of("score").at(k), 20); // owners far apart, many ties
        }
        int[] times = Resampling.draw(Keyed.seed(9), 10);
        double won = 0;
        double all = 0;
        for (int o = 0; o < 10; o++) {
            double members = 0;
            double others = 0;
            double wins = 0;
            for (int i = 30 * o; i < 30 * (o + 1); i++) {
                members += member[i] ? 1 : 0;
                others += member[i] ? 0 : 1;
                for (int j = 30 * o; j < 30 * (o + 1); j++) {
                    wins += member[i] && !member[j] ? score[i] > score[j] ? 1 : score[i] == score[j] ? 0.5 : 0 : 0;
                }
            }
            if (members > 0) {
                double weight = times[o] * Math.min(members, others);
                won += weight * wins / (members * others);
                all += weight;
            }
        }
        PerUserAuc within = PerUserAuc.of(score, member, owner);
        assertEquals(9, within.owners());
        assertEquals(won / all, within.value(o -> times[o]), 1e-12);
    }
}
