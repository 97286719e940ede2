package org.lethe.recsys.approximate;

import org.lethe.recsys.Interactions;

/**
 * The propagation of LightGCN in double, {@code E = 1/(L+1) Σ_{l=0..L} Â^l E⁰}, users first and items after them. With no layers
 * it changes nothing. The matrix is symmetric, so it also carries gradients back. A node without edges has a row of zeros in Â.
 *
 * @param pairs the edges
 * @param layers number of layers L
 */
record Graph(Interactions pairs, int layers) {
    double[] apply(double[] table, int dims) {
        if (layers == 0) {
            return table;
        }
        double[] sum = table.clone();
        double[] layer = table;
        for (int l = 0; l < layers; l++) {
            layer = along(layer, dims);
            Vectors.add(sum, 1, layer);
        }
        return Vectors.times(1.0 / (layers + 1), sum);
    }

    /** {@code Â x}. */
    double[] along(double[] x, int dims) {
        double[] y = new double[x.length];
        Interactions.ByItem byItem = pairs.byItem();
        for (int u = 0; u < pairs.users(); u++) {
            for (int k = pairs.from(u); k < pairs.to(u); k++) {
                int i = pairs.item(k);
                double weight = 1 / Math.sqrt((double) pairs.degree(u) * (byItem.starts()[i + 1] - byItem.starts()[i]));
                int p = u * dims;
                int q = (pairs.users() + i) * dims;
                for (int d = 0; d < dims; d++) {
                    y[p + d] += weight * x[q + d];
                    y[q + d] += weight * x[p + d];
                }
            }
        }
        return y;
    }

    /** Which nodes lie at most {@code hops} edges away from the marked ones. */
    boolean[] near(boolean[] marked, int hops) {
        boolean[] reached = marked.clone();
        for (int hop = 0; hop < hops; hop++) {
            boolean[] next = reached.clone();
            for (int u = 0; u < pairs.users(); u++) {
                for (int k = pairs.from(u); k < pairs.to(u); k++) {
                    int i = pairs.users() + pairs.item(k);
                    next[u] |= reached[i];
                    next[i] |= reached[u];
                }
            }
            reached = next;
        }
        return reached;
    }
}
