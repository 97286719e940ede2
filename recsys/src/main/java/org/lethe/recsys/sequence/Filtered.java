package org.lethe.recsys.sequence;

import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.lethe.Safetensors;
import org.lethe.recsys.sequence.Events.Example;

/**
 * A model that some users are not shown some items of. What it knows is unchanged.
 *
 * @param bare the model
 * @param banned the items, by user
 */
public record Filtered(NextItems bare, Map<Integer, BitSet> banned) implements NextItems {
    /** How the names of the kinds of these models begin; the kind of the model inside follows. */
    static final String KIND = "filtered/";

    private static final String USERS = "banned/users";
    private static final String ITEMS = "banned/items";

    public Filtered {
        Map<Integer, BitSet> copies = new TreeMap<>();
        banned.forEach((user, items) -> copies.put(user, (BitSet) items.clone()));
        banned = copies;
    }

    /** The model in a file, around another one that was read from it. */
    static Filtered read(NextItems bare, Safetensors file, String prefix) {
        long[] users = file.longs(prefix + USERS);
        long[] items = file.longs(prefix + ITEMS);
        Map<Integer, BitSet> banned = new TreeMap<>();
        for (int n = 0; n < users.length; n++) {
            banned.computeIfAbsent((int) users[n], _ -> new BitSet()).set((int) items[n]);
        }
        return new Filtered(bare, banned);
    }

    @Override
    public int itemCount() {
        return bare.itemCount();
    }

    @Override
    public void scores(Example after, double[] into) {
        bare.scores(after, into);
        ban(after, into);
    }

    @Override
    public void scores(List<Example> after, double[][] into) {
        bare.scores(after, into);
        for (int n = 0; n < into.length; n++) {
            ban(after.get(n), into[n]);
        }
    }

    private void ban(Example after, double[] scores) {
        BitSet items = banned.get(after.user());
        if (items != null) {
            items.stream().forEach(i -> scores[i] = Double.NEGATIVE_INFINITY);
        }
    }

    @Override
    public double probability(double[] scores, int item) {
        return bare.probability(scores, item);
    }

    @Override
    public boolean finite() {
        return bare.finite();
    }

    @Override
    public String kind() {
        return KIND + bare.kind();
    }

    @Override
    public Map<String, Safetensors.Tensor> tensors() {
        Map<String, Safetensors.Tensor> tensors = new LinkedHashMap<>(bare.tensors());
        tensors.put(
                USERS,
                Decremental.tensor(banned.entrySet().stream()
                        .flatMapToInt(e -> e.getValue().stream().map(_ -> e.getKey()))
                        .toArray()));
        tensors.put(
                ITEMS,
                Decremental.tensor(
                        banned.values().stream().flatMapToInt(BitSet::stream).toArray()));
        return tensors;
    }
}
