package org.lethe.recsys;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.lethe.LetheException;
import org.lethe.Workers;
import org.lethe.numerics.Lanes;

/** Scores all items for a block of users and offers them to the users' lists, in ascending order. */
sealed interface TopItems extends AutoCloseable {
    /** Fills empty lists. Called by many threads at once, each with lists of its own. */
    void fill(Shortlist[] lists);

    @Override
    default void close() {}

    /** The fastest way for a model on this machine. */
    static TopItems of(Recommender model, Workers workers) {
        if (model instanceof Embeddings tables) {
            requireFinite(tables.userRows(), tables.dims(), "user");
            requireFinite(tables.itemRows(), tables.dims(), "item");
            if (Lanes.VECTOR) {
                return new Tiled(tables, workers);
            }
        }
        return new AsScored(model);
    }

    private static void requireFinite(float[] rows, int dims, String what) {
        for (int n = 0; n < rows.length; n++) {
            if (!Float.isFinite(rows[n])) {
                throw new LetheException(
                        LetheException.Code.NUMERIC,
                        "ranking: the row of " + what + " " + n / dims + " holds " + rows[n]
                                + ", expected finite numbers");
            }
        }
    }

    /** Any recommender, a few users at a time; for two tables the scalar reference of {@link Tiled}. */
    record AsScored(Recommender model) implements TopItems {
        private static final int MOST = 1 << 20; // scores held at a time

        @Override
        public void fill(Shortlist[] lists) {
            int items = model.items();
            int each = Math.clamp(MOST / Math.max(1, items), 1, lists.length);
            float[] scores = new float[each * items];
            for (int from = 0; from < lists.length; from += each) {
                int[] users = new int[Math.min(each, lists.length - from)];
                for (int n = 0; n < users.length; n++) {
                    users[n] = lists[from + n].user();
                }
                model.scores(users, scores);
                for (int n = 0; n < users.length; n++) {
                    for (int i = 0; i < items; i++) {
                        if (Float.isNaN(scores[n * items + i])) {
                            throw new LetheException(
                                    LetheException.Code.NUMERIC,
                                    "ranking: the score of user " + users[n] + " and item " + i + " is NaN");
                        }
                    }
                    lists[from + n].offer(0, scores, n * items, items);
                }
            }
        }
    }

    /**
     * Two tables, in tiles of 4 users × 64 items.
     *
     * <p>Items are packed in panels of 64, dimension by dimension, so that lanes are items and a score is the same chain of
     * fused multiply-adds as in {@link Embeddings#score}. A panel stays in the first cache while a block of users passes.
     * A tile leaves the registers only for users of whom some score exceeds what their list asks for.
     */
    final class Tiled implements TopItems {
        private static final VectorSpecies<Float> S = FloatVector.SPECIES_512;
        private static final int ITEMS = 64;
        private static final int USERS = 4;

        private final Embeddings tables;
        private final int panels;
        private final Arena arena = Arena.ofShared();
        private final MemorySegment pack; // [panels, dims, 64], aligned: a load never crosses a cache line

        Tiled(Embeddings tables, Workers workers) {
            this.tables = tables;
            this.panels = (tables.items() + ITEMS - 1) / ITEMS;
            this.pack = arena.allocate(4L * panels * tables.dims() * ITEMS, 64);
            workers.each(panels, this::packPanel);
        }

        private void packPanel(int panel) {
            int dims = tables.dims();
            float[] rows = tables.itemRows();
            int first = panel * ITEMS;
            int count = Math.min(ITEMS, tables.items() - first);
            float[] buffer = new float[dims * ITEMS];
            for (int n = 0; n < count; n++) {
                for (int d = 0; d < dims; d++) {
                    buffer[d * ITEMS + n] = rows[(first + n) * dims + d];
                }
            }
            MemorySegment.copy(buffer, 0, pack, ValueLayout.JAVA_FLOAT, 4L * panel * buffer.length, buffer.length);
        }

