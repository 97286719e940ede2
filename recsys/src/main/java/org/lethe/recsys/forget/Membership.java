package org.lethe.recsys.forget;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.statistics.LogisticRegression;
import org.lethe.statistics.Roc;

/**
 * The pairs on which a membership attack learns, and the pairs that it then classifies.
 *
 * <p>It learns on remaining users, with as many training pairs as test pairs of each user, so that the user of a pair says
 * nothing. It classifies the forgotten pairs and similar unseen pairs. It never learns on a forgotten pair.
 *
 * @param panel remaining users that the attacker uses
 * @param lessons pairs of those users, trained on or not
 * @param questions forgotten pairs (members) and unseen pairs
 * @param seen remaining training data
 */
record Membership(int[] panel, Pairs lessons, Pairs questions, Interactions seen) {
    /** Below this number of users, resampling draws pairs instead of users. */
    private static final int ENOUGH_USERS = 10;

    /** Pairs, those of a user together. */
    record Pairs(int[] users, int[] items, boolean[] member) {
        int size() {
            return users.length;
        }

        int members() {
            return (int)
                    IntStream.range(0, member.length).filter(k -> member[k]).count();
        }

        /** The resampling unit of each pair, from 0: its user, or the pair itself if users are few. */
        int[] owners() {
            int[] owner = new int[users.length];
            int n = -1;
            for (int k = 0; k < users.length; k++) {
                owner[k] = k == 0 || users[k] != users[k - 1] ? ++n : n;
            }
            if (n + 1 < ENOUGH_USERS) {
                Arrays.setAll(owner, k -> k);
            }
            return owner;
        }
    }

    /** The outcome of an attack on one model. */
    record Outcome(Roc mio, Roc score, PerUserAuc calibrated, double accuracy, double rate, double onRetained) {}

    /** Draws the pairs, of at most {@code most} users on either side. */
    static Membership of(ForgetSets sets, int most, Keyed random) {
        Split remaining = sets.gone().remaining();
        Interactions train = remaining.train();
        int[] panel = drawn(
                IntStream.range(0, train.users())
                        .filter(u -> train.degree(u) > 0 && remaining.test().degree(u) > 0)
                        .toArray(),
                most,
                random.of("panel"));
        Gathering lessons = new Gathering();
        for (int u : panel) {
            int each = Math.min(train.degree(u), remaining.test().degree(u));
            lessons.add(u, train, each, true, random.of("members"));
            lessons.add(u, remaining.test(), each, false, random.of("others"));
        }
        Interactions lost = sets.gone().interactions();
        Interactions unseen = sets.unseen();
        int[] asked = drawn(
                IntStream.range(0, lost.users())
                        .filter(u -> lost.degree(u) + unseen.degree(u) > 0)
                        .toArray(),
                most,
                random.of("asked"));
        Gathering questions = new Gathering();
        for (int u : asked) {
            questions.add(u, lost, lost.degree(u), true, random);
            questions.add(u, unseen, unseen.degree(u), false, random);
        }
        return new Membership(panel, lessons.pairs(), questions.pairs(), train);
    }

    /** Whether there are pairs to learn on, and both kinds of pair to classify. */
    boolean possible() {
        int members = questions.members();
        return lessons.size() >= 20 && members > 0 && members < questions.size();
    }

    /** Attacks one model: learns on it, then classifies. */
    Outcome attack(Recommender model, boolean degrees, Keyed random) {
        PairFeatures features = new PairFeatures(model, panel, seen, degrees);
        double[][] taught = features.of(lessons.users, lessons.items);
        double[][] asked = features.of(questions.users, questions.items);
        boolean[] heldOut = new boolean[taught.length];
        for (int k = 0; k < heldOut.length; k++) {
            heldOut[k] = Keyed.below(random.of("held-out").at(lessons.users[k]), 5) == 0;
        }
        int[] learned =
                IntStream.range(0, taught.length).filter(k -> !heldOut[k]).toArray();
        int[] checked =
                IntStream.range(0, taught.length).filter(k -> heldOut[k]).toArray();
        LogisticRegression attack = LogisticRegression.fit(rows(taught, learned), flags(lessons.member, learned));
        double onRetained = new Roc(
                        logOdds(attack, rows(taught, checked)), flags(lessons.member, checked), new int[checked.length])
                .auc();
        double[] odds = logOdds(attack, asked);
        double[] scores = Arrays.stream(asked).mapToDouble(row -> row[0]).toArray();
        double[] calibrated = Arrays.stream(asked)
                .mapToDouble(row -> row[PairFeatures.AGAINST_ITEM])
                .toArray();
        int[] owners = questions.owners();
        double caught = 0;
        double cleared = 0;
        for (int k = 0; k < odds.length; k++) {
            caught += questions.member[k] && odds[k] > 0 ? 1 : 0;
            cleared += !questions.member[k] && odds[k] <= 0 ? 1 : 0;
        }
        double rate = caught / questions.members();
        double accuracy = (rate + cleared / (odds.length - questions.members())) / 2;
        return new Outcome(
                new Roc(odds, questions.member, owners),
                new Roc(scores, questions.member, owners),
                PerUserAuc.of(calibrated, questions.member, owners),
                accuracy,
                rate,
                onRetained);
    }

    private static double[][] rows(double[][] all, int[] chosen) {
        return Arrays.stream(chosen).mapToObj(k -> all[k]).toArray(double[][]::new);
    }

    private static boolean[] flags(boolean[] all, int[] chosen) {
        boolean[] flags = new boolean[chosen.length];
        for (int n = 0; n < chosen.length; n++) {
            flags[n] = all[chosen[n]];
        }
        return flags;
    }

    private static double[] logOdds(LogisticRegression attack, double[][] rows) {
        return Arrays.stream(rows).mapToDouble(attack::logOdds).toArray();
    }

    /** At most {@code most} of the users, ascending. */
    private static int[] drawn(int[] users, int most, Keyed random) {
        if (users.length <= most) {
            return users;
        }
        return Arrays.stream(users)
                .boxed()
                .sorted(Comparator.comparingLong(u -> random.at(u)))
                .limit(most)
                .mapToInt(Integer::intValue)
                .sorted()
                .toArray();
    }

    /** Pairs being gathered, user after user. */
    private static final class Gathering {
        private int[] users = new int[1024];
        private int[] items = new int[1024];
        private boolean[] member = new boolean[1024];
        private int size;

        /** Adds some of a user's pairs, drawn by their own numbers. */
        void add(int user, Interactions from, int count, boolean isMember, Keyed random) {
            int[] row = Arrays.copyOfRange(from.columns(), from.from(user), from.to(user));
            Keyed ofUser = random.of(from.userKey(user));
            int[] chosen = drawn(row, count, ofUser);
            if (size + chosen.length > users.length) {
                int capacity = Math.max(2 * users.length, size + chosen.length);
                users = Arrays.copyOf(users, capacity);
                items = Arrays.copyOf(items, capacity);
                member = Arrays.copyOf(member, capacity);
            }
            for (int item : chosen) {
                users[size] = user;
                items[size] = item;
                member[size++] = isMember;
            }
        }

        Pairs pairs() {
            return new Pairs(Arrays.copyOf(users, size), Arrays.copyOf(items, size), Arrays.copyOf(member, size));
        }
    }
}
