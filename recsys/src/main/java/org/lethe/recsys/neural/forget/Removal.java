package org.lethe.recsys.neural.forget;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.approximate.Vectors;
import org.lethe.recsys.neural.NetworkModel;
import org.lethe.recsys.neural.NextNetwork;
import org.lethe.recsys.sequence.Events;
import org.lethe.recsys.sequence.Events.Part;
import org.lethe.torch.Parameters;
import org.lethe.torch.Tensors;

/**
 * What a method begins with for one request, mostly of one user: the weights in double, which it changes in place, and the examples that are gone,
 * changed, and left. Belongs to the scope in which it is made.
 */
final class Removal {
    private static final int BATCH = 256; // examples whose logits are held at once
    private static final int LEAST = 32; // retained examples of a sample
    private static final int HELD_OUT = 256;

    final Env env;
    final NextNetwork network;
    final Parameters weights;
    final Leaves leaves;
    final Events data;
    final Events left;

    /** The examples that contain an erased event, as what came next or before it. */
    final List<Prefix> gone = new ArrayList<>();

    /** What is left of those whose next event stays: the same without the erased events. */
    final List<Prefix> mended = new ArrayList<>();

    /** Those that are gone and lead to or from an erased event: what a model must not know any more. */
    final List<Prefix> unknown = new ArrayList<>();

    private final NetworkModel before;
    private final BitSet users = new BitSet(); // of the erased events
    private final boolean[] read; // items
    private final boolean[] scored;

    Removal(NetworkModel before, int[] events, Function<int[], Events> remaining, Env env) {
        this.before = before;
        this.env = env;
        network = before.network();
        weights = inDouble(before.weights());
        leaves = new Leaves(weights);
        data = remaining.apply(new int[0]);
        left = remaining.apply(events);
        Arrays.stream(events).forEach(e -> users.set(data.user(e)));
        read = new boolean[before.itemCount()];
        scored = new boolean[before.itemCount()];
        BitSet erased = new BitSet();
        Arrays.stream(events).forEach(erased::set);
        groups().forEach(g -> {
            int first = erased.nextSetBit(data.from(g));
            if (first >= 0 && first < data.to(g)) {
                divide(g, first, erased);
            }
        });
        for (Prefix p : gone) {
            Arrays.stream(p.history()).forEach(i -> read[i] = true);
            scored[p.next()] = true;
        }
    }

    /** The sessions of those who ask. */
    private IntStream groups() {
        return users.stream().flatMap(u -> IntStream.range(data.firstGroup(u), data.endOfGroups(u)));
    }

    private void divide(int group, int first, BitSet erased) {
        for (Prefix p : prefixes(data, group, Part.TRAIN)) {
            if (p.event() >= first) {
                gone.add(p);
                int last = p.event() - 1;
                while (!data.holds(last)) {
                    last--;
                }
                if (erased.get(p.event()) || erased.get(last)) {
                    unknown.add(p);
                }
            }
        }
        for (Prefix p : prefixes(left, group, Part.TRAIN)) {
            if (p.event() > first) {
                mended.add(p);
            }
        }
    }

    private static Parameters inDouble(Parameters weights) {
        Map<String, Tensor> doubles = new LinkedHashMap<>();
        weights.all()
                .forEach((name, tensor) -> doubles.put(
                        name, tensor.detach().to(ScalarType.Double).set_requires_grad(tensor.requires_grad())));
        return Parameters.of(doubles);
    }

    /** The model with the weights as they are now. */
    NetworkModel model() {
        Map<String, Tensor> floats = new LinkedHashMap<>();
        weights.all().forEach((name, tensor) -> floats.put(name, tensor.detach().to(ScalarType.Float)));
        return NetworkModel.of(before.kind(), network, before.itemCount(), Parameters.of(floats));
    }

    int itemCount() {
        return before.itemCount();
    }

    Keyed random(String purpose) {
        return env.random(purpose);
    }

    /** The items that examples which are gone read. */
    int[] readItems() {
        return items(read);
    }

    /** The items that came next in examples which are gone. */
    int[] scoredItems() {
        return items(scored);
    }

    private static int[] items(boolean[] marked) {
        return IntStream.range(0, marked.length).filter(i -> marked[i]).toArray();
    }

    /** All examples of the user before the request. */
    List<Prefix> had() {
        return ofUser(data);
    }

    /** All examples of the user after it. */
    List<Prefix> keeps() {
        return ofUser(left);
    }

    private List<Prefix> ofUser(Events of) {
        List<Prefix> all = new ArrayList<>();
        groups().forEach(g -> all.addAll(prefixes(of, g, Part.TRAIN)));
        return all;
    }

