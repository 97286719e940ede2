package org.lethe.federated.forget;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.Case;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.LetheException;
import org.lethe.Verdict;
import org.lethe.federated.Classifier;
import org.lethe.federated.Federated;
import org.lethe.federated.Federation;
import org.lethe.federated.Local;
import org.lethe.federated.LogisticRegression;
import org.lethe.federated.Mlp;
import org.lethe.federated.PlantedSites;
import org.lethe.federated.Records;
import org.lethe.federated.Sites;
import org.lethe.federated.balance.BalanceSites;
import org.lethe.federated.balance.FedAvg;

class ForgetClientsTest {
    private static final DataFolders NONE = new DataFolders(List.of());
    private static final Sites DATA =
            new PlantedSites(6, 200, 5, 1.5, 0.8, 1).withContrary(1).load(NONE);
    private static final LogisticRegression LEARNER = new LogisticRegression()
            .withLocal(new Local(64, 0.05, 0, Local.Memory.AUTO))
            .withFederation(new Federation(6, 20, 1, 1));
    private static final ForgetClients LAST = new ForgetClients();

    private static Classifier fulfilled(Forgetting method, ForgetClients request, Sites data) {
        Classifier before = method.learn(LEARNER, data, Env.seeded(3));
        return method.fulfil(before, request, LEARNER, data, Env.seeded(3));
    }

    /** The same data with other records of the last client: its labels turned round, its values moved. */
    private static Sites withOtherRecordsOfTheLast() {
        Records train = DATA.train();
        byte[] labels = train.labels().clone();
        float[] values = train.values().clone();
        for (int record : DATA.clients().getLast().train()) {
            labels[record] = (byte) (1 - labels[record]);
            values[train.starts()[record]] += 3;
        }
        Records other =
                new Records(train.features(), train.starts(), train.columns(), values, labels, train.attributes());
        return new Sites(DATA.features(), other, DATA.test(), DATA.clients());
    }

    private static Finding finding(List<Finding> findings, String name) {
        return findings.stream().filter(f -> f.name().equals(name)).findFirst().orElseThrow();
    }

    private static List<Finding> influence(Sites data, Classifier before, Classifier after, Classifier reference) {
        return new ClientInfluence()
                .examine(
                        new Case<>(data, new Federated().remaining(LAST, data), LAST, before, after, reference),
                        Env.seeded(1));
    }

    @Test
    void whatRemainsHoldsTheRecordsOfTheOthersAlone() {
        ForgetClients.Forgotten forgotten =
                ForgetClients.named("client 1", "client 4").resolve(DATA);
        Sites remaining = forgotten.remaining();
        assertEquals(
                List.of("client 0", "client 2", "client 3", "client 5"),
                remaining.clients().stream().map(Sites.Client::name).toList());
        assertEquals(4 * 200, remaining.train().size());
        assertEquals(4 * 100, remaining.test().size());
        int second = remaining.clients().get(1).train()[7];
        int was = DATA.clients().get(2).train()[7];
        assertEquals(DATA.train().labels()[was], remaining.train().labels()[second]);
        assertEquals(
                DATA.train().values()[DATA.train().starts()[was]],
                remaining.train().values()[remaining.train().starts()[second]]);
        assertEquals(
                DATA.train().attribute(PlantedSites.GROUP).of()[was],
                remaining.train().attribute(PlantedSites.GROUP).of()[second]);
    }

    @Test
    void exactMethodsDoNotDependOnTheRecordsOfTheClientThatLeft() {
        Sites other = withOtherRecordsOfTheLast();
        for (Forgetting exact : List.of(new Retrain(), new Sisa(), new Sisa(3), new Sisa(6))) {
            assertNotEquals(
                    Arrays.hashCode(exact.learn(LEARNER, DATA, Env.seeded(3)).scores(DATA.test())),
                    Arrays.hashCode(exact.learn(LEARNER, other, Env.seeded(3)).scores(DATA.test())),
                    exact + " learned nothing of it");
            assertArrayEquals(
                    fulfilled(exact, LAST, DATA).scores(DATA.test()),
                    fulfilled(exact, LAST, other).scores(DATA.test()),
                    exact.toString());
        }
        assertNotEquals(
                Arrays.hashCode(fulfilled(new FineTune(), LAST, DATA).weights()),
                Arrays.hashCode(fulfilled(new FineTune(), LAST, other).weights()));
    }

