package org.lethe.recsys.neural.forget;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.Exactness;
import org.lethe.Ledger;
import org.lethe.Safetensors;
import org.lethe.recsys.neural.Fmc;
import org.lethe.recsys.neural.Gru4Rec;
import org.lethe.recsys.neural.Narm;
import org.lethe.recsys.neural.NetworkLearner;
import org.lethe.recsys.neural.NetworkModel;
import org.lethe.recsys.neural.SasRec;
import org.lethe.recsys.neural.SessionShards;
import org.lethe.recsys.neural.forget.Sru.Extra;
import org.lethe.recsys.neural.forget.Sru.Grouping;
import org.lethe.recsys.sequence.Events;
import org.lethe.recsys.sequence.Events.Example;
import org.lethe.recsys.sequence.Events.Part;
import org.lethe.recsys.sequence.NextItems;
import org.lethe.recsys.sequence.PlantedSessions;
import org.lethe.recsys.sequence.VmisKnn;
import org.lethe.recsys.stream.ErasureStream;
import org.lethe.recsys.stream.ErasureStream.Kind;
import org.lethe.recsys.stream.StoredSequenceModels;
import org.lethe.recsys.stream.StreamedSequences;

/** The checks of SRU (survey, 3.24), and its promises. */
class SruTest {
    private static final Events DATA = new PlantedSessions(60, 3).load(new DataFolders(List.of()));
    private static final Env ENV = Env.seeded(1);
    private static final Fmc QUICK = new Fmc(4, 2, 64, 0.01, 10);
    private static final List<NetworkLearner> NETWORKS = List.of(
            QUICK,
            new Gru4Rec(4, 5, 0.1, 1, 64, 0.01, 10),
            new SasRec(4, 5, 1, 2, 0.1, 1, 64, 0.01, 10),
            new Narm(4, 5, 0.1, 0.1, 1, 64, 0.01, 10));

    private static Sru sru(int shards, Grouping grouping, Extra extra, int more, int epochs) {
        return new Sru(shards, grouping, extra, more, epochs, 0.01);
    }

    private static Sru plain(int shards, Grouping grouping) {
        return sru(shards, grouping, Extra.COLLABORATIVE, 0, 2);
    }

    private static SessionShards learned(Sru sru, NetworkLearner learner, Events data) {
        return (SessionShards) sru.learn(learner, data, ENV);
    }

    private static Function<int[], Events> remaining(Events data) {
        return events -> {
            BitSet gone = new BitSet();
            Arrays.stream(events).forEach(gone::set);
            return data.without(gone);
        };
    }

    private static SessionShards erased(Sru sru, NextItems model, NetworkLearner learner, int... events) {
        return (SessionShards) sru.erase(model, events, remaining(DATA), learner, Env.seeded(99));
    }

    /** All training events of a user. */
    private static int[] all(int user) {
        return IntStream.range(DATA.from(DATA.firstGroup(user)), DATA.to(DATA.endOfGroups(user) - 1))
                .filter(DATA::holds)
                .toArray();
    }

    /** A training click with at least four clicks in its session. */
    private static int click() {
        return IntStream.range(0, DATA.size())
                .filter(e -> DATA.trains(e)
                        && e == DATA.from(DATA.group(e)) + 1
                        && DATA.to(DATA.group(e)) - DATA.from(DATA.group(e)) >= 5)
                .findFirst()
                .orElseThrow();
    }

    private static void same(NextItems expected, NextItems actual, String where) {
        assertEquals(expected.tensors().keySet(), actual.tensors().keySet());
        expected.tensors().forEach((name, tensor) -> {
            Safetensors.Tensor other = actual.tensors().get(name);
            assertTrue(other != null && tensor.data().mismatch(other.data()) == -1, where + ": " + name);
        });
    }

    /** With random shards the result has the bits of learning without the events, attention and centroids included. */
    @Test
    void randomShardsForgetExactlyInEveryNetwork() {
        Sru sru = plain(3, Grouping.RANDOM);
        assertEquals(Exactness.EXACT, sru.exactness());
        for (NetworkLearner learner : NETWORKS) {
            SessionShards before = learned(sru, learner, DATA);
            for (int[] events : List.of(all(4), all(17), new int[] {click()})) {
                SessionShards never = learned(sru, learner, remaining(DATA).apply(events));
                same(never, erased(sru, before, learner, events), learner + " " + events.length);
            }
        }
    }

