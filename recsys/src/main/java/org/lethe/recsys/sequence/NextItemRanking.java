package org.lethe.recsys.sequence;

import java.util.Arrays;
import java.util.List;
import org.lethe.Workers;
import org.lethe.recsys.sequence.Events.Example;

/**
 * Ranks all items for each example, by one model, and measures the first k.
 *
 * <p>An item with the score −∞ is never recommended. Ties go to the smaller number. With one target, recall and hit rate
 * are the same.
 */
public final class NextItemRanking {
    private static final int AT_ONCE = 64; // examples of a batch, whose scores are held together

    private NextItemRanking() {}

    /**
     * What was measured, one number an example.
     *
     * @param examples in their order
     * @param lists the first k items of each
     * @param recall share of the targets that are among them
     * @param ndcgFull gain of the list over that of a list of all targets, however long
     * @param hit whether any target is among them
     * @param mrr one over the rank of the first target among them, or 0
     */
    public record Measured(
            List<Example> examples, int[][] lists, double[] recall, double[] ndcgFull, double[] hit, double[] mrr) {}

    /** Ranks and measures. */
    public static Measured of(NextItems model, List<Example> examples, int k, Workers workers) {
        int count = examples.size();
        Measured measured = new Measured(
                examples, new int[count][], new double[count], new double[count], new double[count], new double[count]);
        eachScored(model, examples, workers, (n, scores) -> {
            measured.lists[n] = first(scores, k);
            measure(measured, n);
        });
        return measured;
    }

    /** Takes the scores of an example. */
    @FunctionalInterface
    public interface Scored {
        /** The number of the example, and the score of each item. */
        void of(int number, double[] scores);
    }

    /** Scores all examples, in batches of which several may be under way, and hands each over where it was computed. */
    public static void eachScored(NextItems model, List<Example> examples, Workers workers, Scored taken) {
        int count = examples.size();
        workers.each((count + AT_ONCE - 1) / AT_ONCE, b -> {
            List<Example> part = examples.subList(b * AT_ONCE, Math.min(count, (b + 1) * AT_ONCE));
            double[][] scores = new double[part.size()][model.itemCount()];
            model.scores(part, scores);
            for (int n = 0; n < scores.length; n++) {
                taken.of(b * AT_ONCE + n, scores[n]);
            }
        });
    }

    private static void measure(Measured into, int n) {
        int[] list = into.lists[n];
        int[] targets = into.examples.get(n).targets().clone();
        Arrays.sort(targets);
        int found = 0;
        double gain = 0;
        double best = 0;
        for (int r = 0; r < list.length; r++) {
            if (Arrays.binarySearch(targets, list[r]) >= 0) {
                into.mrr[n] = found++ == 0 ? 1.0 / (r + 1) : into.mrr[n];
                gain += discount(r);
            }
        }
        for (int r = 0; r < targets.length; r++) {
            best += discount(r);
        }
        into.recall[n] = (double) found / targets.length;
        into.hit[n] = found > 0 ? 1 : 0;
        into.ndcgFull[n] = gain / best;
    }

    private static double discount(int rank) {
        return Math.log(2) / Math.log(rank + 2);
    }

    /** The items with the k largest scores, the best one first. */
    public static int[] first(double[] scores, int k) {
        int[] best = new int[Math.min(k, scores.length)];
        int size = 0;
        for (int i = 0; i < scores.length; i++) {
            double score = scores[i];
            if (score == Double.NEGATIVE_INFINITY || size == best.length && !(score > scores[best[size - 1]])) {
                continue;
            }
            int at = size < best.length ? size++ : size - 1;
            while (at > 0 && scores[best[at - 1]] < score) {
                best[at] = best[at - 1];
                at--;
            }
            best[at] = i;
        }
        return Arrays.copyOf(best, size);
    }
}