    /** How many examples are left to train on. */
    int retained() {
        int count = 0;
        for (int g = 0; g < left.groupCount(); g++) {
            boolean any = false;
            for (int e = left.from(g); e < left.to(g); e++) {
                count += any && left.trains(e) ? 1 : 0;
                any |= left.holds(e);
            }
        }
        return count;
    }

    /**
     * Whole sessions of other users, drawn by the request: so many examples for each one that is gone, at least 32, and at most a
     * tenth of the data.
     */
    List<Prefix> sample(int times, String purpose) {
        return sample(times, purpose, retained());
    }

    private List<Prefix> sample(int times, String purpose, int retained) {
        int most = Math.max(1, Math.min(Math.max(LEAST, times * gone.size()), retained / 10));
        Keyed random = random(purpose);
        BitSet drawn = new BitSet();
        List<Prefix> sample = new ArrayList<>();
        for (int n = 0; n < 4 * left.groupCount() && sample.size() < most; n++) {
            int g = Keyed.below(random.at(n), left.groupCount());
            if (!users.get(left.userOf(g)) && !drawn.get(g)) {
                drawn.set(g);
                sample.addAll(prefixes(left, g, Part.TRAIN));
            }
        }
        return sample;
    }

    /** Examples with weights, each of which stands for others like it. */
    record Weighted(List<Prefix> prefixes, double[] weights) {}

    /** The retained examples that read or lead to an item of an example that is gone; so many at most, drawn by the request. */
    Weighted near(int most) {
        return drawn(this::touched, Part.TRAIN, most, "near");
    }

    private boolean touched(Prefix p) {
        return scored[p.next()] || Arrays.stream(p.history()).anyMatch(i -> read[i]);
    }

    /** A sample that stands for all retained examples: those near to the request, and others. */
    Weighted representative(int mostNear, int others) {
        return representative(mostNear, others, Part.TRAIN);
    }

    /** A sample that stands for all examples of a part that are left. */
    Weighted representative(int mostNear, int others, Part part) {
        Weighted near = drawn(this::touched, part, mostNear, "near");
        Weighted far = drawn(p -> !touched(p), part, others, "far");
        List<Prefix> both = new ArrayList<>(near.prefixes);
        both.addAll(far.prefixes);
        double[] weights = Arrays.copyOf(near.weights, both.size());
        System.arraycopy(far.weights, 0, weights, near.weights.length, far.weights.length);
        return new Weighted(both, weights);
    }

    /** The same with examples of one state as one: what came next does not count. */
    Weighted merged(Weighted sample) {
        Map<List<Integer>, Integer> first = new LinkedHashMap<>();
        List<Prefix> prefixes = new ArrayList<>();
        double[] weights = new double[sample.weights.length];
        for (int n = 0; n < weights.length; n++) {
            Prefix p = sample.prefixes.get(n);
            List<Integer> state = network.stateIsLastRow()
                    ? List.of(p.last())
                    : Arrays.stream(p.history()).boxed().toList();
            int at = first.computeIfAbsent(state, _ -> first.size());
            if (at == prefixes.size()) {
                prefixes.add(p);
            }
            weights[at] += sample.weights[n];
        }
        return new Weighted(prefixes, Arrays.copyOf(weights, prefixes.size()));
    }

    private Weighted drawn(Predicate<Prefix> which, Part part, int most, String purpose) {
        List<Prefix> all = new ArrayList<>();
        for (int g = 0; g < left.groupCount(); g++) {
            for (Prefix p : prefixes(left, g, part)) {
                if (which.test(p)) {
                    all.add(p);
                }
            }
        }
        List<Prefix> some = some(all, most, purpose);
        double[] weights = new double[some.size()];
        Arrays.fill(weights, some.isEmpty() ? 0 : (double) all.size() / some.size());
        return new Weighted(some, weights);
    }

    /** So many at most, drawn by their events. */
    List<Prefix> some(List<Prefix> all, int most, String purpose) {
        if (all.size() <= most) {
            return all;
        }
        Keyed random = random(purpose);
        return all.stream()
                .sorted(Comparator.comparingLong(p -> random.at(p.event())))
                .limit(most)
                .sorted(Comparator.comparingInt(Prefix::event))
                .toList();
    }