    @Test
    void similarShardsAreExactGivenThePartitionAndOthersAreTheVeryObjects() {
        Sru sru = plain(4, Grouping.SIMILAR);
        assertEquals(Exactness.EXACT_GIVEN_PARTITION, sru.exactness());
        SessionShards before = learned(sru, QUICK, DATA);
        int[] events = {click()};
        int own = before.shardOf()[DATA.group(events[0])];
        Ledger ledger = new Ledger();
        SessionShards after = (SessionShards)
                sru.erase(before, events, remaining(DATA), QUICK, Env.seeded(99).with(ledger));
        assertEquals(1, ledger.cost().count("shards-touched"));
        for (int s = 0; s < 4; s++) {
            if (s == own) {
                assertNotSame(before.networks().get(s), after.networks().get(s));
                Events part = SessionShards.part(remaining(DATA).apply(events), g -> before.shardOf()[g] == own);
                same(QUICK.train(part, ENV), after.networks().get(s), "the shard alone");
            } else {
                assertSame(before.networks().get(s), after.networks().get(s));
            }
        }
    }

    @Test
    void oneShardIsPlainTraining() {
        for (NetworkLearner learner : NETWORKS) {
            NetworkModel alone = learner.train(DATA, ENV);
            SessionShards one = learned(plain(1, Grouping.SIMILAR), learner, DATA);
            same(alone, one.networks().getFirst(), learner.toString());
            Example example = DATA.examples(Part.TEST).getFirst();
            double[] left = new double[DATA.itemCount()];
            double[] right = new double[DATA.itemCount()];
            alone.scores(example, left);
            one.scores(example, right);
            assertArrayEquals(left, right);
        }
    }

    /** Before it is trained, the attention is the mean of the shards' logits. */
    @Test
    void withoutEpochsTheAttentionIsTheMeanOfTheLogits() {
        SessionShards shards = learned(sru(3, Grouping.RANDOM, Extra.RANDOM, 0, 0), QUICK, DATA);
        Example example = DATA.examples(Part.TEST).getFirst();
        double[] mean = new double[DATA.itemCount()];
        double[] one = new double[DATA.itemCount()];
        for (NetworkModel network : shards.networks()) {
            network.scores(example, one);
            for (int i = 0; i < one.length; i++) {
                mean[i] += one[i] / 3;
            }
        }
        shards.scores(example, one);
        assertArrayEquals(mean, one, 1e-6);
    }

    @Test
    void everySessionIsInOneShardAndNoShardIsFullerThanItsCapacity() {
        SessionShards shards = learned(plain(4, Grouping.SIMILAR), QUICK, DATA);
        int[] trained = SessionShards.trained(DATA);
        int[] sizes = new int[4];
        Arrays.stream(trained).forEach(g -> sizes[shards.shardOf()[g]]++);
        assertEquals(trained.length, Arrays.stream(sizes).sum());
        assertTrue(Arrays.stream(sizes).allMatch(size -> size <= trained.length / 4 + 5), Arrays.toString(sizes));
    }

    /** Centroids are vectors: sessions of two kinds whose states have the same mean coordinate stand apart. */
    @Test
    void sessionsOfOneKindStandTogether() {
        NetworkModel placed = new Fmc(2, 1, 64, 0.01, 1).train(DATA, ENV);
        float[] rows = new float[DATA.itemCount() * 2];
        for (int i = 0; i < DATA.itemCount(); i++) {
            rows[2 * i + i % 2] = 1 + i / 1e4f; // (1, 0) or (0, 1)
        }
        Map<String, Safetensors.Tensor> tensors = new TreeMap<>(placed.tensors());
        tensors.put("last", Safetensors.Tensor.of(rows, DATA.itemCount(), 2));
        NetworkModel model = new NetworkModel("fmc", placed.network(), DATA.itemCount(), tensors);
        int[][] sessions = IntStream.range(0, 80).mapToObj(n -> new int[] {n}).toArray(int[][]::new);
        int[] shardOf = plain(2, Grouping.SIMILAR).alike(model, sessions, ENV);
        for (int n = 2; n < 80; n++) {
            assertEquals(shardOf[n % 2], shardOf[n], "session " + n);
        }
        assertTrue(shardOf[0] != shardOf[1]);
    }

    @Test
    void nothingMoreGoesUnlessAskedAndThenSoManyClicksOfTheSameSession() {
        int event = click();
        int group = DATA.group(event);
        for (Extra extra : Extra.values()) {
            for (int more : new int[] {0, 1, 2, 100}) {
                Sru sru = sru(3, Grouping.RANDOM, extra, more, 0);
                SessionShards before = learned(sru, QUICK, DATA);
                SessionShards after = erased(sru, before, QUICK, event);
                int able = DATA.to(group) - DATA.from(group) - 1;
                assertEquals(Math.min(more, able), after.alsoErased().cardinality(), sru.toString());
                assertTrue(after.alsoErased().stream().allMatch(e -> DATA.group(e) == group && e != event));
                assertEquals(more == 0, sru.exactness() == Exactness.EXACT);
                if (extra == Extra.NEIGHBOUR && more == 2) {
                    assertEquals(Set.of(event - 1, event + 1), set(after.alsoErased()));
                }
            }
        }
    }