        @Override
        public void fill(Shortlist[] lists) {
            int dims = tables.dims();
            int padded = (lists.length + USERS - 1) / USERS * USERS;
            float[] rows = new float[padded * dims];
            float[] thresholds = new float[padded];
            Arrays.fill(thresholds, Float.POSITIVE_INFINITY);
            for (int n = 0; n < lists.length; n++) {
                System.arraycopy(tables.userRows(), lists[n].user() * dims, rows, n * dims, dims);
                thresholds[n] = lists[n].threshold();
            }
            float[] scores = new float[USERS * ITEMS];
            for (int panel = 0; panel < panels; panel++) {
                int first = panel * ITEMS;
                int count = Math.min(ITEMS, tables.items() - first);
                long at = 4L * panel * dims * ITEMS;
                for (int n = 0; n < padded; n += USERS) {
                    int found = tile(pack, at, rows, n * dims, dims, thresholds, n, scores);
                    for (; found != 0; found &= found - 1) {
                        int user = Integer.numberOfTrailingZeros(found);
                        Shortlist list = lists[n + user];
                        list.offer(first, scores, user * ITEMS, count);
                        thresholds[n + user] = list.threshold();
                    }
                }
            }
        }

        @Override
        public void close() {
            arena.close();
        }

        /** Scores 4 users × 64 items; a bit says that some score of a user exceeds the threshold and all 64 are stored. */
        private static int tile(
                MemorySegment pack, long at, float[] rows, int row, int dims, float[] thresholds, int t, float[] into) {
            FloatVector a0 = FloatVector.zero(S), a1 = a0, a2 = a0, a3 = a0;
            FloatVector b0 = a0, b1 = a0, b2 = a0, b3 = a0;
            FloatVector c0 = a0, c1 = a0, c2 = a0, c3 = a0;
            FloatVector d0 = a0, d1 = a0, d2 = a0, d3 = a0;
            for (int k = 0; k < dims; k++) {
                long p = at + 256L * k;
                FloatVector q0 = FloatVector.fromMemorySegment(S, pack, p, ByteOrder.nativeOrder());
                FloatVector q1 = FloatVector.fromMemorySegment(S, pack, p + 64, ByteOrder.nativeOrder());
                FloatVector q2 = FloatVector.fromMemorySegment(S, pack, p + 128, ByteOrder.nativeOrder());
                FloatVector q3 = FloatVector.fromMemorySegment(S, pack, p + 192, ByteOrder.nativeOrder());
                FloatVector u = FloatVector.broadcast(S, rows[row + k]);
                a0 = u.fma(q0, a0);
                a1 = u.fma(q1, a1);
                a2 = u.fma(q2, a2);
                a3 = u.fma(q3, a3);
                FloatVector v = FloatVector.broadcast(S, rows[row + dims + k]);
                b0 = v.fma(q0, b0);
                b1 = v.fma(q1, b1);
                b2 = v.fma(q2, b2);
                b3 = v.fma(q3, b3);
                FloatVector w = FloatVector.broadcast(S, rows[row + 2 * dims + k]);
                c0 = w.fma(q0, c0);
                c1 = w.fma(q1, c1);
                c2 = w.fma(q2, c2);
                c3 = w.fma(q3, c3);
                FloatVector x = FloatVector.broadcast(S, rows[row + 3 * dims + k]);
                d0 = x.fma(q0, d0);
                d1 = x.fma(q1, d1);
                d2 = x.fma(q2, d2);
                d3 = x.fma(q3, d3);
            }
            int found = 0;
            if (a0.max(a1)
                    .max(a2.max(a3))
                    .compare(VectorOperators.GT, thresholds[t])
                    .anyTrue()) {
                a0.intoArray(into, 0);
                a1.intoArray(into, 16);
                a2.intoArray(into, 32);
                a3.intoArray(into, 48);
                found |= 1;
            }
            if (b0.max(b1)
                    .max(b2.max(b3))
                    .compare(VectorOperators.GT, thresholds[t + 1])
                    .anyTrue()) {
                b0.intoArray(into, 64);
                b1.intoArray(into, 80);
                b2.intoArray(into, 96);
                b3.intoArray(into, 112);
                found |= 2;
            }
            if (c0.max(c1)
                    .max(c2.max(c3))
                    .compare(VectorOperators.GT, thresholds[t + 2])
                    .anyTrue()) {
                c0.intoArray(into, 128);
                c1.intoArray(into, 144);
                c2.intoArray(into, 160);
                c3.intoArray(into, 176);
                found |= 4;
            }
            if (d0.max(d1)
                    .max(d2.max(d3))
                    .compare(VectorOperators.GT, thresholds[t + 3])
                    .anyTrue()) {
                d0.intoArray(into, 192);
                d1.intoArray(into, 208);
                d2.intoArray(into, 224);
                d3.intoArray(into, 240);
                found |= 8;
            }
            return found;
        }
    }
}