    /** Examples of the validation part, from which no model has learned: at most 256. */
    private List<Prefix> heldOut() {
        List<Prefix> all = new ArrayList<>();
        for (int g = 0; g < left.groupCount(); g++) {
            all.addAll(prefixes(left, g, Part.VALIDATION));
        }
        if (all.isEmpty()) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    "the data has no validation part, expected one: it tells what a model loses that never saw an event");
        }
        return some(all, HELD_OUT, "held out");
    }

    /**
     * What a model that never saw some examples would lose on each, nearly: −log of the share in which the next item follows the
     * last one in the retained data, and what the model, as it is now, loses more than that on held-out examples.
     */
    double[] neverSeen(List<Prefix> examples) {
        List<Prefix> heldOut = heldOut();
        Followers followers = new Followers(
                left,
                itemCount(),
                Stream.concat(examples.stream(), heldOut.stream())
                        .map(Prefix::last)
                        .collect(Collectors.toSet()));
        double more = Arrays.stream(losses(heldOut)).average().orElseThrow()
                - heldOut.stream().mapToDouble(followers::loss).average().orElseThrow();
        return examples.stream().mapToDouble(p -> followers.loss(p) + more).toArray();
    }

    /** The examples of a session, in order. */
    static List<Prefix> prefixes(Events data, int group, Part part) {
        List<Prefix> prefixes = new ArrayList<>();
        int[] seen = new int[data.to(group) - data.from(group)];
        int size = 0;
        for (int e = data.from(group); e < data.to(group); e++) {
            if (data.holds(e)) {
                if (size > 0 && data.part(e) == part) {
                    prefixes.add(new Prefix(e, Arrays.copyOf(seen, size), data.item(e)));
                }
                seen[size++] = data.item(e);
            }
        }
        return prefixes;
    }

    Tensor states(List<Prefix> prefixes) {
        return network.states(weights, Prefix.histories(prefixes), Optional.empty());
    }

    /** log p of what came next, [prefixes]. */
    Tensor logProbabilities(List<Prefix> prefixes) {
        return network.logits(weights, states(prefixes))
                .log_softmax(1)
                .gather(1, numbers(Prefix.next(prefixes)).unsqueeze(1))
                .squeeze(1);
    }

    static Tensor numbers(int... numbers) {
        return Tensors.of(numbers, numbers.length).to(ScalarType.Long);
    }

    /** −log p of what came next, one an example. */
    double[] losses(List<Prefix> prefixes) {
        double[] losses = new double[prefixes.size()];
        for (int from = 0; from < losses.length; from += BATCH) {
            int to = Math.min(losses.length, from + BATCH);
            try (var _ = new PointerScope();
                    var _ = new NoGradGuard()) {
                double[] part = doubles(logProbabilities(prefixes.subList(from, to)));
                for (int n = from; n < to; n++) {
                    losses[n] = -part[n - from];
                }
            }
        }
        return losses;
    }

    static double[] doubles(Tensor tensor) {
        Tensor plain = tensor.detach().contiguous();
        double[] values = new double[Math.toIntExact(plain.numel())];
        new DoublePointer(plain.data_ptr()).get(values);
        return values;
    }

    /** The gradient of the weighted sum of losses. */
    double[] gradient(List<Prefix> prefixes, double[] weightOf) {
        double[] sum = new double[leaves.size()];
        for (int from = 0; from < prefixes.size(); from += BATCH) {
            int to = Math.min(prefixes.size(), from + BATCH);
            try (var _ = new PointerScope()) {
                Tensor by = Tensor.create(Arrays.copyOfRange(weightOf, from, to), to - from);
                Tensor loss = logProbabilities(prefixes.subList(from, to))
                        .mul(by)
                        .sum()
                        .neg();
                double[] part = leaves.flat(torch.grad(
                        new TensorVector(loss),
                        leaves.all(),
                        new TensorVector(),
                        new BoolOptional(false),
                        false,
                        true));
                Vectors.add(sum, 1, part);
            }
        }
        return sum;
    }

    /** The gradient of the sum of losses, times a factor. */
    double[] gradient(List<Prefix> prefixes, double factor) {
        double[] weightOf = new double[prefixes.size()];
        Arrays.fill(weightOf, factor);
        return gradient(prefixes, weightOf);
    }

    /** The gradient of the mean loss; of 0 where there is no example. */
    double[] meanGradient(List<Prefix> prefixes) {
        return gradient(prefixes, 1.0 / Math.max(1, prefixes.size()));
    }

    /** Which entries of the weights are rows of some items in a table. */
    boolean[] rows(String table, IntPredicate items) {
        boolean[] rows = new boolean[leaves.size()];
        int columns = leaves.columns(table);
        for (int i = 0; i < itemCount(); i++) {
            if (items.test(i)) {
                int from = leaves.from(table) + i * columns;
                Arrays.fill(rows, from, from + columns, true);
            }
        }
        return rows;
    }

    /** Which entries are rows of items of examples that are gone, in either table. */
    boolean[] touchedRows() {
        boolean[] rows = rows(network.readRows(), i -> read[i]);
        boolean[] others = rows(network.scoredRows(), i -> scored[i]);
        for (int n = 0; n < rows.length; n++) {
            rows[n] |= others[n];
        }
        return rows;
    }
}
