package org.lethe.statistics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.lethe.numerics.Keyed;

final class LogisticRegressionTest {
    @Test
    void findsTheWeightsThatMadeTheData() {
        int n = 20_000;
        double[][] rows = new double[n][];
        boolean[] member = new boolean[n];
        Keyed random = Keyed.seed(1);
        for (int k = 0; k < n; k++) {
            double x = Keyed.normal(random.of("x").at(k));
            double y = Keyed.normal(random.of("y").at(k));
            rows[k] = new double[] {5 + 2 * x, y, 7}; // the last feature says nothing
            member[k] = Keyed.unit(random.at(k)) < LogisticRegression.sigmoid(0.5 + 1.5 * x - y);
        }
        LogisticRegression model = LogisticRegression.fit(rows, member);
        double base = model.logOdds(new double[] {5, 0, 7});
        assertEquals(0.5, base, 0.06);
        assertEquals(1.5, model.logOdds(new double[] {7, 0, 7}) - base, 0.08);
        assertEquals(-1, model.logOdds(new double[] {5, 1, 7}) - base, 0.08);
    }

    @Test
    void standsASeparableSample() {
        double[][] rows = {{0}, {1}, {2}, {3}};
        LogisticRegression model = LogisticRegression.fit(rows, new boolean[] {false, false, true, true});
        double low = model.logOdds(new double[] {0});
        assertTrue(low < 0 && low > -20, () -> "low is " + low);
        double high = model.logOdds(new double[] {3});
        assertTrue(high > 0 && high < 20, () -> "high is " + high);
    }

    @Test
    void orderOfRowsMovesNothing() {
        double[][] rows = {{0, 1}, {1, 0}, {2, 2}, {3, 1}, {1, 3}};
        double[][] reversed = {{1, 3}, {3, 1}, {2, 2}, {1, 0}, {0, 1}};
        LogisticRegression model = LogisticRegression.fit(rows, new boolean[] {false, true, false, true, true});
        LogisticRegression other = LogisticRegression.fit(reversed, new boolean[] {true, true, false, true, false});
        double[] asked = {1.5, 1};
        assertEquals(other.logOdds(asked), model.logOdds(asked), 1e-9);
    }
}
