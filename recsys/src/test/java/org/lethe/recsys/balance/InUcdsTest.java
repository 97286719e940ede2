package org.lethe.recsys.balance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Workers;
import org.lethe.recsys.Split;
import org.lethe.recsys.UserLearner;
import org.lethe.recsys.UserRows;
import org.lethe.recsys.backbone.Bpr;
import org.lethe.recsys.backbone.ImplicitAls;
import org.lethe.recsys.data.Planted;
import org.lethe.recsys.hide.Hide;

class InUcdsTest {
    private static final Split DATA = new Planted(200, 80, 15, 3).load(new DataFolders(List.of()));
    private static final Balance BALANCE = new Balance();
    private static final Groups GROUPS = BALANCE.of(DATA.train());
    private static final UserLearner BPR = new Bpr()
            .withDims(16)
            .withEpochs(15)
            .withBatch(256)
            .withLearningRate(0.01)
            .withInitialSd(0.1)
            .withPatience(15);

    private static InUcds of(Neighbours.Rule rule, double strength, boolean weighted) {
        return new InUcds(
                rule, Similarity.COSINE, 3, strength, weighted, 1.1, DominantSets.Dynamics.INFECTION_IMMUNISATION);
    }

    /** Mean squared distance of disadvantaged users to their neighbours over the mean square of all embeddings. */
    private static double apart(UserRows model, Neighbours found) {
        float[] rows = model.userRows();
        int width = model.width();
        double sum = 0;
        double squares = 0;
        for (float number : rows) {
            squares += (double) number * number / rows.length;
        }
        for (int t = 0; t < found.users().length; t++) {
            for (int k = found.starts()[t]; k < found.starts()[t + 1]; k++) {
                for (int d = 0; d < width; d++) {
                    double off = rows[found.users()[t] * width + d] - rows[found.neighbours()[k] * width + d];
                    sum += off * off / found.neighbours().length / width;
                }
            }
        }
        return sum / squares;
    }

    @Test
    void trainingDrawsUsersToTheirNeighbours() {
        UserRows plain = BPR.train(DATA, Env.seeded(1));
        for (Neighbours.Rule rule : Neighbours.Rule.values()) {
            InUcds method = of(rule, 0.003, false);
            Neighbours found = new Neighbours.Search(rule, Similarity.COSINE, 3, new DominantSets())
                    .of(method, GROUPS, DATA.train(), Env.seeded(1));
            UserRows pulled = (UserRows) method.fulfil(plain, BALANCE, BPR, DATA, Env.seeded(1));
            double before = apart(plain, found);
            double after = apart(pulled, found);
            assertTrue(after < 0.7 * before, rule + ": " + before + " became " + after);
        }
    }

    @Test
    void withoutStrengthTrainingIsPlain() {
        UserRows plain = BPR.train(DATA, Env.seeded(1));
        UserRows idle =
                (UserRows) of(Neighbours.Rule.NEAREST, 0, true).fulfil(plain, BALANCE, BPR, DATA, Env.seeded(1));
        assertArrayEquals(
                plain.userRows(), idle.userRows(), 1e-3f); // users without samples may step, or catch up later
    }

    @Test
    void threadsDoNotChangeABit() {
        UserRows plain = BPR.train(DATA, Env.seeded(1));
        InUcds method = of(Neighbours.Rule.DOMINANT_SET, 0.01, true);
        UserRows one = (UserRows) method.fulfil(plain, BALANCE, BPR, DATA, Env.seeded(2));
        try (Workers three = Workers.threads(3)) {
            UserRows many = (UserRows)
                    method.fulfil(plain, BALANCE, BPR, DATA, Env.seeded(2).with(three));
            assertArrayEquals(one.userRows(), many.userRows());
        }
    }

    @Test
    void theCostSaysHowNeighboursSpread() {
        Env env = Env.seeded(1);
        InUcds.published().fulfil(BPR.train(DATA, env), BALANCE, BPR, DATA, env);
        assertEquals(190, env.ledger().cost().count("neighbours-users"));
        assertTrue(env.ledger().cost().count("neighbours-distinct") <= 10);
        assertTrue(env.ledger().cost().count("neighbours-largest-hub") > 30);
        assertEquals(0, env.ledger().cost().count("neighbours-unconverged"));
    }

    @Test
    void otherRequestsAndModelsWithoutStepsAreRefused() {
        for (Balancing method : List.of(new InUcds(), new InNaive())) {
            String name = method instanceof InUcds ? "in-ucds" : "in-naive";
            assertEquals(
                    Optional.of(name + " fulfils requests to balance, not hide"), method.unsuited(new Hide(), BPR));
            assertEquals(
                    Optional.of(
                            name + " needs a model trained by gradient steps, for example bpr or lightgcn, not als"),
                    method.unsuited(BALANCE, new ImplicitAls()));
            assertEquals(Optional.empty(), method.unsuited(BALANCE, BPR));
        }
    }

    @Test
    void moreNeighboursThanAdvantagedUsersAreRefused() {
        LetheException refused = assertThrows(
                LetheException.class,
                () -> new InNaive(11, 1e-5, 0)
                        .fulfil(BPR.train(DATA, Env.seeded(1)), BALANCE, BPR, DATA, Env.seeded(1)));
        assertTrue(refused.getMessage().startsWith("in-naive has neighbours: 11, expected"), refused.getMessage());
        assertThrows(IllegalArgumentException.class, () -> of(Neighbours.Rule.NEAREST, -1, false));
        assertThrows(IllegalArgumentException.class, () -> new InNaive(-1, 0, 0));
    }

    @Test
    void samplesOfABatchCountUsersByTheirInteractions() {
        double[] counts = new InNaive(3, 1e-5, 1000).counts(GROUPS.disadvantaged(), DATA.train());
        double[] others = new InNaive(3, 1e-5, 1000).counts(GROUPS.advantaged(), DATA.train());
        double sum = 0;
        for (double count : counts) {
            sum += count;
        }
        for (double count : others) {
            sum += count;
        }
        assertEquals(1000, sum, 1e-9, "every sample has one user");
        int user = GROUPS.disadvantaged()[5];
        assertEquals(1000.0 * DATA.train().degree(user) / DATA.train().size(), counts[5]);
        assertEquals(1, new InNaive(3, 1e-5, 0).counts(GROUPS.disadvantaged(), DATA.train())[7]);
    }
}
