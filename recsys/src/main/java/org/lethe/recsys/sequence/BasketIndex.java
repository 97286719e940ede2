package org.lethe.recsys.sequence;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.lethe.Safetensors;

/**
 * The training baskets of each user, from which a model of counts is derived and kept up to date. A basket with nothing left
 * vanishes.
 */
abstract class BasketIndex implements Decremental {
    private static final int GONE = -1;

    private final int items;
    private final int groups;
    private final int[] user; // by event
    private final int[] group; // by event
    private final int[] item; // by event, GONE where there is none
    private final int[] from; // first event of a user
    private final int[] to;
    private final boolean[] neighbour; // by user: whether others may be compared with him

    BasketIndex(Events data) {
        items = data.itemCount();
        groups = data.groupCount();
        int size = data.size();
        user = new int[size];
        group = new int[size];
        item = new int[size];
        for (int e = 0; e < size; e++) {
            user[e] = data.user(e);
            group[e] = data.group(e);
            item[e] = data.trains(e) ? data.item(e) : GONE;
        }
        from = new int[data.userCount()];
        to = new int[data.userCount()];
        neighbour = BasketSplits.neighbours(data);
        range();
    }

    BasketIndex(BasketIndex other) {
        items = other.items;
        groups = other.groups;
        user = other.user;
        group = other.group;
        item = other.item.clone();
        from = other.from;
        to = other.to;
        neighbour = other.neighbour;
    }

    BasketIndex(Safetensors file, String prefix) {
        long[] sizes = file.longs(prefix + "sizes");
        items = (int) sizes[0];
        groups = (int) sizes[1];
        from = new int[(int) sizes[2]];
        to = new int[from.length];
        int events = (int) sizes[3];
        user = new int[events];
        group = new int[events];
        item = new int[events];
        Arrays.fill(item, GONE);
        long[] event = file.longs(prefix + "event");
        long[] users = file.longs(prefix + "user");
        long[] baskets = file.longs(prefix + "basket");
        long[] bought = file.longs(prefix + "item");
        int next = 0;
        for (int n = 0; n < event.length; n++) {
            int e = (int) event[n];
            Arrays.fill(user, next, e + 1, (int) users[n]); // events that are gone belong to nobody any more
            Arrays.fill(group, next, e + 1, (int) baskets[n]);
            item[e] = (int) bought[n];
            next = e + 1;
        }
        if (event.length > 0) {
            Arrays.fill(user, next, events, (int) users[event.length - 1]);
            Arrays.fill(group, next, events, (int) baskets[event.length - 1]);
        }
        long[] compared = file.longs(prefix + "neighbours");
        neighbour = new boolean[from.length];
        for (int u = 0; u < neighbour.length; u++) {
            neighbour[u] = compared[u] == 1;
        }
        range();
    }

    private void range() {
        for (int e = item.length - 1; e >= 0; e--) {
            from[user[e]] = e;
            to[user[e]] = Math.max(to[user[e]], e + 1);
        }
    }

    /** The settings, as whole numbers; doubles by their bits. */
    abstract long[] settings();

    /** Works out again what is derived from the baskets of some users. */
    abstract void refresh(int... users);

    /** What is derived, by name. */
    abstract Map<String, Safetensors.Tensor> derived();

    @Override
    public final void forget(int... events) {
        int[] touched = Arrays.stream(events)
                .filter(e -> item[e] != GONE)
                .map(e -> user[e])
                .distinct()
                .toArray();
        for (int e : events) {
            item[e] = GONE;
        }
        refresh(touched);
    }

    /** The baskets of a user in order, without empty ones. */
    final int[][] baskets(int u) {
        List<int[]> baskets = new ArrayList<>();
        int e = from[u];
        while (e < to[u]) {
            int end = e;
            while (end < to[u] && group[end] == group[e]) {
                end++;
            }
            int[] basket = IntStream.range(e, end)
                    .map(n -> item[n])
                    .filter(i -> i != GONE)
                    .toArray();
            if (basket.length > 0) {
                baskets.add(basket);
            }
            e = end;
        }
        return baskets.toArray(int[][]::new);
    }

    final int userCount() {
        return from.length;
    }

    /** Whether others may be compared with a user. */
    final boolean neighbour(int u) {
        return neighbour[u];
    }

    @Override
    public final int itemCount() {
        return items;
    }

    /** The baskets that are left; everything else follows from them. */
    @Override
    public final Map<String, Safetensors.Tensor> tensors() {
        int[] left =
                IntStream.range(0, item.length).filter(e -> item[e] != GONE).toArray();
        Map<String, Safetensors.Tensor> tensors = new LinkedHashMap<>();
        tensors.put("settings", Safetensors.Tensor.of(settings(), settings().length));
        tensors.put("sizes", Decremental.tensor(items, groups, from.length, item.length));
        tensors.put("event", Decremental.tensor(left));
        tensors.put(
                "user", Decremental.tensor(Arrays.stream(left).map(e -> user[e]).toArray()));
        tensors.put(
                "basket",
                Decremental.tensor(Arrays.stream(left).map(e -> group[e]).toArray()));
        tensors.put(
                "item", Decremental.tensor(Arrays.stream(left).map(e -> item[e]).toArray()));
        tensors.put(
                "neighbours",
                Decremental.tensor(IntStream.range(0, neighbour.length)
                        .map(u -> neighbour[u] ? 1 : 0)
                        .toArray()));
        return tensors;
    }

    @Override
    public final Map<String, Safetensors.Tensor> state() {
        Map<String, Safetensors.Tensor> state = tensors();
        state.putAll(derived());
        return state;
    }

    /** All users. */
    final int[] everybody() {
        return IntStream.range(0, from.length).toArray();
    }
}
