package org.lethe.recsys.approximate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lethe.recsys.approximate.Obliviate.Adapter;
import org.lethe.recsys.forget.ForgetRequest;

class ObliviateTest {
    @Test
    void itForgetsPairsAndUsers() {
        for (ForgetRequest request : List.of(Effects.PAIRS, Effects.USERS)) {
            Effects.assertForgets(new Obliviate(), Effects.BPR, request, 0.8, 0.05);
            Effects.assertForgets(new Obliviate(), Effects.WMF, request, 0.8, 0.05);
        }
    }

    @Test
    void theDecompositionIsTheBestOfItsRank() {
        double[] table = {3, 0, 1, 1, 2, 0, 0, 1, 1, 2, 0, 2};
        int[] rows = {0, 1, 2, 3};
        double[] singular = {4.293375, 2.153180, 1.389514};
        for (int rank = 1; rank <= 3; rank++) {
            double[] back = new double[12];
            Adapter.of(table, rows, 3, rank).addTo(back);
            double error = Vectors.norm(Vectors.plus(table, -1, back));
            double rest = 0;
            for (int r = rank; r < 3; r++) {
                rest += singular[r] * singular[r];
            }
            assertEquals(Math.sqrt(rest), error, rank == 3 ? 1e-12 : 1e-6);
        }
        double[] back = new double[12];
        Adapter.of(table, rows, 3, 1).addTo(back);
        assertEquals(2.562602, Vectors.norm(Vectors.plus(table, -1, back)), 5e-7);
        double[] whole = new double[12];
        Adapter.of(table, rows, 3, 3).addTo(whole);
        assertArrayEquals(table, whole, 1e-12);
    }

    @Test
    void theFirstStepRaisesTheForgottenLossAndTheCodedSignLowersIt() {
        Obliviate small = new Obliviate(8, 1e-6, 0, 0.02, 2, false);
        Obliviate coded = new Obliviate(8, 1e-6, 0, 0.02, 2, true);
        Problem problem = AscentTest.problem(small, Effects.PAIRS);
        double[] g = problem.loss(problem.gone).gradient(problem.theta);
        assertTrue(Vectors.dot(g, small.firstStep(problem)) > 0);
        assertTrue(Vectors.dot(g, coded.firstStep(problem)) < 0);
        TripleLoss gone = problem.loss(problem.gone);
        assertTrue(gone.value(Vectors.plus(problem.theta, 1, small.firstStep(problem))) > gone.value(problem.theta));
    }

    @Test
    void otherRowsKeepTheirBits() {
        Problem problem = AscentTest.problem(new Obliviate(), Effects.PAIRS);
        double[] after = new Obliviate().moved(problem);
        boolean[] touched = problem.touched();
        for (int n = 0; n < after.length; n++) {
            assertTrue(touched[n / problem.dims] || after[n] == problem.theta[n]);
        }
    }

    @Test
    void withoutTheStopItForgetsTooMuch() {
        Problem problem = AscentTest.problem(new Obliviate(), Effects.PAIRS);
        double stopped = problem.distanceFromNeverSeen(new Obliviate().moved(problem));
        double endless = problem.distanceFromNeverSeen(new Obliviate(8, 0.05, 200, 0.02, 1e3, true).moved(problem));
        assertTrue(endless > 2 * stopped, endless + " and " + stopped);
    }
}
