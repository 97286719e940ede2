package org.lethe.recsys.hide;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.Method;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.UserRows;
import org.lethe.recsys.backbone.Bpr;
import org.lethe.recsys.data.Planted;

class UnlearningTest {
    private static final Split DATA = new Planted(300, 100, 20, 3).load(new DataFolders(List.of()));
    private static final Hide GROUP = new Hide(Planted.GROUP);
    private static final Bpr MODEL = new Bpr();

    private static float[] random(int size) {
        float[] rows = new float[size];
        for (int n = 0; n < size; n++) {
            rows[n] = (float) Keyed.normal(Keyed.seed(9).at(n));
        }
        return rows;
    }

    private static double doubleSum(float[] rows, int width, int[] of) {
        double total = 0;
        for (int i = 0; i < of.length; i++) {
            for (int j = 0; j < i; j++) {
                for (int d = 0; d < width && of[i] != of[j]; d++) {
                    double difference = rows[i * width + d] - rows[j * width + d];
                    total += difference * difference;
                }
            }
        }
        return total;
    }

    @Test
    void theGradientOfU2uIsThatOfTheDoubleSum() {
        Classes two = new Classes("a", List.of("x", "y"), new int[] {0, 1});
        float[] gradient = new float[2];
        new U2uR().addGradient(two, new float[] {0, 2}, 1, gradient);
        assertArrayEquals(new float[] {-4, 4}, gradient); // attribute-unlearning, section 9
        int[] of = {0, 1, 0, 1, 1, 0, 1};
        float[] rows = random(21);
        float[] all = new float[21];
        new U2uR().addGradient(new Classes("a", List.of("x", "y"), of), rows, 3, all);
        for (int n = 0; n < 21; n++) {
            float[] up = rows.clone();
            float[] down = rows.clone();
            up[n] += 0x1p-7f;
            down[n] -= 0x1p-7f;
            assertEquals((doubleSum(up, 3, of) - doubleSum(down, 3, of)) * 64, all[n], 1e-3); // a quadratic: exact
        }
    }

    @Test
    void theListsOfAnUntouchedModelHaveNoHingeWithoutMargin() {
        Embeddings model = MODEL.train(DATA, Env.seeded(1));
        Unlearning.Lists lists = Unlearning.Lists.of(model, DATA, 20, u -> true, Env.seeded(1));
        assertEquals(0, lists.loss(model, 0));
        double shortfall = 0;
        for (int n = 0; n < lists.users().length; n++) {
            for (int t = 1; t < 20; t++) {
                float gap = model.score(lists.users()[n], lists.items()[n * 20 + t - 1])
                        - model.score(lists.users()[n], lists.items()[n * 20 + t]);
                shortfall += Math.max(0, 0.05 - gap);
            }
        }
        assertEquals(shortfall, lists.loss(model, 0.05f), 1e-3 * shortfall);
        assertTrue(shortfall > 0);
    }

    @Test
    void theGradientOfTheListsIsTheSlopeOfTheHinges() {
        Embeddings model = MODEL.train(DATA, Env.seeded(1));
        Unlearning.Lists lists = Unlearning.Lists.of(model, DATA, 5, u -> true, Env.seeded(1));
        float[] gradient = new float[model.userRows().length];
        lists.addGradient(model, 1, 10, gradient); // every hinge is open: linear
        for (int n = 0; n < 100; n++) {
            float[] moved = model.userRows().clone();
            moved[n] += 0.5f;
            double slope = (lists.loss(model.withUserRows(moved), 10) - lists.loss(model, 10)) / 0.5;
            assertEquals(slope, gradient[n], 1e-2);
        }
    }

    @Test
    void drawnListsAreSomeOfTheListsAndInTheMeanAllOfThem() {
        Embeddings model = MODEL.train(DATA, Env.seeded(1));
        Unlearning.Lists lists = Unlearning.Lists.of(model, DATA, 5, u -> true, Env.seeded(1));
        double mean = 0;
        for (int t = 0; t < 400; t++) {
            Unlearning.Lists some = lists.drawn(10, Keyed.seed(1).of(t));
            assertEquals(10, IntStream.of(some.users()).distinct().count());
            mean += some.loss(model, 1) * lists.users().length / 10 / 400;
        }
        assertEquals(lists.loss(model, 1), mean, 0.03 * mean);
        assertSame(lists, lists.drawn(lists.users().length, Keyed.seed(1)));
    }

    @Test
    void everyMethodDrawsTheGroupsTogetherAndTouchesNothingElse() {
        Embeddings before = MODEL.train(DATA, Env.seeded(1));
        float[] kept = before.userRows().clone();
        double apart = ClassDistance.of(before, GROUP, DATA);
        assertTrue(apart > 0.01, "the planted groups differ: " + apart);
        for (Method<Split, Recommender> method : List.of(
                new U2uR(100, 1e-2, Regulariser.FUNCTION, 1e-6, 0.05, 20, 0, ProtectedTables.ALL),
                new D2dR(),
                new TransportMap(),
                D2dR.released(),
                D2dR.released().preserving(Regulariser.PARAMETERS),
                new MeanMatching())) {
            Embeddings after = (Embeddings) method.fulfil(before, GROUP, MODEL, DATA, Env.seeded(1));
            assertTrue(
                    ClassDistance.of(after, GROUP, DATA) < 0.4 * apart,
                    method + " leaves " + ClassDistance.of(after, GROUP, DATA) + " of " + apart);
            assertArrayEquals(before.itemRows(), after.itemRows());
            assertArrayEquals(kept, before.userRows());
        }
    }

