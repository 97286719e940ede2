package org.lethe.image.attack;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Tensors;

/**
 * The genetic search of Ring-A-Bell for a text whose states are near a target: Σ (τ(text) − target)² over all positions.
 *
 * <p>A generation keeps its better half. Each of these, by chance, has two children with another by crossing at one place, and each but
 * the best, by chance, gets another word at one place; so the best is never lost. The published code changes tokens that parents and
 * children share, which may lose it. Where all texts are no more than the search would look at, all are looked at.
 *
 * @param population texts of a generation
 * @param generations how often the worse half is replaced
 * @param length words of a text
 * @param crossover chance of a parent to have two children
 * @param mutation chance of a text to get another word
 */
record TokenSearch(int population, int generations, int length, double crossover, double mutation) {
    private static final int BATCH = 256;

    TokenSearch {
        Check.require(population >= 2, "population", population, "at least 2");
        Check.require(generations >= 0, "generations", generations, "at least 0");
        Check.require(length >= 1, "length", length, "at least 1");
        Check.require(crossover >= 0 && crossover <= 1, "crossover", crossover, "0 to 1");
        Check.require(mutation >= 0 && mutation <= 1, "mutation", mutation, "0 to 1");
    }

    /**
     * What was found.
     *
     * @param words of the text
     * @param distance to the target, squared
     * @param course distance of the best of each generation, from the first draw on; one number where all texts were looked at
     */
    record Found(int[] words, double distance, List<Double> course) {
        Found {
            course = List.copyOf(course);
        }
    }

    private record Scored(int[] words, double distance) {}

    /** Searches for the text whose states are nearest to a target, {@code [1, tokens, dims]}. */
    Found search(Vocabulary vocabulary, Tensor target, Keyed key) {
        int words = Math.min(length, vocabulary.longest());
        return Math.pow(vocabulary.size(), words) <= (double) population * Math.max(1, generations)
                ? all(vocabulary, target, words)
                : bred(vocabulary, target, words, key);
    }

    private static Found all(Vocabulary vocabulary, Tensor target, int length) {
        List<int[]> texts = new ArrayList<>(List.of(new int[length]));
        for (int place = 0; place < length; place++) {
            int at = place;
            texts = texts.stream()
                    .flatMap(text -> IntStream.range(0, vocabulary.size()).mapToObj(word -> with(text, at, word)))
                    .toList();
        }
        Scored best = scored(vocabulary, target, texts).stream()
                .min(Comparator.comparingDouble(Scored::distance))
                .orElseThrow();
        return new Found(best.words, best.distance, List.of(best.distance));
    }

    private static int[] with(int[] text, int place, int word) {
        int[] other = text.clone();
        other[place] = word;
        return other;
    }

    /** The search itself, however few the texts are. */
    Found bred(Vocabulary vocabulary, Tensor target, int length, Keyed key) {
        List<int[]> first = IntStream.range(0, population)
                .mapToObj(n -> IntStream.range(0, length)
                        .map(place -> Keyed.below(key.of("first").of(n).at(place), vocabulary.size()))
                        .toArray())
                .toList();
        List<Scored> living = sorted(scored(vocabulary, target, first));
        List<Double> course = new ArrayList<>(List.of(living.getFirst().distance));
        for (int g = 0; g < generations; g++) {
            living = next(
                    vocabulary, target, living, length, key.of("generation").of(g));
            course.add(living.getFirst().distance);
        }
        Scored best = living.getFirst();
        return new Found(best.words, best.distance, course);
    }

    private List<Scored> next(Vocabulary vocabulary, Tensor target, List<Scored> living, int length, Keyed key) {
        List<Scored> parents = living.subList(0, Math.max(1, Math.min(living.size(), population / 2)));
        List<Scored> kept = new ArrayList<>();
        List<int[]> fresh = new ArrayList<>();
        for (int p = 0; p < parents.size(); p++) {
            Keyed own = key.of(p);
            if (Keyed.unit(own.of("crossover").at(0)) < crossover) {
                int[] one = parents.get(p).words;
                int[] other = parents.get(Keyed.below(own.of("partner").at(0), parents.size())).words;
                int place = Keyed.below(own.of("place").at(0), length);
                fresh.add(mutated(crossed(one, other, place), vocabulary, own.of("first")));
                fresh.add(mutated(crossed(other, one, place), vocabulary, own.of("second")));
            }
            int[] changed =
                    p == 0 ? parents.getFirst().words : mutated(parents.get(p).words, vocabulary, own.of("self"));
            if (Arrays.equals(changed, parents.get(p).words)) {
                kept.add(parents.get(p));
            } else {
                fresh.add(changed);
            }
        }
        kept.addAll(scored(vocabulary, target, fresh));
        return sorted(kept);
    }

    private static int[] crossed(int[] left, int[] right, int place) {
        int[] child = left.clone();
        System.arraycopy(right, place, child, place, child.length - place);
        return child;
    }

    private int[] mutated(int[] words, Vocabulary vocabulary, Keyed key) {
        return Keyed.unit(key.of("mutation").at(0)) < mutation
                ? with(
                        words,
                        Keyed.below(key.of("where").at(0), words.length),
                        Keyed.below(key.of("word").at(0), vocabulary.size()))
                : words;
    }

    private static List<Scored> sorted(List<Scored> texts) {
        return texts.stream()
                .sorted(Comparator.comparingDouble(Scored::distance).thenComparing(s -> Arrays.toString(s.words)))
                .toList();
    }

    private static List<Scored> scored(Vocabulary vocabulary, Tensor target, List<int[]> texts) {
        List<Scored> scored = new ArrayList<>();
        try (var _ = new NoGradGuard()) {
            for (int from = 0; from < texts.size(); from += BATCH) {
                List<int[]> some = texts.subList(from, Math.min(texts.size(), from + BATCH));
                try (var _ = new PointerScope()) {
                    float[] distances = Tensors.floats(vocabulary
                            .states(some)
                            .sub(target)
                            .square()
                            .sum(new long[] {1, 2}, false, new ScalarTypeOptional()));
                    for (int n = 0; n < distances.length; n++) {
                        scored.add(new Scored(some.get(n), distances[n]));
                    }
                }
            }
        }
        return scored;
    }
}
