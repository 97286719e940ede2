package org.lethe.attack;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.lethe.Check;
import org.lethe.Interval;
import org.lethe.LetheException;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;
import org.lethe.statistics.Auc;
import org.lethe.statistics.Statistics;

/**
 * How well attackers guess the class of users from their rows, when classes are equally likely.
 *
 * <p>Classes are balanced by down-sampling each to the smallest, or to {@code most} where that is fewer; which users are
 * taken changes from repeat to repeat. Each repeat is cut into stratified folds, each guessed by attackers that learned on
 * the others. Rows are standardised on what the attacker learns from. Users in no class take no part.
 *
 * <p>Cost: {@code attackers · folds · repeats} fits, which run side by side, the long ones first; the same bits for any
 * number of workers.
 *
 * @param attackers who guesses
 * @param folds parts of a repeat, each guessed once
 * @param repeats how often users are drawn and guessed anew
 * @param most users of a class at most
 * @param published as the attribute unlearning literature does it: rows as they are, one draw of users for all repeats,
 *     folds in the order of the table, so that only the attackers' own chance varies
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

    /**
     * Rows of users and the classes they are in.
     *
     * @param rows {@code [users, width]}
     * @param width length of a row
     * @param of the class of each user, −1 for none
     * @param classes how many classes there are
     */
    public record Target(float[] rows, int width, int[] of, int classes) {
        public Target {
            Check.require(width >= 1, "width", width, "at least 1");
            Check.require(classes >= 2, "classes", classes, "at least 2");
            Check.require(
                    rows.length == (long) of.length * width, "rows.length", rows.length, of.length + " · " + width);
        }

        /** The same rows with the labels dealt out anew among those who have one: what nobody can guess. */
        public Target shuffled(Keyed random) {
            int[] labelled =
                    IntStream.range(0, of.length).filter(u -> of[u] >= 0).toArray();
            int[] dealt = ordered(labelled, random);
            int[] shuffled = of.clone();
            for (int n = 0; n < labelled.length; n++) {
                shuffled[labelled[n]] = of[dealt[n]];
            }
            return new Target(rows, width, shuffled, classes);
        }
    }

    /**
     * What one attacker came to.
     *
     * @param attacker who guessed
     * @param accuracy balanced accuracy, the mean over classes of the share guessed right; 1/classes knows nothing
     * @param interval of the balanced accuracy, over users
     * @param leak what an attacker who may turn the answer round comes to: {@code max(B, (1 − B) / (classes − 1))}
     * @param leaks interval of the leak
     * @param f1 mean over classes of F1
     * @param auc mean over classes and fits of the area under the curve, each class against the rest
     * @param users how many different users were guessed
     */
    public record Outcome(
            Attacker attacker,
            double accuracy,
            Interval interval,
            double leak,
            Interval leaks,
            double f1,
            double auc,
            int users) {}

    /** The same without repeats. */
    public AttributeAttack once() {
        return new AttributeAttack(attackers, folds, 1, most, published);
    }

    /** Guesses each user by attackers that learned on the other folds. */
    public List<Outcome> crossValidated(Target target, Keyed random, Workers workers) {
        List<Fit> fits = new ArrayList<>();
        for (int repeat = 0; repeat < repeats; repeat++) {
            int[][] drawn = drawn(target, target.of, random.of("draw"), repeat, folds);
            for (int fold = 0; fold < folds; fold++) {
                int part = fold;
                fits.add(new Fit(
                        pick(drawn, n -> n % folds != part),
                        pick(drawn, n -> n % folds == part),
                        random.of("fit").of(repeat).of(fold)));
            }
        }
        return outcomes(target, fits, workers);
    }

    /** Guesses users that {@code learnt} does not hold for, by attackers that learned on those it holds for. */
    public List<Outcome> transferred(Target target, boolean[] learnt, Keyed random, Workers workers) {
        int[] known = target.of.clone();
        int[] asked = target.of.clone();
        for (int u = 0; u < learnt.length; u++) {
            (learnt[u] ? asked : known)[u] = -1;
        }
        List<Fit> fits = new ArrayList<>();
        for (int repeat = 0; repeat < repeats; repeat++) {
            fits.add(new Fit(
                    pick(drawn(target, known, random.of("draw"), repeat, 2), n -> true),
                    pick(drawn(target, asked, random.of("draw"), repeat, 1), n -> true),
                    random.of("fit").of(repeat)));
        }
        return outcomes(target, fits, workers);
    }

    /** One training of each attacker. */
    private record Fit(int[] learnt, int[] asked, Keyed random) {}

    private interface Places {
        boolean take(int place);
    }

    /** Some places of each class's list, class after class. */
    private static int[] pick(int[][] drawn, Places places) {
        return Arrays.stream(drawn)
                .flatMapToInt(users ->
                        IntStream.range(0, users.length).filter(places::take).map(n -> users[n]))
                .toArray();
    }

    /** Equally many users of each class, {@code [classes, n]}; in their drawn order, or as they stand in the table. */
    private int[][] drawn(Target target, int[] of, Keyed random, int repeat, int least) {
        int[][] members = new int[target.classes][];
        int n = most;
        for (int k = 0; k < members.length; k++) {
            int label = k;
            members[k] =
                    IntStream.range(0, of.length).filter(u -> of[u] == label).toArray();
            if (members[k].length < least) {
                throw new LetheException(
                        LetheException.Code.DATA,
                        "class " + k + " has " + members[k].length + " users to attack, expected at least " + least);
            }
            n = Math.min(n, members[k].length);
        }
        Keyed key = random.of(published ? 0 : repeat);
        for (int k = 0; k < members.length; k++) {
            members[k] = Arrays.copyOf(ordered(members[k], key), n);
            if (published) {
                Arrays.sort(members[k]);
            }
        }
        return members;
    }

    private static int[] ordered(int[] users, Keyed key) {
        long[] order = new long[users.length];
        Arrays.setAll(order, n -> key.at(users[n]) & 0xFFFFFFFF00000000L | n);
        Arrays.sort(order);
        int[] ordered = new int[users.length];
        Arrays.setAll(ordered, n -> users[(int) order[n]]);
        return ordered;
    }

    private List<Outcome> outcomes(Target target, List<Fit> fits, Workers workers) {
        float[][] guesses = new float[attackers.size() * fits.size()][];
        int[] order = IntStream.range(0, attackers.size())
                .boxed()
                .sorted(Comparator.comparing(a -> attackers.get(a).quick()))
                .mapToInt(a -> a)
                .toArray();
        workers.each(guesses.length, job -> {
            int fit = job % fits.size();
            int attacker = order[job / fits.size()];
            guesses[attacker * fits.size() + fit] = guess(target, fits.get(fit), attackers.get(attacker));
        });
        List<Outcome> outcomes = new ArrayList<>();
        for (int a = 0; a < attackers.size(); a++) {
            outcomes.add(tally(
                    attackers.get(a),
                    target,
                    fits,
                    Arrays.asList(guesses).subList(a * fits.size(), (a + 1) * fits.size())));
        }
        return outcomes;
    }

    private float[] guess(Target target, Fit fit, Attacker attacker) {
        float[] learnt = rows(target, fit.learnt);
        float[] asked = rows(target, fit.asked);
        if (!published) {
            standardise(learnt, asked, target.width);
        }
        int[] labels = Arrays.stream(fit.learnt).map(u -> target.of[u]).toArray();
        Keyed random = fit.random.of(attacker.name());
        return attacker.guess(new Attacker.Known(target.width, learnt, labels, target.classes), asked, random);
    }

    private static float[] rows(Target target, int[] users) {
        int width = target.width;
        float[] rows = new float[users.length * width];
        for (int n = 0; n < users.length; n++) {
            System.arraycopy(target.rows, users[n] * width, rows, n * width, width);
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

    private static Outcome tally(Attacker attacker, Target target, List<Fit> fits, List<float[]> guesses) {
        int classes = target.classes;
        int[][] confusion = new int[classes][classes]; // [true, guessed]
        int[] asked = new int[target.of.length];
        int[] right = new int[target.of.length];
        double auc = 0;
        for (int f = 0; f < fits.size(); f++) {
            int[] users = fits.get(f).asked;
            float[] guess = guesses.get(f);
            for (int n = 0; n < users.length; n++) {
                int best = 0;
                for (int k = 1; k < classes; k++) {
                    best = guess[n * classes + k] > guess[n * classes + best] ? k : best;
                }
                int is = target.of[users[n]];
                confusion[is][best]++;
                asked[users[n]]++;
                right[users[n]] += best == is ? 1 : 0;
            }
            auc += auc(target, users, guess) / fits.size();
        }
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
        // A class's recall is a ratio of sums over users, each of whom may have been asked several times.
        double variance = 0;
        int users = 0;
        for (int u = 0; u < asked.length; u++) {
            if (asked[u] > 0) {
                int k = target.of[u];
                double residual = (right[u] - recall[k] * asked[u]) / total[k] / classes;
                variance += residual * residual;
                users++;
            }
        }
        double half = Z * Math.sqrt(variance);
        Interval interval = new Interval(Math.max(0, accuracy - half), Math.min(1, accuracy + half), Statistics.LEVEL);
        return new Outcome(
                attacker, accuracy, interval, turned(accuracy, classes), turned(interval, classes), f1, auc, users);
    }

    private static final double Z = 1.959963984540054; // the normal quantile of 0.975

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

    /** The mean over classes of the area under the curve, the class against the rest. */
    private static double auc(Target target, int[] users, float[] guess) {
        int classes = target.classes;
        double sum = 0;
        int from = classes == 2 ? 1 : 0; // with two classes both areas are the same
        for (int k = from; k < classes; k++) {
            int column = k;
            double[] ours = IntStream.range(0, users.length)
                    .filter(n -> target.of[users[n]] == column)
                    .mapToDouble(n -> guess[n * classes + column])
                    .toArray();
            double[] others = IntStream.range(0, users.length)
                    .filter(n -> target.of[users[n]] != column)
                    .mapToDouble(n -> guess[n * classes + column])
                    .toArray();
            sum += Auc.of(ours, others).value();
        }
        return sum / (classes - from);
    }
}
