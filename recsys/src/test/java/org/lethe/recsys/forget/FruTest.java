package org.lethe.recsys.forget;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.Exactness;
import org.lethe.Ledger;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Ranking;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Recsys;
import org.lethe.recsys.Split;
import org.lethe.recsys.backbone.Bpr;
import org.lethe.recsys.backbone.FedMf;
import org.lethe.recsys.backbone.Federated;
import org.lethe.recsys.backbone.Federated.Round;
import org.lethe.recsys.backbone.Federated.Sent;
import org.lethe.recsys.data.Planted;
import org.lethe.recsys.stream.ErasureStream;

/** The checks of FRU (survey, 3.26). */
class FruTest {
    private static final FedMf SMALL = new FedMf(8, 12, 0.3, 5, 0.05, 0.1, 2, 0.5, 0.5, 0.5, 12);
    private static final Split DATA = new Planted(120, 60, 14, 1).load(new DataFolders(List.of()));
    private static final Env ENV = Env.seeded(1);

    private static Federated learned(FedMf learner) {
        return (Federated) new Fru().learn(learner, DATA, ENV);
    }

    private static Federated after(Fru fru, FedMf learner, String... users) {
        return (Federated) fru.fulfil(fru.learn(learner, DATA, ENV), ForgetUsers.listed(users), learner, DATA, ENV);
    }

    private static double[] mean(List<Sent> sent) {
        return Federated.mean(sent, DATA.items(), SMALL.dims());
    }

    @Test
    void learningWithAHistoryIsPlainTraining() {
        Embeddings plain = SMALL.train(DATA, ENV);
        Federated kept = learned(SMALL);
        assertArrayEquals(plain.userRows(), kept.tables().userRows());
        assertArrayEquals(plain.itemRows(), kept.tables().itemRows());
    }

    /** Where all is stored, the first table and the stored directions in their lengths are the table of items, bit by bit. */
    @Test
    void theStoredRoundsReproduceTheTableWhenAllRowsAreStored() {
        Federated model = learned(SMALL.withStored(1));
        float[] items = model.first().itemRows().clone();
        for (Round round : model.rounds()) {
            double[] change = Fru.stretched(mean(round.stored()), round.length());
            for (int n = 0; n < items.length; n++) {
                items[n] = (float) (items[n] + change[n]);
            }
            assertArrayEquals(round.after(), items);
        }
        assertArrayEquals(model.tables().itemRows(), items);
    }

    @Test
    void aClientWhoNeverTookPartLeavesEverythingAsItIs() {
        Federated model = learned(SMALL.withRounds(2));
        int user = IntStream.range(0, DATA.users())
                .filter(u ->
                        DATA.train().degree(u) > 0 && model.rounds().stream().noneMatch(round -> round.has(u)))
                .findFirst()
                .orElseThrow();
        Federated after = after(new Fru(), SMALL.withRounds(2), "" + user);
        assertArrayEquals(model.tables().itemRows(), after.tables().itemRows());
        assertArrayEquals(model.tables().userRows(), after.tables().userRows());
    }

    @Test
    void aNewChangeHasTheStoredLengthAndItsOwnDirection() {
        double[] change =
                IntStream.range(0, 1_000).mapToDouble(n -> Math.sin(n) / 3).toArray();
        double[] stretched = Fru.stretched(change, 7.25);
        assertEquals(7.25, Federated.length(stretched), 1e-12);
        assertEquals(change[3] / change[8], stretched[3] / stretched[8], 1e-12);
        assertArrayEquals(new double[4], Fru.stretched(new double[4], 7.25));
    }

    /** Each replayed round has the length of what the clients who stay sent before. */
    @Test
    void replayedRoundsHaveTheLengthsOfThoseWhoStay() {
        Federated before = learned(SMALL.withStored(1));
        Federated after = after(new Fru(0.2), SMALL.withStored(1), "3", "7", "11");
        assertEquals(before.rounds().size(), after.rounds().size());
        for (int t = 0; t < before.rounds().size(); t++) {
            List<Sent> others = before.rounds().get(t).stored().stream()
                    .filter(s -> s.user() != 3 && s.user() != 7 && s.user() != 11)
                    .toList();
            double length = Federated.length(mean(others));
            assertEquals(length, after.rounds().get(t).length(), 1e-12 * Math.max(1, length), "round " + t);
        }
    }

    @Test
    void nothingOfAClientIsLeftInTheHistoryAndItsRowIsTheFirstOne() {
        Federated before = learned(SMALL);
        Federated after = after(new Fru(), SMALL, "3");
        assertTrue(before.rounds().stream().anyMatch(round -> round.has(3)));
        assertTrue(after.rounds().stream().noneMatch(round -> round.has(3)));
        int dims = SMALL.dims();
        assertArrayEquals(
                Arrays.copyOfRange(SMALL.initial(DATA, ENV).userRows(), 3 * dims, 4 * dims),
                Arrays.copyOfRange(after.tables().userRows(), 3 * dims, 4 * dims));
        assertArrayEquals(after.tables().itemRows(), after.rounds().getLast().after());
    }

    @Test
    void roundsBeforeAClientFirstTookPartAreTheSameAndTheFirstOneHasTheOthers() {
        Federated before = learned(SMALL);
        int user = IntStream.range(0, DATA.users())
                .filter(u -> !before.rounds().get(0).has(u)
                        && !before.rounds().get(1).has(u)
                        && before.rounds().get(2).has(u))
                .findFirst()
                .orElseThrow();
        Ledger ledger = new Ledger();
        Federated after =
                (Federated) new Fru().fulfil(before, ForgetUsers.listed("" + user), SMALL, DATA, ENV.with(ledger));
        assertSame(before.rounds().get(0), after.rounds().get(0));
        assertSame(before.rounds().get(1), after.rounds().get(1));
        assertEquals(
                before.rounds().get(2).stored().size() - 1,
                after.rounds().get(2).stored().size());
        assertEquals(before.rounds().size() - 2, ledger.cost().count("rounds-replayed"));
    }

