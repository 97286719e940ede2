package org.lethe.recsys.approximate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.lethe.recsys.Interactions;

/**
 * The losses that forgotten pairs would have if they had never been seen. For a user or an item with nothing left, it is that of
 * rows of zeros. The others, by ascending loss, get the losses of never-seen pairs at the same quantiles: those of the validation
 * pairs that remain. Without validation, they are those of 64 retained pairs, each with the rows of its item and its user refitted
 * from zero without it.
 */
final class NeverSeen {
    private static final int ESTIMATES = 64; // pairs left out in turn, where there is no validation part

    private NeverSeen() {}

    /** For each forgotten pair, in their order. */
    static double[] losses(Problem problem) {
        Interactions left = problem.left();
        Interactions.ByItem byItem = left.byItem();
        double[] now = problem.goneLosses(problem.theta);
        double[] levels = new double[now.length];
        double untrained = problem.loss(problem.measured()).untrained();
        Interactions lost = problem.forgotten.interactions();
        List<Integer> others = new ArrayList<>();
        for (int u = 0; u < problem.users; u++) {
            for (int k = lost.from(u); k < lost.to(u); k++) {
                int i = lost.item(k);
                if (left.degree(u) == 0 || byItem.starts()[i + 1] == byItem.starts()[i]) {
                    levels[k] = untrained;
                } else {
                    others.add(k);
                }
            }
        }
        if (others.isEmpty()) {
            return levels;
        }
        double[] held = problem.forgotten.remaining().validation().size() > 0 ? validated(problem) : leftOut(problem);
        Arrays.sort(held);
        others.sort(Comparator.comparingDouble(k -> now[k]));
        for (int n = 0; n < others.size(); n++) {
            int at = (int) ((n + 0.5) / others.size() * held.length);
            levels[others.get(n)] = held.length == 0 ? untrained : held[at];
        }
        return levels;
    }

    private static double[] validated(Problem problem) {
        Interactions held = problem.forgotten.remaining().validation();
        Triples pairs = Triples.of(held, problem.data.train().and(held), Problem.NEGATIVES, problem.random("held-out"));
        return Problem.ofPairs(problem.loss(pairs).values(problem.theta));
    }

    private static double[] leftOut(Problem problem) {
        int dims = problem.dims;
        int users = problem.users;
        int rows = problem.rows();
        double[] e = problem.graph.apply(problem.theta, dims);
        Triples all = problem.retained();
        RowFits fits = new RowFits(problem.lossOfRows(all), rows);
        boolean[] none = new boolean[rows];
        double ofUsers = fits.ridge(e, 0, users, none, problem.random("ridge"));
        double ofItems = fits.ridge(e, users, rows, none, problem.random("ridge"));
        Triples asked = Triples.of(problem.left(), problem.left(), Problem.NEGATIVES, problem.random("held-out"));
        int[] chosen = Arrays.stream(Problem.order(all.size(), problem.random("left-out")))
                .limit(ESTIMATES)
                .toArray();
        double[] losses = new double[chosen.length];
        problem.env.workers().each(chosen.length, k -> {
            int n = chosen[k];
            double[] moved = e.clone();
            int item = users + all.positives()[n];
            System.arraycopy(fits.fitted(fits.of(item, moved, ofItems, n), 1e-3), 0, moved, item * dims, dims);
            int user = all.users()[n];
            System.arraycopy(fits.fitted(fits.of(user, moved, ofUsers, n), 1e-3), 0, moved, user * dims, dims);
            losses[k] = problem.lossOfRows(asked.range(n * Problem.NEGATIVES, (n + 1) * Problem.NEGATIVES))
                    .mean(moved);
        });
        return losses;
    }
}