    @Test
    void onlyTheShardOfTheClientIsTrainedAgain() {
        Sisa sisa = new Sisa(3);
        Classifier before = sisa.learn(LEARNER, DATA, Env.seeded(3));
        Classifier after = sisa.fulfil(before, LAST, LEARNER, DATA, Env.seeded(3));
        int touched = 0;
        for (int s = 0; s < 3; s++) {
            if (before.shards().get(s).clients().contains("client 5")) {
                touched++;
                assertEquals(1, after.shards().get(s).clients().size());
                assertEquals(200, after.shards().get(s).records());
            } else {
                assertSame(before.shards().get(s), after.shards().get(s));
            }
        }
        assertEquals(1, touched);
    }

    @Test
    void requestsOneAfterTheOtherComeToTheSameAsTogether() {
        Sisa sisa = new Sisa(2);
        Classifier before = sisa.learn(LEARNER, DATA, Env.seeded(3));
        ForgetClients first = ForgetClients.named("client 2");
        Classifier one = sisa.fulfil(before, first, LEARNER, DATA, Env.seeded(3));
        Sites left = first.resolve(DATA).remaining();
        Classifier both = sisa.fulfil(one, ForgetClients.named("client 0"), LEARNER, left, Env.seeded(3));
        Classifier together =
                sisa.fulfil(before, ForgetClients.named("client 0", "client 2"), LEARNER, DATA, Env.seeded(3));
        assertArrayEquals(together.scores(DATA.test()), both.scores(DATA.test()));
    }

    @Test
    void oneShardIsPlainTraining() {
        assertArrayEquals(
                LEARNER.train(DATA, Env.seeded(3)).scores(DATA.test()),
                new Sisa(1).learn(LEARNER, DATA, Env.seeded(3)).scores(DATA.test()));
    }

    @Test
    void aShardThatEveryoneLeftHasNoSay() {
        Classifier after = fulfilled(new Sisa(6), LAST, DATA);
        assertEquals(
                1, after.shards().stream().filter(s -> s.clients().isEmpty()).count());
        for (float score : after.scores(DATA.test())) {
            assertTrue(score >= 0 && score <= 1, "score " + score);
        }
    }

    @Test
    void theNameOfTheClientLeavesTheFileToo(@TempDir Path folder) throws IOException {
        Sisa sisa = new Sisa();
        Classifier before = sisa.learn(LEARNER, DATA, Env.seeded(3));
        Classifier after = sisa.fulfil(before, LAST, LEARNER, DATA, Env.seeded(3));
        Path file = folder.resolve("after.safetensors");
        Federated federated = new Federated();
        federated.save(before, Map.of(), file);
        assertTrue(Files.readString(file, StandardCharsets.ISO_8859_1).contains("client 5"));
        federated.save(after, Map.of(), file);
        assertFalse(Files.readString(file, StandardCharsets.ISO_8859_1).contains("client 5"));
        Classifier read = federated.load(file);
        assertArrayEquals(after.scores(DATA.test()), read.scores(DATA.test()));
        assertEquals(
                after.shards().stream().map(Classifier.Shard::clients).toList(),
                read.shards().stream().map(Classifier.Shard::clients).toList());
    }

