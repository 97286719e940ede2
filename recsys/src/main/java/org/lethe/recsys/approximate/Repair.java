package org.lethe.recsys.approximate;

import java.util.Arrays;
import java.util.function.IntToDoubleFunction;
import org.lethe.recsys.Interactions;

/**
 * Fine-tuning on a sample of retained pairs: Adam from zero moments over batches of at least 64, with fresh negatives in every epoch.
 *
 * @param epochs number of passes over the sample
 * @param learningRate learning rate of Adam
 */
record Repair(int epochs, double learningRate) {
    private static final int BATCH = 64; // at least; larger where an epoch would have more than 256 steps

    /** Tunes tables in place; a weight for each sampled pair, and a factor of the step of each row. */
    void tune(
            Problem problem,
            double[] tables,
            Interactions sample,
            Interactions.PairPredicate light,
            double weight,
            IntToDoubleFunction factorOfRow) {
        Adam adam = new Adam(tables.length, learningRate);
        for (int epoch = 0; epoch < epochs; epoch++) {
            epoch(problem, tables, sample, light, weight, factorOfRow, adam, epoch);
        }
    }

    /** Tunes tables in place, all pairs alike. */
    void tune(Problem problem, double[] tables, Interactions sample) {
        tune(problem, tables, sample, (u, i) -> false, 1, row -> 1);
    }

    /** One epoch, of a number on which its draws depend. */
    void epoch(
            Problem problem,
            double[] tables,
            Interactions sample,
            Interactions.PairPredicate light,
            double weight,
            IntToDoubleFunction factorOfRow,
            Adam adam,
            int epoch) {
        Triples all =
                Triples.of(sample, problem.left(), 1, problem.random("repair").of(epoch));
        int[] order = Problem.order(all.size(), problem.random("repair-order").of(epoch));
        int size = Math.max(BATCH, order.length / 256);
        for (int from = 0; from < order.length; from += size) {
            int to = Math.min(order.length, from + size);
            int[] chosen = Arrays.copyOfRange(order, from, to);
            Triples batch = new Triples(
                    Arrays.stream(chosen).map(n -> all.users()[n]).toArray(),
                    Arrays.stream(chosen).map(n -> all.positives()[n]).toArray(),
                    Arrays.stream(chosen).map(n -> all.negatives()[n]).toArray());
            double share = 1.0 / batch.size();
            double[] g = problem.lossAfter(batch)
                    .gradient(tables, n -> share * (light.test(batch.users()[n], batch.positives()[n]) ? weight : 1));
            adam.step(tables, g, n -> factorOfRow.applyAsDouble(n / problem.dims));
        }
        problem.env.ledger().count("interactions-trained", all.size());
    }
}
