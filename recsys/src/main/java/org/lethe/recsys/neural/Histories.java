package org.lethe.recsys.neural;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Check;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.sequence.Events.Example;
import org.lethe.torch.Tensors;

/** A batch of histories as layers read it: each history is cut to its newest items, and nothing is padded unless a layer asks. */
final class Histories {
    private final int[][] items;
    private final int clicks; // of all histories

    Histories(int[][] histories) {
        items = new int[histories.length][];
        int count = 0;
        for (int n = 0; n < items.length; n++) {
            int[] history = histories[n];
            Check.require(history.length >= 1, "history.length", history.length, "at least 1");
            items[n] = history.length <= NextNetwork.LONGEST
                    ? history
                    : Arrays.copyOfRange(history, history.length - NextNetwork.LONGEST, history.length);
            count += items[n].length;
        }
        clicks = count;
    }

    /** The one history of each example. */
    static int[][] of(List<Example> examples) {
        return examples.stream().map(example -> example.history()[0]).toArray(int[][]::new);
    }

    int size() {
        return items.length;
    }

    int longest() {
        return Arrays.stream(items).mapToInt(history -> history.length).max().orElse(0);
    }

    int length(int history) {
        return items[history].length;
    }

    /** The last item of each history. */
    Tensor last(Tensor table) {
        return rows(
                table,
                Arrays.stream(items)
                        .mapToInt(history -> history[history.length - 1])
                        .toArray());
    }

    /** The rows of a table, [numbers, width]. */
    static Tensor rows(Tensor table, int... numbers) {
        return table.index_select(0, whole(table, numbers));
    }

    /** The rows of clicks, [clicks, width]; in training, dropout takes a share of each. */
    Tensor rows(Tensor table, Packed packed, double dropout, Optional<Keyed> key) {
        Tensor rows = rows(table, packed.item());
        return key.isPresent() && dropout > 0
                ? dropped(rows, dropout, packed.keys(keys(key.get().of("rows"))))
                : rows;
    }

    /** Whole numbers on the device of another tensor. */
    static Tensor whole(Tensor beside, int... numbers) {
        return Tensors.of(numbers, numbers.length).to(beside.device(), ScalarType.Long);
    }

    /** The key of what is dropped of each history: a function of its items, whatever stands beside it. */
    Keyed[] keys(Keyed dropout) {
        Keyed[] keys = new Keyed[items.length];
        for (int n = 0; n < keys.length; n++) {
            keys[n] = dropout;
            for (int item : items[n]) {
                keys[n] = keys[n].of(item);
            }
        }
        return keys;
    }

    /**
     * Clicks in the order of a recurrent layer: the first of each history, longest history first, then the second ones, and so on.
     *
     * @param item of each click
     * @param history of each click
     * @param place of each click in its history
     * @param counts how many clicks a step has
     * @param last the place of the last click of each history
     */
    record Packed(int[] item, int[] history, int[] place, int[] counts, int[] last) {
        /** The key of what is dropped of each click. */
        Keyed[] keys(Keyed[] ofHistories) {
            Keyed[] keys = new Keyed[item.length];
            Arrays.setAll(keys, n -> ofHistories[history[n]].of(place[n]));
            return keys;
        }
    }

    Packed packed() {
        Integer[] order = IntStream.range(0, items.length)
                .boxed()
                .sorted(Comparator.comparingInt((Integer n) -> -items[n].length).thenComparingInt(n -> n))
                .toArray(Integer[]::new);
        Packed packed = new Packed(
                new int[clicks], new int[clicks], new int[clicks], new int[longest()], new int[items.length]);
        int at = 0;
        for (int step = 0; step < packed.counts.length; step++) {
            for (int rank = 0; rank < order.length && items[order[rank]].length > step; rank++) {
                int n = order[rank];
                packed.item[at] = items[n][step];
                packed.history[at] = n;
                packed.place[at] = step;
                packed.last[n] = at++;
                packed.counts[step]++;
            }
        }
        return packed;
    }

    /** The items padded behind to the longest history, row by row; padding reads item 0. */
    int[] padded() {
        int longest = longest();
        int[] padded = new int[items.length * longest];
        for (int n = 0; n < items.length; n++) {
            System.arraycopy(items[n], 0, padded, n * longest, items[n].length);
        }
        return padded;
    }

    /**
     * Sets elements of rows to zero at random and enlarges the others, so that the mean stays.
     *
     * @param rows a tensor whose last dimension is the width of a row
     * @param share of the elements that are dropped
     * @param keys one a row
     */
    static Tensor dropped(Tensor rows, double share, Keyed... keys) {
        long[] shape = rows.shape();
        int width = (int) shape[shape.length - 1];
        Check.require(rows.numel() == (long) keys.length * width, "keys.length", keys.length, "one a row");
        float[] mask = new float[keys.length * width];
        float kept = (float) (1 / (1 - share));
        for (int n = 0; n < keys.length; n++) {
            for (int k = 0; k < width; k++) {
                mask[n * width + k] = Keyed.unit(keys[n].at(k)) < share ? 0 : kept;
            }
        }
        return rows.mul(Tensors.of(mask, shape).to(rows.device(), rows.scalar_type()));
    }
}
