package org.lethe.attack;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.lethe.Check;
import org.lethe.Components;
import org.lethe.Interval;
import org.lethe.LetheException;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;
import org.lethe.statistics.Auc;
import org.lethe.statistics.Statistics;

/**
 * Measures how well attackers guess the class of samples from their features, when classes are equally likely.
 *
 * <p>The class may be any label: an attribute of a person, membership in the training data, whether a text or an image carries
 * a watermark. Classes are balanced by down-sampling each to the smallest, or to {@code most} where that is fewer; each repeat
 * draws other samples. Each repeat is cut into stratified folds, and attackers guess each fold after learning on the others.
 * Features are standardised on what the attacker learns from. Samples of unknown class take no part.
 *
 * <p>Cost: {@code attackers · folds · repeats} fits, which run side by side, the long ones first; the same bits for any
 * number of workers.
 *
 * @param attackers the classifiers that guess
 * @param folds parts of a repeat, each guessed once
 * @param repeats how often samples are drawn and guessed anew
 * @param most samples of a class at most
 * @param published as the attribute unlearning literature does it: features as they are, one draw of samples for all
 *     repeats, folds in the order of the table. Only the attackers' own randomness varies then
 */
public record AttributeAttack(List<Attacker> attackers, int folds, int repeats, int most, boolean published) {
    public AttributeAttack {
        attackers = List.copyOf(attackers);
        Check.require(!attackers.isEmpty(), "attackers", attackers, "at least one");
        Check.require(
                attackers.stream().distinct().count() == attackers.size(), "attackers", attackers, "different ones");
        Check.require(folds >= 2, "folds", folds, "at least 2");
        Check.require(repeats >= 1, "repeats", repeats, "at least 1");
        Check.require(most >= folds, "most", most, "at least folds, which is " + folds);
    }

    /** All attackers, 5 folds, 3 repeats, 5,000 samples of a class at most. */
    public AttributeAttack() {
        this(List.of(Attacker.values()), 5, 3, 5_000, false);
    }

    public AttributeAttack withAttackers(List<Attacker> attackers) {
        return Components.with(this, "attackers", attackers);
    }

    public AttributeAttack withFolds(int folds) {
        return Components.with(this, "folds", folds);
    }

    public AttributeAttack withRepeats(int repeats) {
        return Components.with(this, "repeats", repeats);
    }

    /**
     * The result of one attacker.
     *
     * @param attacker the classifier
     * @param balancedAccuracy the mean over classes of the share guessed right; 1/classes knows nothing
     * @param interval of the balanced accuracy B, over samples
     * @param attackAccuracy the same for an attacker that may invert its answer: {@code max(B, (1 − B) / (classes −
     *     1))}
     * @param attackInterval interval of the attack accuracy
     * @param f1 mean over classes of F1
     * @param auc mean over classes and fits of the area under the curve, each class against the rest
     * @param classAucs mean over fits of the area for each class against the rest
     * @param samples how many different samples were guessed
     */
    public record Outcome(
            Attacker attacker,
            double balancedAccuracy,
            Interval interval,
            double attackAccuracy,
            Interval attackInterval,
            double f1,
            double auc,
            List<Double> classAucs,
            int samples) {}

    /**
     * The result of one attacker, beside its result where nothing can be known.
     *
     * @param attack on the labels as they are
     * @param baseline on labels dealt at random, without repeats
     */
    public record Result(Outcome attack, Outcome baseline) {}

    /** Attacks by every attacker, each with its random baseline; the results stand in the order of the attackers. */
    public List<Result> examine(LabelledSamples samples, Keyed random, Workers workers) {
        List<Outcome> attacks = crossValidated(samples, random, workers);
        List<Outcome> baselines = randomBaseline(samples, random, workers);
        return IntStream.range(0, attacks.size())
                .mapToObj(a -> new Result(attacks.get(a), baselines.get(a)))
                .toList();
    }

    /** The control: the same attack, without repeats, on labels dealt out at random under {@code random.of("labels")}. */
    public List<Outcome> randomBaseline(LabelledSamples samples, Keyed random, Workers workers) {
        return withRepeats(1).crossValidated(samples.shuffled(random.of("labels")), random, workers);
    }

    /** How many trainings {@link #crossValidated} makes. */
    public int trainings() {
        return attackers.size() * repeats * folds;
    }

    /** Guesses each sample by attackers that learned on the other folds. */
    public List<Outcome> crossValidated(LabelledSamples samples, Keyed random, Workers workers) {
        return crossValidated(samples, random, workers, () -> {});
    }

