package org.lethe.recsys.stream;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.sequence.Events;
import org.lethe.recsys.sequence.Events.Example;
import org.lethe.recsys.sequence.NextItemRanking;
import org.lethe.recsys.sequence.NextItems;
import org.lethe.statistics.Statistics;

/** The erased training events as examples: each is to be predicted from what came before it. */
final class ForgottenExamples {
    private static final int MOST = 2_000;

    private ForgottenExamples() {}

    /** At most 2,000 of them, drawn by their numbers; an event with nothing before it is none. */
    static List<Example> of(Events data, List<int[]> erased, Keyed random) {
        List<Example> all = new ArrayList<>();
        for (int[] request : erased) {
            for (int e : request) {
                if (data.trains(e)) {
                    int[][] history = history(data, e);
                    if (history.length > 0 && history[0].length > 0) {
                        all.add(new Example(e, data.user(e), history, new int[] {data.item(e)}));
                    }
                }
            }
        }
        return all.stream()
                .sorted(Comparator.comparingLong(example -> random.at(example.event())))
                .limit(MOST)
                .sorted(Comparator.comparingInt(Example::event))
                .toList();
    }

    /** Events of the test part that are left, as examples with one target each; at most 2,000, drawn by their numbers. */
    static List<Example> unseen(Events left, Keyed random) {
        return left.examples(Events.Part.TEST).stream()
                .flatMap(e -> Arrays.stream(e.targets())
                        .mapToObj(i -> new Example(e.event(), e.user(), e.history(), new int[] {i})))
                .sorted(Comparator.comparingLong(e -> random.at(e.event(), e.targets()[0])))
                .limit(MOST)
                .toList();
    }

    private static int[][] history(Events data, int event) {
        int group = data.group(event);
        if (data.task() == Events.Task.SESSIONS) {
            List<Integer> seen = new ArrayList<>();
            for (int e = data.from(group); e < event; e++) {
                if (data.holds(e)) {
                    seen.add(data.item(e));
                }
            }
            return new int[][] {seen.stream().mapToInt(Integer::intValue).toArray()};
        }
        List<int[]> baskets = new ArrayList<>();
        for (int g = data.firstGroup(data.userOf(group)); g < group; g++) {
            int[] basket = data.basket(g);
            if (basket.length > 0) {
                baskets.add(basket);
            }
        }
        return baskets.toArray(int[][]::new);
    }

    /** The mean of the losses. */
    static double loss(NextItems served, List<Example> examples, Workers workers) {
        return Statistics.mean(losses(served, examples, workers));
    }

    /** −log p of the first target of each, whether or not the model may recommend it; no loss is above 745. */
    static double[] losses(NextItems served, List<Example> examples, Workers workers) {
        NextItems model = served.bare();
        double[] losses = new double[examples.size()];
        NextItemRanking.eachScored(model, examples, workers, (n, scores) -> {
            double p = model.probability(scores, examples.get(n).targets()[0]);
            losses[n] = -Math.log(p > 0 ? p : Double.MIN_VALUE); // scores that are no numbers give none
        });
        return losses;
    }
}
