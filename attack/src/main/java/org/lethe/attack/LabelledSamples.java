package org.lethe.attack;

import static org.lethe.Check.require;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.lethe.numerics.Keyed;

/**
 * Samples under attack: the features of each, one row of numbers, and the class of each.
 *
 * @param rows features, {@code [n, width]}
 * @param width how many features a sample has
 * @param labels the class of each sample, from 0 to {@code classes − 1}; −1 where it is unknown
 * @param classes how many classes there are
 */
public record LabelledSamples(float[] rows, int width, int[] labels, int classes) {
    public LabelledSamples {
        require(width >= 1, "width", width, "at least 1");
        require(classes >= 2, "classes", classes, "at least 2");
        require(rows.length == (long) labels.length * width, "rows.length", rows.length, labels.length + " · " + width);
        for (int n = 0; n < labels.length; n++) {
            if (labels[n] < -1 || labels[n] >= classes) {
                require(false, "labels[" + n + "]", labels[n], "−1 to " + (classes - 1));
            }
        }
        for (int at = 0; at < rows.length; at++) {
            if (!Float.isFinite(rows[at])) {
                require(false, "feature " + at % width + " of sample " + at / width, rows[at], "a finite number");
            }
        }
    }

    /** Samples from one array of features each. */
    public static LabelledSamples of(float[][] features, int[] labels, int classes) {
        require(features.length >= 1, "features.length", features.length, "at least 1");
        int width = features[0].length;
        float[] rows = new float[Math.multiplyExact(features.length, width)];
        for (int n = 0; n < features.length; n++) {
            require(
                    features[n].length == width,
                    "features[" + n + "].length",
                    features[n].length,
                    "as features[0].length, " + width);
            System.arraycopy(features[n], 0, rows, n * width, width);
        }
        return new LabelledSamples(rows, width, labels, classes);
    }

    /** How many samples there are. */
    public int size() {
        return labels.length;
    }

    /** The same rows with the known labels shuffled, so that nobody can guess them. */
    public LabelledSamples shuffled(Keyed random) {
        int[] labelled =
                IntStream.range(0, labels.length).filter(n -> labels[n] >= 0).toArray();
        int[] dealt = ordered(labelled, random);
        int[] shuffled = labels.clone();
        for (int n = 0; n < labelled.length; n++) {
            shuffled[labelled[n]] = labels[dealt[n]];
        }
        return new LabelledSamples(rows, width, shuffled, classes);
    }

    /** The same rows with the known labels shuffled within two groups, so that each keeps its numbers of each class. */
    public LabelledSamples shuffled(Keyed random, boolean[] group) {
        int[] shuffled = labels.clone();
        for (boolean inside : new boolean[] {true, false}) {
            int[] part = labels.clone();
            for (int n = 0; n < part.length; n++) {
                part[n] = group[n] == inside ? part[n] : -1;
            }
            int[] dealt = new LabelledSamples(rows, width, part, classes).shuffled(random.of(inside ? 1 : 0)).labels;
            for (int n = 0; n < part.length; n++) {
                shuffled[n] = group[n] == inside ? dealt[n] : shuffled[n];
            }
        }
        return new LabelledSamples(rows, width, shuffled, classes);
    }

    /** Numbers of samples in an order drawn by the key. */
    static int[] ordered(int[] samples, Keyed key) {
        long[] order = new long[samples.length];
        Arrays.setAll(order, n -> key.at(samples[n]) & 0xFFFFFFFF00000000L | n);
        Arrays.sort(order);
        int[] ordered = new int[samples.length];
        Arrays.setAll(ordered, n -> samples[(int) order[n]]);
        return ordered;
    }
}
