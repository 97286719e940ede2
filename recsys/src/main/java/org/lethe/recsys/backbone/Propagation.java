package org.lethe.recsys.backbone;

import java.lang.foreign.MemorySegment;
import org.lethe.Workers;
import org.lethe.numerics.FactorSteps;
import org.lethe.numerics.NeighbourSums;
import org.lethe.recsys.Interactions;

/**
 * The propagation of LightGCN over the bipartite graph of interactions: {@code E = 1/(L+1) Σ_{l=0..L} Â^l E⁰},
 * {@code Â = D^{-1/2} A D^{-1/2}}, users first and items after them.
 *
 * <p>In {@code y = D^{-1/2} E⁰} the matrix becomes {@code D⁻¹A}, which needs no weight per edge, and the sum over layers is
 * a Horner chain {@code z ← y + D⁻¹A z}, L times; then {@code E = D^{1/2} z / (L+1)}. Â is symmetric, so the gradient with
 * respect to E⁰ is the same chain applied to the gradient with respect to E. A node without edges counts as of degree 1:
 * its row is divided by L + 1.
 *
 * <p>Costs L passes over the edges, each a row per edge. Not for use by two threads at once.
 */
final class Propagation {
    final int stride;
    final int nodes;

    private final int layers;
    private final Workers workers;
    private final int[] starts;
    private final int[] neighbours;
    private final float[] inverse; // 1/d
    private final float[] in; // d^{-1/2}
    private final float[] out; // d^{1/2} / (L+1)
    private final int[] parts; // rows of about equally many edges
    private final MemorySegment base;
    private final MemorySegment one;
    private final MemorySegment other;

    Propagation(Interactions graph, int dims, int layers, Workers workers) {
        this.layers = layers;
        this.workers = workers;
        stride = FactorSteps.stride(dims);
        int users = graph.users();
        nodes = users + graph.items();
        starts = new int[nodes + 1];
        neighbours = new int[2 * graph.size()];
        System.arraycopy(graph.starts(), 0, starts, 0, users + 1);
        Interactions.ByItem byItem = graph.byItem();
        for (int i = 0; i <= graph.items(); i++) {
            starts[users + i] = graph.size() + byItem.starts()[i];
        }
        for (int e = 0; e < graph.size(); e++) {
            neighbours[e] = users + graph.columns()[e]; // items come after the users
            neighbours[graph.size() + e] = byItem.users()[e];
        }
        inverse = new float[nodes];
        in = new float[nodes];
        out = new float[nodes];
        for (int n = 0; n < nodes; n++) {
            double degree = Math.max(1, starts[n + 1] - starts[n]);
            inverse[n] = (float) (1 / degree);
            in[n] = (float) (1 / Math.sqrt(degree));
            out[n] = (float) (Math.sqrt(degree) / (layers + 1));
        }
        parts = split(Math.max(1, Math.min(nodes, 4 * workers.count())));
        base = NeighbourSums.table(nodes, stride);
        one = NeighbourSums.table(nodes, stride);
        other = NeighbourSums.table(nodes, stride);
    }

    private int[] split(int count) {
        int[] bounds = new int[count + 1];
        bounds[count] = nodes;
        long work = starts[nodes] + 4L * nodes;
        int row = 0;
        for (int p = 1; p < count; p++) {
            while (row < nodes && starts[row] + 4L * row < work * p / count) {
                row++;
            }
            bounds[p] = row;
        }
        return bounds;
    }

    /** {@code into = 1/(L+1) Σ Â^l from}, both [nodes, stride] with zeros beyond the dimensions. */
    void apply(float[] from, float[] into) {
        if (layers == 0) {
            System.arraycopy(from, 0, into, 0, from.length);
            return;
        }
        workers.each(parts.length - 1, p -> NeighbourSums.scaleIn(from, in, base, stride, parts[p], parts[p + 1]));
        MemorySegment z = base;
        for (int l = 0; l < layers; l++) {
            MemorySegment source = z;
            MemorySegment target = l % 2 == 0 ? one : other;
            workers.each(
                    parts.length - 1,
                    p -> NeighbourSums.layer(
                            source, base, target, stride, starts, neighbours, inverse, parts[p], parts[p + 1]));
            z = target;
        }
        MemorySegment last = z;
        workers.each(parts.length - 1, p -> NeighbourSums.scaleOut(last, out, into, stride, parts[p], parts[p + 1]));
    }

    /** Runs a body over ranges of rows that have about equally many edges. */
    void each(Rows body) {
        workers.each(parts.length - 1, p -> body.run(parts[p], parts[p + 1]));
    }

    /** Work on a range of nodes. */
    @FunctionalInterface
    interface Rows {
        /** For the nodes {@code from … to−1}. */
        void run(int from, int to);
    }

    /** Tables of users and items laid one after the other, row by row with padding. */
    float[] joined(int dims, float[] userRows, float[] itemRows) {
        float[] joined = new float[nodes * stride];
        int users = userRows.length / dims;
        for (int n = 0; n < nodes; n++) {
            float[] from = n < users ? userRows : itemRows;
            System.arraycopy(from, (n < users ? n : n - users) * dims, joined, n * stride, dims);
        }
        return joined;
    }

    /** The rows {@code from … to−1} without padding. */
    float[] rows(float[] joined, int dims, int from, int to) {
        float[] rows = new float[(to - from) * dims];
        for (int n = from; n < to; n++) {
            System.arraycopy(joined, n * stride, rows, (n - from) * dims, dims);
        }
        return rows;
    }
}
