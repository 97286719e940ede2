package org.lethe.recsys.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.lethe.DataFolders;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Split;

class PlantedTest {
    private static final DataFolders NOWHERE = new DataFolders(List.of());

    @Test
    void theSameSettingsGiveTheSameData() {
        assertEquals(new Planted().load(NOWHERE), new Planted().load(NOWHERE));
        assertTrue(!new Planted(200, 100, 10, 1).all().equals(new Planted(200, 100, 10, 2).all()));
    }

    @Test
    void aLargerSetHoldsTheSmallerOne() {
        Interactions small = new Planted(100, 200, 20, 1).all();
        Interactions large = new Planted(300, 200, 20, 1).all();
        assertEquals(
                small, large.ofUsers(java.util.stream.IntStream.range(0, 100).toArray()));
    }

    @Test
    void everyUserHasSomethingToLearnToStopAndToJudgeBy() {
        Split split = new Planted(500, 200, 15, 3).load(NOWHERE);
        for (int u = 0; u < split.users(); u++) {
            assertTrue(split.train().degree(u) >= 1
                    && split.test().degree(u) >= 1
                    && split.validation().degree(u) >= 1);
        }
        assertEquals(0, split.train().where(split.test()::contains).size());
        assertEquals(0, split.train().where(split.validation()::contains).size());
        assertEquals(0, split.validation().where(split.test()::contains).size());
    }

    @Test
    void theMeanActivityIsTheOneAskedFor() {
        Interactions all = new Planted(2000, 1000, 40, 1).all();
        assertEquals(40, (double) all.size() / all.users(), 2);
    }

    @Test
    void activityIsAsSkewedAsAskedFor() {
        assertTrue(busiestShare(1.2) > 2 * busiestShare(0));
    }

    private static double busiestShare(double activity) {
        Interactions all = new Planted(1000, 1000, 40, 1)
                .withActivitySpread(activity)
                .withValidation(0)
                .withTest(0)
                .all();
        int[] degrees = new int[all.users()];
        Arrays.setAll(degrees, all::degree);
        Arrays.sort(degrees);
        return Arrays.stream(degrees, 900, 1000).sum() / (double) all.size();
    }

    @Test
    void whatIsDrawnIsLikedMoreThanWhatIsNot() {
        Planted planted = new Planted(300, 300, 30, 1);
        Interactions all = planted.all();
        double drawn = 0;
        double any = 0;
        for (int u = 0; u < 300; u++) {
            for (int i = 0; i < 300; i++) {
                double affinity = planted.affinity(u, i);
                any += affinity / 90_000;
                drawn += all.contains(u, i) ? affinity / all.size() : 0;
            }
        }
        assertTrue(drawn > any + 0.8, drawn + " against " + any);
    }

    @Test
    void theGroupShowsInTheChoicesExactlyWhereTasteDependsOnIt() {
        assertTrue(gap(1.5) > 0.5, "gap " + gap(1.5));
        assertEquals(0, gap(0), 0.15);
    }

    /** How much more the first factor of drawn items is for one group than for the other. */
    private static double gap(double taste) {
        Planted planted = new Planted(600, 300, 30, 5)
                .withGroupEffect(taste)
                .withActivitySpread(0.5)
                .withPopularitySpread(0.5)
                .withValidation(0)
                .withTest(0);
        Interactions all = planted.all();
        int[] group = all.userEntities().categorical(Planted.GROUP).codes();
        double[] sum = new double[2];
        int[] count = new int[2];
        for (int u = 0; u < all.users(); u++) {
            for (int k = all.from(u); k < all.to(u); k++) {
                sum[group[u]] += planted.character(all.item(k))[0];
                count[group[u]]++;
            }
        }
        return sum[1] / count[1] - sum[0] / count[0];
    }

    @Test
    void impossibleSizesAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new Planted(0, 100, 10, 1));
        assertThrows(IllegalArgumentException.class, () -> new Planted(10, 100, 60, 1));
        assertThrows(IllegalArgumentException.class, () -> new Planted(10, 5, 4, 1));
        assertThrows(IllegalArgumentException.class, () -> new Planted(Integer.MAX_VALUE, 1000, 40, 1));
    }
}