    /** The same; {@code trained} is called after each of the {@link #trainings}, by any thread. */
    public List<Outcome> crossValidated(LabelledSamples samples, Keyed random, Workers workers, Runnable trained) {
        List<Fit> fits = new ArrayList<>();
        for (int repeat = 0; repeat < repeats; repeat++) {
            int[][] drawn = drawn(samples, samples.labels(), random.of("draw"), repeat, folds);
            for (int fold = 0; fold < folds; fold++) {
                int part = fold;
                fits.add(new Fit(
                        pick(drawn, n -> n % folds != part),
                        pick(drawn, n -> n % folds == part),
                        random.of("fit").of(repeat).of(fold)));
            }
        }
        return outcomes(samples, fits, workers, trained);
    }

    /** Guesses the samples that are not marked {@code learnt}, by attackers that learned on those that are. */
    public List<Outcome> transferred(LabelledSamples samples, boolean[] learnt, Keyed random, Workers workers) {
        int[] known = samples.labels().clone();
        int[] asked = samples.labels().clone();
        for (int u = 0; u < learnt.length; u++) {
            (learnt[u] ? asked : known)[u] = -1;
        }
        List<Fit> fits = new ArrayList<>();
        for (int repeat = 0; repeat < repeats; repeat++) {
            fits.add(new Fit(
                    pick(drawn(samples, known, random.of("draw"), repeat, 2), n -> true),
                    pick(drawn(samples, asked, random.of("draw"), repeat, 1), n -> true),
                    random.of("fit").of(repeat)));
        }
        return outcomes(samples, fits, workers, () -> {});
    }

    /** One training of each attacker. */
    private record Fit(int[] learnt, int[] asked, Keyed random) {}

    private interface Places {
        boolean take(int place);
    }

    /** Some places of each class's list, class after class. */
    private static int[] pick(int[][] drawn, Places places) {
        return Arrays.stream(drawn)
                .flatMapToInt(chosen ->
                        IntStream.range(0, chosen.length).filter(places::take).map(n -> chosen[n]))
                .toArray();
    }

    /** Equally many samples of each class, {@code [classes, n]}; in their drawn order, or as they stand in the table. */
    private int[][] drawn(LabelledSamples samples, int[] of, Keyed random, int repeat, int least) {
        int[][] members = new int[samples.classes()][];
        int n = most;
        for (int k = 0; k < members.length; k++) {
            int label = k;
            members[k] =
                    IntStream.range(0, of.length).filter(u -> of[u] == label).toArray();
            if (members[k].length < least) {
                throw new LetheException(
                        LetheException.Code.DATA,
                        "class " + k + " has " + members[k].length + " samples to attack, expected at least " + least);
            }
            n = Math.min(n, members[k].length);
        }
        Keyed key = random.of(published ? 0 : repeat);
        for (int k = 0; k < members.length; k++) {
            members[k] = Arrays.copyOf(LabelledSamples.ordered(members[k], key), n);
            if (published) {
                Arrays.sort(members[k]);
            }
        }
        return members;
    }

    private List<Outcome> outcomes(LabelledSamples samples, List<Fit> fits, Workers workers, Runnable trained) {
        float[][] guesses = new float[attackers.size() * fits.size()][];
        int[] order = IntStream.range(0, attackers.size())
                .boxed()
                .sorted(Comparator.comparing(a -> attackers.get(a).quick()))
                .mapToInt(a -> a)
                .toArray();
        workers.each(guesses.length, job -> {
            int fit = job % fits.size();
            int attacker = order[job / fits.size()];
            guesses[attacker * fits.size() + fit] = guess(samples, fits.get(fit), attackers.get(attacker));
            trained.run();
        });
        List<Outcome> outcomes = new ArrayList<>();
        for (int a = 0; a < attackers.size(); a++) {
            outcomes.add(tally(
                    attackers.get(a),
                    samples,
                    fits,
                    Arrays.asList(guesses).subList(a * fits.size(), (a + 1) * fits.size())));
        }
        return outcomes;
    }

    private float[] guess(LabelledSamples samples, Fit fit, Attacker attacker) {
        float[] learnt = rows(samples, fit.learnt);
        float[] asked = rows(samples, fit.asked);
        if (!published) {
            standardise(learnt, asked, samples.width());
        }
        int[] labels = Arrays.stream(fit.learnt).map(u -> samples.labels()[u]).toArray();
        Keyed random = fit.random.of(attacker.name());
        return attacker.guess(new LabelledSamples(learnt, samples.width(), labels, samples.classes()), asked, random);
    }

    private static float[] rows(LabelledSamples samples, int[] chosen) {
        int width = samples.width();
        float[] rows = new float[chosen.length * width];
        for (int n = 0; n < chosen.length; n++) {
            System.arraycopy(samples.rows(), chosen[n] * width, rows, n * width, width);
        }
        return rows;
    }

