package org.lethe.recsys.neural.forget;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.Test;
import org.lethe.DataFolders;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.approximate.Vectors;
import org.lethe.recsys.neural.Fmc;
import org.lethe.recsys.neural.NetworkModel;
import org.lethe.recsys.sequence.Events;
import org.lethe.recsys.sequence.Events.Part;
import org.lethe.recsys.sequence.PlantedSessions;
import org.lethe.torch.Devices;

class RemovalTest {
    private static final Events DATA = new PlantedSessions(40, 3).load(new DataFolders(List.of()));

    /** The first session of at least four training clicks. */
    private static final int GROUP = IntStream.range(0, DATA.groupCount())
            .filter(g -> DATA.to(g) - DATA.from(g) >= 4 && DATA.part(DATA.from(g)) == Part.TRAIN)
            .findFirst()
            .orElseThrow();

    private static NetworkModel model() {
        Devices.ready(Device.CPU);
        try (var _ = new PointerScope()) {
            Fmc.Network network = new Fmc.Network(4);
            NetworkModel drawn =
                    NetworkModel.of("fmc", network, DATA.itemCount(), network.initial(DATA.itemCount(), Keyed.seed(1)));
            // a step of training, as rows begin at zero
            Removal removal = removal(drawn, DATA.from(GROUP));
            double[] gradient = removal.gradient(removal.sample(100, "some"), 1);
            removal.leaves.set(Vectors.plus(removal.leaves.values(), -0.1, gradient));
            return removal.model();
        }
    }

    private static Removal removal(NetworkModel model, int... events) {
        return new Removal(
                model,
                events,
                gone -> {
                    BitSet bits = new BitSet();
                    Arrays.stream(gone).forEach(bits::set);
                    return DATA.without(bits);
                },
                Env.seeded(3));
    }

    private static String words(List<Prefix> prefixes) {
        return prefixes.stream()
                .map(p -> Arrays.toString(p.history()) + p.next())
                .toList()
                .toString();
    }

    @Test
    void anErasedClickTakesAwayTheExamplesThatContainItAndMendsThoseAfterIt() {
        try (var _ = new PointerScope()) {
            Removal removal = removal(model(), DATA.from(GROUP) + 1);
            int[] s = DATA.basket(GROUP);
            List<Prefix> all = Removal.prefixes(DATA, GROUP, Part.TRAIN);
            assertEquals(words(all), words(removal.gone));
            assertEquals(words(all.subList(0, 2)), words(removal.unknown), "those that lead to it and from it");
            assertEquals(all.size() - 1, removal.mended.size());
            assertArrayEquals(new int[] {s[0]}, removal.mended.getFirst().history());
            assertEquals(s[2], removal.mended.getFirst().next());
        }
    }

    @Test
    void aSampleHoldsWholeSessionsOfOthersAndAtMostATenth() {
        try (var _ = new PointerScope()) {
            Removal removal = removal(model(), DATA.from(GROUP) + 1);
            int retained = removal.retained();
            assertEquals(removal.left.examples(Part.TRAIN).size(), retained);
            List<Prefix> sample = removal.sample(16, "sample");
            assertTrue(sample.size() >= Math.min(32, retained / 10) && sample.size() < retained / 10 + 10);
            sample.forEach(p -> assertTrue(DATA.user(p.event()) != DATA.userOf(GROUP)));
            Removal.Weighted whole = removal.representative(20, 20);
            assertEquals(retained, Arrays.stream(whole.weights()).sum(), 1e-9);
        }
    }

    @Test
    void theGradientIsThatOfTheLoss() {
        try (var _ = new PointerScope()) {
            Removal removal = removal(model(), DATA.from(GROUP) + 1);
            double[] v = removed(removal);
            double[] theta = removal.leaves.values();
            double[] way = direction(theta.length, "way", 1e-6);
            removal.leaves.set(Vectors.plus(theta, 1, way));
            double up = lost(removal);
            removal.leaves.set(Vectors.plus(theta, -1, way));
            assertEquals(up - lost(removal), 2 * Vectors.dot(v, way), 1e-5 * Math.abs(up - lost(removal)));
        }
    }

    private static double[] removed(Removal removal) {
        return Influence.removed(removal);
    }

    private static double lost(Removal removal) {
        return Arrays.stream(removal.losses(removal.gone)).sum()
                - Arrays.stream(removal.losses(removal.mended)).sum();
    }

    private static double[] direction(int size, String purpose, double scale) {
        Keyed random = Keyed.seed(5).of(purpose);
        return IntStream.range(0, size)
                .mapToDouble(n -> scale * Keyed.normal(random.at(n)))
                .toArray();
    }

    /** Logits are linear in the rows that score, so that the Hessian of these rows is the Gauss-Newton one. */
    @Test
    void productsAreSymmetricPositiveAndThoseOfTheHessianWhereLogitsAreLinear() {
        try (var _ = new PointerScope()) {
            Removal removal = removal(model(), DATA.from(GROUP) + 1);
            Removal.Weighted sample = removal.representative(20, 20);
            Curvature hessian = new Curvature(removal, sample);
            double[] u = direction(removal.leaves.size(), "u", 1);
            double[] v = direction(removal.leaves.size(), "v", 1);
            double uv = Vectors.dot(u, hessian.apply(v));
            assertEquals(uv, Vectors.dot(v, hessian.apply(u)), 1e-9 * Math.abs(uv));
            assertTrue(Vectors.dot(v, hessian.apply(v)) > 0);
            boolean[] scores = removal.leaves.within("next");
            for (int n = 0; n < v.length; n++) {
                v[n] = scores[n] ? v[n] : 0;
            }
            double[] product = hessian.apply(v);
            double[] theta = removal.leaves.values();
            removal.leaves.set(Vectors.plus(theta, 1e-5, v));
            double[] up = removal.gradient(sample.prefixes(), sample.weights());
            removal.leaves.set(Vectors.plus(theta, -1e-5, v));
            double[] down = removal.gradient(sample.prefixes(), sample.weights());
            for (int n = 0; n < v.length; n++) {
                if (scores[n]) {
                    assertEquals((up[n] - down[n]) / 2e-5, product[n], 1e-6);
                }
            }
        }
    }

    /** erase 5.11: rows of other items keep their bits, and so does a row that is read whatever the erased labels were. */
    @Test
    void refittedRowsAreThoseOfErasedExamplesAlone() {
        NetworkModel before = model();
        int[] one = {DATA.from(GROUP) + 1, DATA.from(GROUP) + 2};
        try (var _ = new PointerScope()) {
            Removal removal = removal(before, one);
            double[] theta = removal.leaves.values();
            new RowRefit(0.5, 0, true, RowRefit.Choice.HELD_OUT).move(removal);
            double[] after = removal.leaves.values();
            boolean[] touched = removal.touchedRows();
            int moved = 0;
            for (int n = 0; n < theta.length; n++) {
                assertTrue(touched[n] || after[n] == theta[n]);
                moved += after[n] == theta[n] ? 0 : 1;
            }
            assertTrue(moved > 20, moved + " entries moved");
        }
    }
}
