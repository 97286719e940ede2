package org.lethe.recsys.neural.forget;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Safetensors;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.neural.NetworkModel;
import org.lethe.recsys.sequence.Events;
import org.lethe.recsys.sequence.Events.Example;
import org.lethe.recsys.sequence.NextItems;
import org.lethe.torch.Devices;

/**
 * Forgets by refitting the rows of items in erased examples from zero on the retained examples, all other weights fixed.
 *
 * <p>Given the states, the row with which an item scores is the minimiser of a convex problem, a logistic one against all other items;
 * and where the state after a history is the row of its last item, as in {@code fmc}, so is that row, of a softmax. Newton steps in
 * double find each to a gradient of 1e-6. Rows that score are refitted first, one after the other, then those that are read. The
 * new row that is read depends on erased examples only through the rows that score; rows of other items keep their bits. A row with
 * nothing left is zero.
 *
 * <p>Where one table does both, its rows begin at zero, and states and rows are computed in turn, twice; this costs {@code gru4rec}
 * a tenth of its quality in thirty requests. Where states are no rows and the tables differ, rows that are read are trained from zero by
 * Adam on retained examples with these items, which is no minimum.
 *
 * <p>Ours (erase 5.11); not exact: a heuristic in which rows of one item are exact given the rest. The weight of the squared length sets
 * the balance between forgetting too little and too much. With {@code ridge: 0} it is chosen once, before the first request, by
 * eight trials, each of which erases some users. {@code held-out} takes, for each table, the weight with which examples of the
 * validation part lose least after all trials in turn. {@code never-seen}, the form first proposed, takes one weight for both tables, with which erased examples
 * of a trial lose, beyond what the retained data says of them, what examples of the validation part do; where these are of a later
 * day, and so harder than erased ones, it forgets too much.
 *
 * <p>Up to 4,096 states stand for all retained examples. Cost: {@code O((states + examples of the rows) · items · width)} a
 * request, and one pass over all events.
 *
 * @param ridge weight of the squared length of each row that is read; 0 to choose it
 * @param scoredRidge the same for rows that score; 0 to choose it, or to take {@code ridge} where that is given
 * @param scored whether rows that score are refitted; without, less is forgotten and less is disturbed
 * @param choice by what the weights are chosen
 */
@Named("row-refit")
@Taxonomy({Branch.REPAIR, Branch.SEQUENCE})
public record RowRefit(double ridge, double scoredRidge, boolean scored, Choice choice) implements NetworkMethod {
    /** By what the weights of the squared lengths are chosen. */
    public enum Choice {
        /** The loss of validation examples, for each table. */
        HELD_OUT,
        /** What a model would lose that never saw the examples of a trial, for both tables together. */
        NEVER_SEEN
    }

    private static final int TRIALS = 8;
    private static final int EVENTS = 32; // of a trial by held-out examples, at least
    private static final int HELD_OUT = 1024;
    private static final double[] RIDGES = {0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30};
    private static final double TOLERANCE = 1e-6;
    private static final int EPOCHS = 20; // of rows that are no minimum
    private static final double RATE = 1e-2;

    public RowRefit {
        Check.require(ridge >= 0 && ridge <= 1e9, "ridge", ridge, "0 to 1e9");
        Check.require(scoredRidge >= 0 && scoredRidge <= 1e9, "scoredRidge", scoredRidge, "0 to 1e9");
    }

    /** Ridges chosen by held-out examples, rows that score and rows that are read. */
    public RowRefit() {
        this(0, 0, true, Choice.HELD_OUT);
    }

    /**
     * The weights of the squared lengths.
     *
     * @param read of rows that are read
     * @param scored of rows that score
     */
    private record Ridges(double read, double scored) {}

    /** A model in a stream, with the ridges that were chosen for it. */
    private record Ridged(NetworkModel model, Ridges ridges) implements NextItems {
        @Override
        public int itemCount() {
            return model.itemCount();
        }