    /** Brings each column to mean 0 and deviation 1 over the first rows; a column of one value becomes 0. */
    private static void standardise(float[] learnt, float[] asked, int width) {
        int n = learnt.length / width;
        for (int d = 0; d < width; d++) {
            double sum = 0;
            for (int at = d; at < learnt.length; at += width) {
                sum += learnt[at];
            }
            double mean = sum / n;
            double squares = 0;
            for (int at = d; at < learnt.length; at += width) {
                squares += (learnt[at] - mean) * (learnt[at] - mean);
            }
            double deviation = Math.sqrt(squares / n);
            double scale = deviation > 1e-6 * Math.abs(mean) ? 1 / deviation : 0;
            for (float[] rows : List.of(learnt, asked)) {
                for (int at = d; at < rows.length; at += width) {
                    rows[at] = (float) ((rows[at] - mean) * scale);
                }
            }
        }
    }

    private static Outcome tally(Attacker attacker, LabelledSamples samples, List<Fit> fits, List<float[]> guesses) {
        int classes = samples.classes();
        int[][] confusion = new int[classes][classes]; // [true, guessed]
        int[] asked = new int[samples.labels().length];
        int[] right = new int[samples.labels().length];
        double[] aucs = new double[classes];
        for (int f = 0; f < fits.size(); f++) {
            int[] chosen = fits.get(f).asked;
            float[] guess = guesses.get(f);
            for (int n = 0; n < chosen.length; n++) {
                int best = likeliest(guess, n * classes, classes);
                int is = samples.labels()[chosen[n]];
                confusion[is][best]++;
                asked[chosen[n]]++;
                right[chosen[n]] += best == is ? 1 : 0;
            }
            for (int k = classes == 2 ? 1 : 0; k < classes; k++) { // with two classes both areas are the same
                aucs[k] += auc(samples, chosen, guess, k) / fits.size();
            }
        }
        aucs[0] = classes == 2 ? aucs[1] : aucs[0];
        double accuracy = 0;
        double f1 = 0;
        double[] recall = new double[classes];
        int[] total = new int[classes];
        for (int k = 0; k < classes; k++) {
            int hits = confusion[k][k];
            int guessed = 0;
            for (int j = 0; j < classes; j++) {
                total[k] += confusion[k][j];
                guessed += confusion[j][k];
            }
            recall[k] = (double) hits / total[k];
            accuracy += recall[k] / classes;
            f1 += 2.0 * hits / (total[k] + guessed) / classes;
        }
        double half = halfWidth(samples.labels(), asked, right, recall, total);
        Interval interval = new Interval(Math.max(0, accuracy - half), Math.min(1, accuracy + half), Statistics.LEVEL);
        return new Outcome(
                attacker,
                accuracy,
                interval,
                turned(accuracy, classes),
                turned(interval, classes),
                f1,
                Arrays.stream(aucs).sum() / classes,
                Arrays.stream(aucs).boxed().toList(),
                (int) Arrays.stream(asked).filter(times -> times > 0).count());
    }

    private static int likeliest(float[] guess, int from, int classes) {
        int best = 0;
        for (int k = 1; k < classes; k++) {
            best = guess[from + k] > guess[from + best] ? k : best;
        }
        return best;
    }

    private static final double Z = 1.959963984540054; // the normal quantile of 0.975

    /** Half the interval of the accuracy. Recalls are ratios of sums over samples, each perhaps asked several times. */
    private static double halfWidth(int[] labels, int[] asked, int[] right, double[] recall, int[] total) {
        double variance = 0;
        for (int u = 0; u < asked.length; u++) {
            if (asked[u] > 0) {
                int k = labels[u];
                double residual = (right[u] - recall[k] * asked[u]) / total[k] / recall.length;
                variance += residual * residual;
            }
        }
        return Z * Math.sqrt(variance);
    }

    private static double turned(double accuracy, int classes) {
        return Math.max(accuracy, (1 - accuracy) / (classes - 1));
    }

    private static Interval turned(Interval interval, int classes) {
        double low = turned(interval.low(), classes);
        double high = turned(interval.high(), classes);
        return interval.contains(1.0 / classes)
                ? new Interval(1.0 / classes, Math.max(low, high), interval.level())
                : new Interval(Math.min(low, high), Math.max(low, high), interval.level());
    }

    /** The area under the curve of one class against the rest. */
    private static double auc(LabelledSamples samples, int[] chosen, float[] guess, int column) {
        int classes = samples.classes();
        double[] ours = IntStream.range(0, chosen.length)
                .filter(n -> samples.labels()[chosen[n]] == column)
                .mapToDouble(n -> guess[n * classes + column])
                .toArray();
        double[] others = IntStream.range(0, chosen.length)
                .filter(n -> samples.labels()[chosen[n]] != column)
                .mapToDouble(n -> guess[n * classes + column])
                .toArray();
        return Auc.of(ours, others).value();
    }
}