    @Test
    void theInfluenceOfAContraryClientIsFoundBeforeAndGoneAfterwards() {
        Classifier before = LEARNER.train(DATA, Env.seeded(3));
        Classifier retrained = new Retrain().fulfil(before, LAST, LEARNER, DATA, Env.seeded(3));
        List<Finding> untouched = influence(DATA, before, before, retrained);
        List<Finding> after = influence(DATA, before, retrained, retrained);
        assertInstanceOf(
                Verdict.Fail.class,
                finding(untouched, "client-log-loss").verdict().orElseThrow());
        assertInstanceOf(
                Verdict.Pass.class, finding(after, "client-log-loss").verdict().orElseThrow());
        assertEquals(0, finding(after, "score-distance").value());
        assertEquals(1, finding(untouched, "parameter-distance").value(), 1e-12);
        assertTrue(finding(after, "client-log-loss").value()
                > finding(untouched, "client-log-loss").value() + 0.2);
    }

    @Test
    void aClientLikeAllOthersHasNoInfluenceThatIsFound() {
        Sites alike = new PlantedSites(6, 200, 5, 0, 0.5, 1).load(NONE);
        Classifier before = LEARNER.train(alike, Env.seeded(3));
        Classifier retrained = new Retrain().fulfil(before, LAST, LEARNER, alike, Env.seeded(3));
        assertInstanceOf(
                Verdict.Undecided.class,
                finding(influence(alike, before, before, retrained), "client-log-loss")
                        .verdict()
                        .orElseThrow());
    }

    @Test
    void recordsLearntByHeartAreToldFromTestRecordsUntilTheClientIsForgotten() {
        Sites few = new PlantedSites(4, 80, 150, 1.5, 0.8, 1).load(NONE);
        Mlp mlp = new Mlp(16, 0, new Local(80, 0.01, 0, Local.Memory.AUTO), new Federation(4, 60, 1, 1));
        Classifier before = mlp.train(few, Env.seeded(3));
        Classifier retrained = new Retrain().fulfil(before, LAST, mlp, few, Env.seeded(3));
        List<Finding> untouched = influence(few, before, before, retrained);
        assertTrue(finding(untouched, "membership-auc").value() > 0.65, untouched.toString());
        assertInstanceOf(
                Verdict.Fail.class,
                finding(untouched, "membership-auc").verdict().orElseThrow());
        assertTrue(finding(untouched, "membership-auc-reference")
                .interval()
                .orElseThrow()
                .contains(0.5));
    }

    @Test
    void nothingAskedForChangesNothing() {
        for (Forgetting method : List.of(new Retrain(), new Sisa(), new FineTune())) {
            Classifier before = method.learn(LEARNER, DATA, Env.seeded(3));
            assertSame(before, method.fulfil(before, ForgetClients.last(0), LEARNER, DATA, Env.seeded(3)));
        }
    }

    @Test
    void requestsThatCannotBeMetSayWhy() {
        assertRefused(
                "did you mean \"client 1\"?",
                () -> ForgetClients.named("cient 1").resolve(DATA));
        assertRefused("selects all 6 clients", () -> ForgetClients.last(6).resolve(DATA));
        assertRefused(
                "count is 7, expected at most 6",
                () -> ForgetClients.random(7, 1).resolve(DATA));
        assertRefused(
                "expected at most 6, the number of clients", () -> new Sisa(7).learn(LEARNER, DATA, Env.seeded(3)));
        Classifier plain = LEARNER.train(DATA, Env.seeded(3));
        assertRefused("and the model before has 0", () -> new Sisa().fulfil(plain, LAST, LEARNER, DATA, Env.seeded(3)));
        Classifier shards = new Sisa().learn(LEARNER, DATA, Env.seeded(3));
        assertRefused(
                "2 shards with weights of their own",
                () -> new FedAvg().fulfil(shards, BalanceSites.by(PlantedSites.GROUP), LEARNER, DATA, Env.seeded(3)));
        assertRefused(
                "the model before has shards", () -> new FineTune().fulfil(shards, LAST, LEARNER, DATA, Env.seeded(3)));
        assertTrue(new Sisa().unsuited(new BalanceSites(), LEARNER).isPresent());
        assertTrue(new FedAvg().unsuited(LAST, LEARNER).isPresent());
    }

    private static void assertRefused(String why, org.junit.jupiter.api.function.Executable done) {
        String said = assertThrows(LetheException.class, done).getMessage();
        assertTrue(said.contains(why), said);
    }
}
