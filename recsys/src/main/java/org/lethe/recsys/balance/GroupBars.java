package org.lethe.recsys.balance;

import java.util.Locale;
import java.util.Optional;
import org.lethe.Verdict;
import org.lethe.recsys.balance.GroupMeans.Members;
import org.lethe.statistics.Resampling.Sampled;

/**
 * The bars of {@link UserGroupFairness}: each passes if its whole interval is at most 0, fails if none of it is, and is
 * undecided otherwise, with the reason.
 *
 * @param maxRemaining largest share of the UGF before that may remain
 * @param margin largest share of a quality before that may be lost
 */
record GroupBars(double maxRemaining, double margin) {
    /** Users of a group that an interval is drawn from; fewer say nothing about other users. */
    static final int LEAST = 10;

    /** The gap that is left: {@code UGF after − maxRemaining · UGF before}. */
    Verdict balanced(GroupMeans after, GroupMeans before, Members members) {
        if (before.gap().interval().contains(0) && tooFew(ugf(), members).isEmpty()) {
            return new Verdict.Undecided(
                    ugf(),
                    String.format(
                            Locale.ROOT,
                            "nothing to balance: the UGF of the model before, %.3f, is not told from 0 by %s",
                            before.ugf().value(),
                            members));
        }
        return atMostZero(ugf(), GroupMeans.both(after.ugf(), before.ugf(), (a, b) -> a - maxRemaining * b), members);
    }

    /** No verdict on UGF where a group has no user with test items. */
    Verdict nobody(Members members) {
        return new Verdict.Undecided(ugf(), members + " have test items, expected at least 1 of each");
    }

    /**
     * The quality that is lost: {@code (1 − margin) · before − after}.
     *
     * @param who the users and what they do, as {@code all users lose}
     */
    Verdict kept(String who, Sampled after, Sampled before, Members members) {
        String bar = String.format(Locale.ROOT, "%s at most %s of the model before's NDCG", who, margin);
        if (before.value() <= 0) {
            return new Verdict.Undecided(bar, "the model before hits nothing, so nothing can be lost");
        }
        return atMostZero(bar, GroupMeans.both(before, after, (b, a) -> (1 - margin) * b - a), members);
    }

    /** What both groups lose together. */
    static Verdict levelled(Sampled down, Members members) {
        return atMostZero("the changes of both groups add up to at least 0", down, members);
    }

    private String ugf() {
        return String.format(Locale.ROOT, "at most %s of the model before's UGF", maxRemaining);
    }

    private static Verdict atMostZero(String bar, Sampled of, Members members) {
        return tooFew(bar, members).orElseGet(() -> {
            if (of.interval().high() <= 0) {
                return new Verdict.Pass(bar);
            }
            return of.interval().low() > 0
                    ? new Verdict.Fail(bar)
                    : new Verdict.Undecided(bar, "the bar lies within the interval of " + members);
        });
    }

    private static Optional<Verdict> tooFew(String bar, Members members) {
        return Math.min(members.advantaged().length, members.disadvantaged().length) >= LEAST
                ? Optional.empty()
                : Optional.of(new Verdict.Undecided(
                        bar, members + " have test items, expected at least " + LEAST + " of each"));
    }
}
