package org.lethe.recsys.hide;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.tables.EmbeddingTable;
import org.lethe.tables.Entities;

class RepairTest {
    private static final Hide GENDER = new Hide("gender");

    /** 120 users of five numbers whose first gives the gender away; every tenth says nothing of theirs. */
    private static EmbeddingTable table(float unit) {
        float[] rows = new float[600];
        String[] genders = new String[120];
        for (int u = 0; u < 120; u++) {
            genders[u] = u % 10 == 0 ? "" : u % 2 == 0 ? "m" : "f";
            for (int d = 0; d < 5; d++) {
                rows[5 * u + d] =
                        unit * (float) (Keyed.normal(Keyed.seed(3).at(u, d)) + (d == 0 && u % 2 == 0 ? 2 : 0));
            }
        }
        return new EmbeddingTable(
                "t", Entities.numbered(120).with("gender", Entities.Categorical.of(genders)), 5, rows);
    }

    @Test
    void theUnitOfTheRowsDoesNotMatter() {
        for (Method<Split, Recommender> method : Repair.methods()) {
            float[] one = new Repair(method, GENDER)
                    .repair(table(1), Env.seeded(1))
                    .table()
                    .rows();
            for (float unit : new float[] {0x1p-100f, 0x1p100f}) {
                float[] other = new Repair(method, GENDER)
                        .repair(table(unit), Env.seeded(1))
                        .table()
                        .rows();
                for (int n = 0; n < other.length; n++) {
                    other[n] /= unit;
                }
                assertArrayEquals(one, other, method.toString());
            }
        }
    }

    @Test
    void nobodyMovesWhereRowsStay() {
        Repair nothing = new Repair(new U2uR(0, 1e-3, Regulariser.NOTHING, 0, 0, 2, 0, ProtectedTables.ALL), GENDER);
        Repair.Repaired same = nothing.repair(table(1), Env.seeded(1));
        assertArrayEquals(table(1).rows(), same.table().rows());
        assertEquals(
                List.of(0.0, 0.0, 1.0),
                same.movement(Env.seeded(1)).stream().map(Finding::value).toList());
    }

    @Test
    void aMapThatLeavesTheNumbersOfTheMachineStops() {
        EmbeddingTable huge = table(Float.MAX_VALUE / 6);
        Repair far = new Repair(new DpNoise(1e-3, 1e-5, 0), GENDER);
        LetheException stopped = assertThrows(LetheException.class, () -> far.repair(huge, Env.seeded(1)));
        assertEquals(LetheException.Code.NUMERIC, stopped.code());
    }

    @Test
    void whatNeedsMoreThanRowsIsRefused() {
        assertThrows(LetheException.class, () -> new Repair(new Raid(), GENDER));
        assertThrows(LetheException.class, () -> new Repair(new D2dR(), GENDER)); // preserve: function
        assertThrows(LetheException.class, () -> new Repair(new EqualNoise(), GENDER));
    }
}
