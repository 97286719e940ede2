package org.lethe.recsys.neural.forget;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
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
 * <p>Where one table does both, its rows begin at zero, and states and rows are computed in turn, twice. Where states are no rows and
 * the tables differ, rows that are read are trained from zero by Adam on retained examples with these items, which is no minimum.
 *
 * <p>Ours (erase 5.11); not exact: a heuristic in which rows of one item are exact given the rest. The weight of the squared length sets
 * the balance between forgetting too little and too much. With {@code ridge: 0} it is chosen once, before the first request: eight
 * users are forgotten for a trial, and their examples must lose, beyond what the retained data says of them, what examples of the
 * validation part do. Up to 4,096 states stand for
 * all retained examples. Cost: {@code O((states + examples of the rows) · items · width)} a request, and one pass over all events.
 *
 * @param ridge weight of the squared length of each row; 0 to choose it
 * @param scored whether rows that score are refitted; without, less is forgotten and less is disturbed
 */
@Named("row-refit")
@Taxonomy({Branch.REPAIR, Branch.SEQUENCE})
public record RowRefit(double ridge, boolean scored) implements NetworkMethod {
    private static final int TRIALS = 8;
    private static final double[] RIDGES = {0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30};
    private static final double TOLERANCE = 1e-6;
    private static final int EPOCHS = 20; // of rows that are no minimum
    private static final double RATE = 1e-2;

    public RowRefit {
        Check.require(ridge >= 0 && ridge <= 1e9, "ridge", ridge, "0 to 1e9");
    }

    /** A chosen ridge, rows that score and rows that are read. */
    public RowRefit() {
        this(0, true);
    }

    /** A model in a stream, with the ridge that was chosen for it. */
    private record Ridged(NetworkModel model, double ridge) implements NextItems {
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
        NetworkModel network = (NetworkModel) model;
        return new Ridged(network, ridge > 0 ? ridge : chosen(network, data, env));
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
        return new Ridged(new RowRefit(ridged.ridge, scored).moved(ridged.model, events, remaining, env), ridged.ridge);
    }

    @Override
    public void move(Removal removal) {
        refit(removal, ridge);
    }

    /** Refits the rows in place, with some ridge. */
    private void refit(Removal removal, double weight) {
        Rows rows = new Rows(removal, weight, TOLERANCE);
        if (removal.network.stateIsLastRow()) {
            if (scored) {
                rows.scored(removal.scoredItems());
            }
            rows.read(removal.readItems());
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
            rows.zero(removal.network.readRows(), removal.readItems());
            boolean[] marked = new boolean[removal.itemCount()];
            Arrays.stream(removal.readItems()).forEach(i -> marked[i] = true);
            new Tuning(removal, RATE, removal.rows(removal.network.readRows(), i -> marked[i]))
                    .epochs(EPOCHS, removal.near(512).prefixes());
        }
    }

    /**
     * The ridge at which users who are forgotten for a trial lose what a model would that never saw them. A very large one makes
     * rows useless, so that only those up to the one of the smallest loss are asked.
     */
    private double chosen(NetworkModel model, Events data, Env env) {
        Devices.ready(env.device());
        Keyed random = env.random("trials");
        int[][] trials = IntStream.range(0, data.userCount())
                .boxed()
                .sorted(Comparator.comparingLong(u -> random.at(u)))
                .map(u -> IntStream.range(data.from(data.firstGroup(u)), data.to(data.endOfGroups(u) - 1))
                        .filter(data::trains)
                        .toArray())
                .filter(events -> events.length > 1)
                .limit(TRIALS)
                .toArray(int[][]::new);
        double[] excess = Arrays.stream(RIDGES)
                .map(tried -> excess(model, data, trials, tried, env))
                .toArray();
        int best = 0;
        for (int n = 1; n < excess.length; n++) {
            best = excess[n] < excess[best] ? n : best;
        }
        int nearest = best;
        for (int n = best; n >= 0; n--) {
            nearest = Math.abs(excess[n]) < Math.abs(excess[nearest]) ? n : nearest;
        }
        return RIDGES[nearest];
    }

    /** How much more than that the examples of the trials lose, on average. */
    private double excess(NetworkModel model, Events data, int[][] trials, double tried, Env env) {
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
        if (count == 0) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    "row-refit.ridge is 0, expected a number above 0 for data without sessions of two clicks");
        }
        return more / count;
    }

    private static BitSet bits(int... events) {
        BitSet bits = new BitSet();
        Arrays.stream(events).forEach(bits::set);
        return bits;
    }
}