    /** λ = 1 and all stored: the same local training in other lengths, so near to retraining that it is nearer than before. */
    @Test
    void withAllEpochsAndAllRowsTheResultIsNearerToRetrainingThanTheModelBefore() {
        FedMf learner = SMALL.withStored(1);
        String[] users = IntStream.range(0, 24).mapToObj(u -> "" + 5 * u).toArray(String[]::new);
        Federated before = learned(learner);
        Federated after = after(new Fru(1), learner, users);
        Embeddings never = learner.train(ForgetUsers.listed(users).resolve(DATA).remaining(), ENV);
        double now = distance(after.tables(), never);
        double then = distance(before.tables(), never);
        assertTrue(now < then, now + " and before " + then);
    }

    private static double distance(Embeddings one, Embeddings other) {
        double sum = 0;
        for (int n = 0; n < one.itemRows().length; n++) {
            sum += Math.pow(one.itemRows()[n] - other.itemRows()[n], 2);
        }
        return Math.sqrt(sum);
    }

    /** {@code rounds · clients · stored · (1 + hard · negatives) · items of a client · C}, but for rounding up. */
    @Test
    void theBytesOfTheHistoryAreThoseOfTheFormula() {
        FedMf learner = new FedMf(8, 60, 0.3, 5, 0.05, 0.1, 2, 0.5, 1, 0.5, 12); // all items are near enough
        Federated model = learner.federated(withoutValidation(), ENV);
        long bytes = 0;
        double expected = 0;
        int each = 4 + 4 * learner.dims();
        for (int u = 0; u < DATA.users(); u++) {
            int user = u;
            int degree = DATA.train().degree(u);
            double items = (1 + learner.hard() * learner.negatives()) * degree;
            expected += learner.rounds() * learner.clients() * learner.stored() * items * each;
            long took = model.rounds().stream().filter(round -> round.has(user)).count();
            bytes += took * (long) Math.ceil(learner.stored() * items) * each;
        }
        assertEquals(bytes, model.bytes());
        assertEquals(1, model.bytes() / expected, 0.06);
    }

    private static Split withoutValidation() {
        return new Split(DATA.train(), DATA.validation().where((u, i) -> false), DATA.test());
    }

    @Test
    void aTenthOfTheLocalEpochsIsATenthOfTheWork() {
        FedMf learner = SMALL.withLocalEpochs(10);
        Ledger trained = new Ledger();
        Fru fru = new Fru();
        Recommender model = fru.learn(learner, withoutValidation(), ENV.with(trained));
        Ledger replayed = new Ledger();
        fru.fulfil(model, ForgetUsers.listed("0", "1", "2"), learner, withoutValidation(), ENV.with(replayed));
        double share = (double) replayed.cost().count("interactions-trained")
                / trained.cost().count("interactions-trained");
        assertTrue(share <= 0.1 && share > 0.05, "share " + share);
    }

    @Test
    void anotherRequestGoesOnFromTheRepairedHistory() {
        Fru fru = new Fru();
        Federated one = after(fru, SMALL, "3");
        Split left = ForgetUsers.listed("3").resolve(DATA).remaining();
        Federated two = (Federated) fru.fulfil(one, ForgetUsers.listed("8"), SMALL, left, ENV);
        assertFalse(two.rounds().stream().anyMatch(round -> round.has(3) || round.has(8)));
        assertEquals(one.rounds().size(), two.rounds().size());
        double quality = Ranking.mean(Ranking.test(two, left, 10, ENV.workers()).ndcgFull());
        assertTrue(quality > 0, "quality " + quality);
    }

    @Test
    void theHistoryIsKeptInAFileToTheLastBit(@TempDir Path folder) throws IOException {
        Federated model = after(new Fru(), SMALL, "3");
        Path file = folder.resolve("model.safetensors");
        new Recsys().save(model, Map.of(), file);
        Federated read = (Federated) new Recsys().load(file);
        Path again = folder.resolve("again.safetensors");
        new Recsys().save(read, Map.of(), again);
        assertArrayEquals(Files.readAllBytes(file), Files.readAllBytes(again));
        Federated next = (Federated) new Fru().fulfil(read, ForgetUsers.listed("8"), SMALL, DATA, ENV);
        Federated other = (Federated) new Fru().fulfil(model, ForgetUsers.listed("8"), SMALL, DATA, ENV);
        assertArrayEquals(other.tables().itemRows(), next.tables().itemRows());
    }

    @Test
    void requestsAboutAPartOfAClientAndOtherModelsAreRefused() {
        assertEquals(Exactness.APPROXIMATE, new Fru().exactness());
        assertEquals(
                "fru takes out clients who leave with all they did, as forget-users and streams of users or spam have it,"
                        + " not forget-items",
                new Fru().unsuited(new ForgetItems(), SMALL).orElseThrow());
        assertTrue(new Fru()
                .unsuited(new ErasureStream(ErasureStream.Kind.SENSITIVE, 3), SMALL)
                .orElseThrow()
                .endsWith("not a stream of a category"));
        assertTrue(new Fru().unsuited(new ErasureStream(), SMALL).isEmpty());
        assertEquals(
                "fru needs a model that clients train together, fed-mf, not bpr",
                new Fru().unsuited(new ForgetUsers(), new Bpr()).orElseThrow());
    }
}