    private static Set<Integer> set(BitSet events) {
        return new TreeSet<>(events.stream().boxed().toList());
    }

    /** The model is that of data without the erased click and without what went with it, and it stays so in later requests. */
    @Test
    void whatWentWithAnErasedClickIsNeverLearnedAgain() {
        Sru sru = sru(3, Grouping.RANDOM, Extra.NEIGHBOUR, 2, 2);
        SessionShards before = learned(sru, QUICK, DATA);
        int event = click();
        SessionShards one = erased(sru, before, QUICK, event);
        int user = IntStream.range(0, 60)
                .filter(u -> u != DATA.user(event)
                        && Arrays.stream(all(u))
                                .anyMatch(e -> DATA.trains(e)
                                        && before.shardOf()[DATA.group(e)] == before.shardOf()[DATA.group(event)]))
                .findFirst()
                .orElseThrow();
        SessionShards two = (SessionShards) sru.erase(
                one,
                all(user),
                events -> remaining(remaining(DATA).apply(new int[] {event})).apply(events),
                QUICK,
                Env.seeded(98));
        BitSet gone = one.alsoErased();
        gone.set(event);
        Arrays.stream(all(user)).forEach(gone::set);
        SessionShards never = learned(sru, QUICK, DATA.without(gone));
        assertEquals(one.alsoErased(), two.alsoErased());
        for (int s = 0; s < 3; s++) {
            same(never.networks().get(s), two.networks().get(s), "shard " + s);
        }
    }

    @Test
    void aShardWithoutSessionsHasNoSay() {
        Sru sru = plain(3, Grouping.RANDOM);
        SessionShards before = learned(sru, QUICK, DATA);
        int[] ofShard = IntStream.range(0, DATA.size())
                .filter(e -> DATA.holds(e) && before.shardOf()[DATA.group(e)] == 1)
                .toArray();
        SessionShards after = erased(sru, before, QUICK, ofShard);
        Example example = DATA.examples(Part.TEST).getFirst();
        double[] scores = new double[DATA.itemCount()];
        after.scores(example, scores);
        assertTrue(Arrays.stream(scores).allMatch(Double::isFinite));
        assertTrue(after.finite());
        same(learned(sru, QUICK, remaining(DATA).apply(ofShard)), after, "an empty shard");
    }

    @Test
    void aStreamServesRequestsAndItsModelsAreKeptToTheLastBit(@TempDir Path folder) throws IOException {
        Sru sru = sru(3, Grouping.SIMILAR, Extra.COLLABORATIVE, 1, 1);
        ErasureStream stream = new ErasureStream(Kind.USERS, "", 4, List.of(2), 0, 0, 42);
        Ledger ledger = new Ledger();
        StreamedSequences after =
                (StreamedSequences) sru.fulfil(sru.learn(QUICK, DATA, ENV), stream, QUICK, DATA, ENV.with(ledger));
        assertEquals(4, ledger.cost().count("served"));
        assertTrue(ledger.cost().count("shards-touched") >= 4);
        Path file = folder.resolve("model.safetensors");
        StoredSequenceModels.save(after, Map.of(), file);
        same(after, StoredSequenceModels.load(file), "the file");
    }

    /** A result that came too late is thrown away where it is not exact, and the replay is in shards again. */
    @Test
    void aReplayLearnsInShards() {
        Sru sru = sru(3, Grouping.RANDOM, Extra.NEIGHBOUR, 1, 0);
        ErasureStream hurried = new ErasureStream(Kind.USERS, "", 2, List.of(), 1e-9, 0, 42);
        StreamedSequences after =
                (StreamedSequences) sru.fulfil(sru.learn(QUICK, DATA, ENV), hurried, QUICK, DATA, ENV);
        same(learned(sru, QUICK, hurried.on(DATA).after(2, DATA)), after.last(), "replayed");
    }

    @Test
    void modelsThatAreNoNetworksAndOtherShardsAreRefused() {
        String why = new Sru().unsuited(new ErasureStream(), new VmisKnn()).orElseThrow();
        assertEquals("sru needs a model that is a network, for example fmc, not vmis-knn", why);
        assertTrue(new Sru().unsuited(new ErasureStream(), QUICK).isEmpty());
    }
}