        @Override
        public void scores(Example after, double[] into) {
            model.scores(after, into);
        }

        @Override
        public void scores(List<Example> after, double[][] into) {
            model.scores(after, into);
        }

        @Override
        public double probability(double[] scores, int item) {
            return model.probability(scores, item);
        }

        @Override
        public String kind() {
            return model.kind();
        }

        @Override
        public Map<String, Safetensors.Tensor> tensors() {
            return model.tensors();
        }

        @Override
        public boolean finite() {
            return model.finite();
        }
    }

    @Override
    public NextItems begin(NextItems model, Learner<Events, NextItems> learner, Events data, Env env) {
        return new Ridged((NetworkModel) model, ridges((NetworkModel) model, data, env));
    }

    @Override
    public NextItems kept(NextItems current) {
        return ((Ridged) current).model;
    }

    @Override
    public NextItems erase(
            NextItems current,
            int[] events,
            Function<int[], Events> remaining,
            Learner<Events, NextItems> learner,
            Env env) {
        Ridged ridged = (Ridged) current;
        Ridges ridges = ridged.ridges;
        return new Ridged(
                new RowRefit(ridges.read, ridges.scored, scored, choice).moved(ridged.model, events, remaining, env),
                ridges);
    }

    @Override
    public void move(Removal removal) {
        refit(removal, given());
    }

    private Ridges given() {
        return new Ridges(ridge, scoredRidge > 0 ? scoredRidge : ridge);
    }

    /** Refits the rows in place. */
    private void refit(Removal removal, Ridges ridges) {
        Rows rows = new Rows(removal, ridges.scored, TOLERANCE);
        if (removal.network.stateIsLastRow()) {
            if (scored) {
                rows.scored(removal.scoredItems());
            }
            new Rows(removal, ridges.read, TOLERANCE).read(removal.readItems());
        } else if (removal.network.readRows().equals(removal.network.scoredRows())) {
            int[] both = IntStream.concat(Arrays.stream(removal.scoredItems()), Arrays.stream(removal.readItems()))
                    .sorted()
                    .distinct()
                    .toArray();
            rows.zero(removal.network.readRows(), both);
            rows.scored(both);
            rows.scored(both);
        } else {
            if (scored) {
                rows.scored(removal.scoredItems());
            }
            trained(removal);
        }
    }

    /** Trains the rows that are read from zero, where they are no minimum of a convex problem. */
    private static void trained(Removal removal) {
        new Rows(removal, 0, TOLERANCE).zero(removal.network.readRows(), removal.readItems());
        boolean[] marked = new boolean[removal.itemCount()];
        Arrays.stream(removal.readItems()).forEach(i -> marked[i] = true);
        new Tuning(removal, RATE, removal.rows(removal.network.readRows(), i -> marked[i]))
                .epochs(EPOCHS, removal.near(512).prefixes());
    }

    private Ridges ridges(NetworkModel model, Events data, Env env) {
        if (ridge > 0) {
            return given();
        }
        Devices.ready(env.device());
        if (choice == Choice.NEVER_SEEN) {
            List<int[]> trials = trials(data, 2, env);
            return nearest(r -> excess(model, data, trials, new Ridges(r, r), env));
        }
        return best(model, data, trials(data, EVENTS, env), env);
    }

