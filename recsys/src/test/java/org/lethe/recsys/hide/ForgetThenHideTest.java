package org.lethe.recsys.hide;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.lethe.Case;
import org.lethe.Chain;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Verdict;
import org.lethe.attack.Attacker;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Recsys;
import org.lethe.recsys.Split;
import org.lethe.recsys.UserRows;
import org.lethe.recsys.backbone.Bpr;
import org.lethe.recsys.data.Planted;
import org.lethe.recsys.data.RealData;
import org.lethe.recsys.forget.Choice;
import org.lethe.recsys.forget.Completeness;
import org.lethe.recsys.forget.ForgetUsers;
import org.lethe.recsys.forget.Sharded;
import org.lethe.recsys.forget.Sisa;
import org.lethe.study.Study;

/** A chain of both verbs: shards forget, and what they serve is hidden in. */
class ForgetThenHideTest {
    private static final Split DATA =
            new Planted(400, 100, 20, 3).withGroupEffect(2).load(new DataFolders(List.of()));
    private static final Bpr BPR = new Bpr()
            .withDims(16)
            .withEpochs(30)
            .withBatch(256)
            .withLearningRate(0.01)
            .withInitialSd(0.1);
    private static final ForgetUsers FORGET = new ForgetUsers(Choice.RANDOM, 10);
    private static final Hide HIDE = new Hide(Planted.GROUP);
    private static final Sisa SISA = new Sisa(3, 1);
    private static final Env ENV = Env.seeded(1);

    private static final int[] GONE = FORGET.resolve(DATA).users();
    private static final Split LEFT = FORGET.resolve(DATA).remaining();

    private final Recommender learned = SISA.learn(BPR, DATA, ENV);
    private final Recommender forgotten = SISA.fulfil(learned, FORGET, BPR, DATA, ENV);

    @Test
    void bothAuditsSeeTheFinalModel() {
        Recommender hidden = new D2dR().fulfil(forgotten, HIDE, BPR, LEFT, ENV);
        Recommender retrained = BPR.train(LEFT, ENV);
        Chain chain = new Chain(List.of(FORGET, HIDE));
        Case<Split, Recommender> c = new Case<>(DATA, LEFT, chain, learned, hidden, retrained);

        List<Finding> completeness = new Completeness().examine(c, ENV);
        int pairs = Arrays.stream(GONE).map(DATA.train()::degree).sum();
        assertEquals(pairs, value(completeness, "forgotten-pairs"));
        assertTrue(value(completeness, "calibrated-auc-before") > value(completeness, "calibrated-auc"), "remembered");

        AttributeInference audit =
                new AttributeInference(List.of(Attacker.LOGISTIC), 5, 2, 5_000, 0.55, 0.58, 0.5, false);
        List<Finding> inference = audit.examine(c, ENV);
        double before = value(inference, "balanced-accuracy-before");
        double after = value(inference, "balanced-accuracy");
        assertTrue(before > 0.65 && after < 0.6, before + " before, " + after + " after");
        Finding judged = inference.stream()
                .filter(f -> f.verdict().isPresent())
                .findFirst()
                .orElseThrow();
        assertFalse(judged.verdict().orElseThrow() instanceof Verdict.Fail, judged.toString());

        // a model that only forgot still tells the group
        List<Finding> only = audit.examine(new Case<>(DATA, LEFT, chain, learned, forgotten, retrained), ENV);
        assertTrue(value(only, "balanced-accuracy") > 0.65, only.toString());
    }

    private static double value(List<Finding> findings, String name) {
        return findings.stream()
                .filter(f -> f.name().equals(name) || f.name().startsWith(name + "(")) // of the one attacker
                .findFirst()
                .orElseThrow(() -> new AssertionError(name + " is not among "
                        + findings.stream().map(Finding::name).toList()))
                .value();
    }

    @Test
    void forgottenUsersAreInNoClassAndNeitherMovedNorAttacked() {
        int[] of = HIDE.each(LEFT.train()).getFirst().of();
        for (int user : GONE) {
            assertEquals(-1, of[user]);
        }
        assertEquals(
                DATA.users() - GONE.length,
                Arrays.stream(of).filter(k -> k >= 0).count());
        UserRows served = (UserRows) forgotten.served();
        for (Method<Split, Recommender> method :
                List.of(new D2dR(), new U2uR(), new TransportMap(), new MeanMatching())) {
            UserRows hidden = (UserRows) method.fulfil(forgotten, HIDE, BPR, LEFT, ENV);
            int moved = 0;
            for (int u = 0; u < DATA.users(); u++) {
                moved += Arrays.equals(row(served, u), row(hidden, u)) ? 0 : 1;
            }
            assertEquals(DATA.users() - GONE.length, moved, method.toString());
            for (int user : GONE) {
                assertArrayEquals(row(served, user), row(hidden, user), method.toString());
            }
        }
    }

    private static float[] row(UserRows model, int user) {
        return Arrays.copyOfRange(model.userRows(), user * model.width(), (user + 1) * model.width());
    }

    @Test
    void shardsThatAnswerOneByOneAreRefusedInWords() {
        Recommender apart = new Sisa(3, 1, Sharded.Aggregate.OWN).learn(BPR, DATA, ENV);
        LetheException e = assertThrows(LetheException.class, () -> new D2dR().fulfil(apart, HIDE, BPR, DATA, ENV));
        assertEquals(
                "d2d-r needs a model with one table of user embeddings; shards that answer one by one have a table each",
                e.getMessage());
    }

    @Test
    void onlyForgottenUsersOfTheStudiesAreWithoutInteractions() throws IOException {
        DataFolders folders = RealData.folders();
        Set<DataSource<?>> sources = new LinkedHashSet<>();
        try (Stream<Path> files = Files.list(Path.of("../studies"))) {
            for (Path file :
                    files.filter(f -> f.toString().endsWith(".yaml")).sorted().toList()) {
                String study = Files.readString(file);
                if (study.contains("\nsubject: recsys\n")) {
                    sources.addAll(Study.parse(file.toString(), study, List.of(new Recsys()))
                            .data());
                }
            }
        }
        assertFalse(sources.isEmpty());
        for (DataSource<?> source : sources) {
            Interactions train = ((Split) source.load(folders)).train();
            int without = 0;
            for (int u = 0; u < train.users(); u++) {
                without += train.degree(u) == 0 ? 1 : 0;
            }
            assertEquals(0, without, source.toString());
        }
    }
}