    @Test
    void usersInNoClassStayAndSoDoThoseKeptFromTheReleasedForms() {
        Embeddings before = MODEL.train(DATA, Env.seeded(1));
        int[] of = IntStream.range(0, before.users()).map(u -> u % 3 - 1).toArray();
        Classes some = new Classes("a", List.of("x", "y"), of);
        Discrepancy together =
                (rows, width, gradient, random, workers) -> new U2uR().addGradient(some, rows, width, gradient);
        for (Unlearning.Descent descent : Unlearning.Descent.values()) {
            UserRows after = new Unlearning(
                            descent, 5, 1e-4, Regulariser.FUNCTION, 1e-3, 0.05, 20, 1, ProtectedTables.ALL)
                    .run(new U2uR(), before, List.of(some), together, DATA, Env.seeded(1));
            assertMoved(before, after, u -> of[u] >= 0);
        }
        Hide half = GROUP.knowing(0.5);
        for (Method<Split, Recommender> method : List.of(new U2uR(), D2dR.released())) {
            UserRows after = (UserRows) method.fulfil(before, half, MODEL, DATA, Env.seeded(1));
            assertMoved(before, after, u -> half.knows(DATA.train(), u));
        }
        assertMoved(before, (UserRows) new D2dR().fulfil(before, half, MODEL, DATA, Env.seeded(1)), u -> true);
    }

    private static void assertMoved(UserRows before, UserRows after, IntPredicate who) {
        int width = before.width();
        for (int u = 0; u < before.users(); u++) {
            boolean same = Arrays.equals(
                    before.userRows(), u * width, (u + 1) * width, after.userRows(), u * width, (u + 1) * width);
            assertEquals(!who.test(u), same, "user " + u);
        }
    }

    @Test
    void theFlowStopsWhereClassesAreAlikeAndTheReleasedFormDoesNot() {
        Embeddings before = MODEL.train(DATA, Env.seeded(1));
        D2dR flow =
                new D2dR(D2dR.Form.FLOW, 40, 1, Regulariser.FUNCTION, 3e-4, 0.05, 20, 0, false, ProtectedTables.ALL);
        long steps = steps(flow, before);
        assertTrue(steps > 0 && steps < flow.steps(), steps + " steps");
        UserRows alike = (UserRows) flow.fulfil(before, GROUP, MODEL, DATA, Env.seeded(1));
        assertEquals(0, steps(flow, alike));
        assertEquals(D2dR.released().steps(), steps(D2dR.released(), alike));
    }

    /** With short steps it ends just where they are; with the means left out of the look it would end at −0.006. */
    @Test
    void theRowsThatTheFlowEndsWithAreAlikeWithTheirMeansDrawn() {
        Embeddings before = MODEL.train(DATA, Env.seeded(1));
        D2dR flow =
                new D2dR(D2dR.Form.FLOW, 40, 0.02, Regulariser.FUNCTION, 3e-4, 0.05, 20, 0, true, ProtectedTables.ALL);
        assertTrue(steps(flow, before) < flow.steps());
        UserRows after = (UserRows) flow.fulfil(before, GROUP, MODEL, DATA, Env.seeded(1));
        assertTrue(apart(before) > 0.01, "apart before: " + apart(before));
        assertEquals(0, apart(after), 0.001);
    }

    private static double apart(UserRows model) {
        Classes classes = GROUP.each(DATA.train()).getFirst();
        return new Mmd(model.userRows(), model.width(), classes.members(1), classes.members(0), true)
                .squared(Workers.here());
    }

    private static long steps(D2dR method, UserRows before) {
        Env env = Env.seeded(1);
        method.fulfil(before, GROUP, MODEL, DATA, env);
        return env.ledger().cost().counts().getOrDefault("steps", -1L);
    }

    @Test
    void noiseMovesAsFarAsTheMethodItCopies() {
        Embeddings before = MODEL.train(DATA, Env.seeded(1));
        UserRows noisy = (UserRows) new EqualNoise().fulfil(before, GROUP, MODEL, DATA, Env.seeded(1));
        UserRows aimed = (UserRows) new D2dR().fulfil(before, GROUP, MODEL, DATA, Env.seeded(1));
        assertEquals(moved(before, aimed), moved(before, noisy), 1e-3 * moved(before, aimed));
        UserRows dp = (UserRows) new DpNoise().fulfil(before, GROUP, MODEL, DATA, Env.seeded(1));
        double clip = IntStream.range(0, before.users())
                .mapToDouble(u -> Math.sqrt(IntStream.range(0, before.dims())
                        .mapToDouble(d -> Math.pow(before.userRows()[u * before.dims() + d], 2))
                        .sum()))
                .sorted()
                .skip(before.users() / 2)
                .findFirst()
                .orElseThrow();
        double sd = clip * Math.sqrt(2 * Math.log(1.25e5)) / 10;
        assertTrue(moved(before, dp) > 0.8 * sd * Math.sqrt(before.dims()), "sd " + sd);
    }

    private static double moved(UserRows from, UserRows to) {
        double total = 0;
        for (int u = 0; u < from.users(); u++) {
            double square = 0;
            for (int n = u * from.width(); n < (u + 1) * from.width(); n++) {
                square += Math.pow(to.userRows()[n] - from.userRows()[n], 2);
            }
            total += Math.sqrt(square) / from.users();
        }
        return total;
    }

    @Test
    void threadsDoNotChangeABit() {
        Embeddings before = MODEL.train(DATA, Env.seeded(1));
        D2dR method = new D2dR();
        UserRows one = (UserRows) method.fulfil(before, GROUP, MODEL, DATA, Env.seeded(4));
        try (Workers three = Workers.threads(3)) {
            UserRows many = (UserRows)
                    method.fulfil(before, GROUP, MODEL, DATA, Env.seeded(4).with(three));
            assertArrayEquals(one.userRows(), many.userRows());
        }
    }
}