    /** Training events of users who are drawn by the seed: of one or more users, so many at least. */
    private static List<int[]> trials(Events data, int least, Env env) {
        Keyed random = env.random("trials");
        List<int[]> trials = new ArrayList<>();
        int[] open = {};
        for (int u : IntStream.range(0, data.userCount())
                .boxed()
                .sorted(Comparator.comparingLong(u -> random.at(u)))
                .toList()) {
            int[] events = IntStream.range(data.from(data.firstGroup(u)), data.to(data.endOfGroups(u) - 1))
                    .filter(data::trains)
                    .toArray();
            if (events.length > 1 && trials.size() < TRIALS) {
                open = IntStream.concat(Arrays.stream(open), Arrays.stream(events))
                        .toArray();
                if (open.length >= least) {
                    trials.add(open);
                    open = new int[0];
                }
            }
        }
        if (trials.isEmpty()) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    "row-refit.ridge is 0, expected a number above 0 for data with so few sessions of two clicks");
        }
        return trials;
    }

    /** The ridges with which held-out examples lose least: first that of the rows that score, then that of those that are read. */
    private Ridges best(NetworkModel model, Events data, List<int[]> trials, Env env) {
        double ofScored = scoredRidge > 0 || !scored
                ? Math.max(scoredRidge, 1)
                : least(r -> heldOut(model, data, trials, new Ridges(r, r), env));
        return model.network().stateIsLastRow()
                ? new Ridges(least(r -> heldOut(model, data, trials, new Ridges(r, ofScored), env)), ofScored)
                : new Ridges(ofScored, ofScored);
    }

    /** The ridge of the smallest loss, from 1 on downhill. */
    private static double least(DoubleUnaryOperator loss) {
        int best = Arrays.binarySearch(RIDGES, 1);
        double[] known = new double[RIDGES.length];
        Arrays.fill(known, Double.NaN);
        known[best] = loss.applyAsDouble(RIDGES[best]);
        for (int way : new int[] {1, -1}) {
            for (int n = best + way; n >= 0 && n < RIDGES.length && Double.isNaN(known[n]); n += way) {
                known[n] = loss.applyAsDouble(RIDGES[n]);
                if (!(known[n] < known[best])) {
                    break;
                }
                best = n;
            }
        }
        return RIDGES[best];
    }

    /** What held-out examples lose on average after all trials, one after another as in a stream. */
    private double heldOut(NetworkModel model, Events data, List<int[]> trials, Ridges tried, Env env) {
        NetworkModel current = model;
        BitSet gone = new BitSet();
        double loss = Double.NaN;
        for (int[] events : trials) {
            try (var _ = new PointerScope()) {
                Removal removal = new Removal(
                        current,
                        events,
                        more -> {
                            BitSet both = bits(more);
                            both.or(gone);
                            return data.without(both);
                        },
                        env);
                refit(removal, tried);
                current = removal.model();
                loss = Arrays.stream(removal.losses(removal.heldOut(HELD_OUT)))
                        .average()
                        .orElseThrow();
            }
            gone.or(bits(events));
        }
        return loss;
    }

    /**
     * The ridge at which the excess is nearest to none. A very large one makes rows useless, so that only those up to the one of the
     * smallest excess are asked.
     */
    private static Ridges nearest(DoubleUnaryOperator excessOf) {
        double[] excess = Arrays.stream(RIDGES).map(excessOf).toArray();
        int best = 0;
        for (int n = 1; n < excess.length; n++) {
            best = excess[n] < excess[best] ? n : best;
        }
        int nearest = best;
        for (int n = best; n >= 0; n--) {
            nearest = Math.abs(excess[n]) < Math.abs(excess[nearest]) ? n : nearest;
        }
        return new Ridges(RIDGES[nearest], RIDGES[nearest]);
    }

    /** How much more the examples of the trials lose, on average, than under a model that never saw them. */
    private double excess(NetworkModel model, Events data, List<int[]> trials, Ridges tried, Env env) {
        double more = 0;
        int count = 0;
        for (int[] events : trials) {
            try (var _ = new PointerScope()) {
                Removal removal = new Removal(model, events, gone -> data.without(bits(gone)), env);
                if (!removal.unknown.isEmpty()) {
                    more -= Arrays.stream(removal.neverSeen(removal.unknown)).sum();
                    refit(removal, tried);
                    more += Arrays.stream(removal.losses(removal.unknown)).sum();
                    count += removal.unknown.size();
                }
            }
        }
        return more / Math.max(1, count);
    }

    private static BitSet bits(int... events) {
        BitSet bits = new BitSet();
        Arrays.stream(events).forEach(bits::set);
        return bits;
    }
}
