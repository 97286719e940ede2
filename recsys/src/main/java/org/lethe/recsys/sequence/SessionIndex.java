package org.lethe.recsys.sequence;

import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.stream.IntStream;
import org.lethe.Safetensors;
import org.lethe.recsys.sequence.Events.Example;

/**
 * The index of {@link VmisKnn}: the clicks of each session, and for each item all its sessions, newest first.
 *
 * <p>Lists are cut at query time and not before, because a list that was cut cannot be filled again once one of its
 * sessions is gone. The rarity of an item is worked out from whole numbers at query time, because each deletion changes it
 * for every item (erase 5.10). A session with fewer than two clicks is kept, but not indexed.
 */
final class SessionIndex implements Decremental {
    private static final int GONE = -1;
    private static final double STEP = 0.1; // by which the weight of an older shared click falls

    private final VmisKnn settings;
    private final int[] session; // by event
    private final int[] item; // by event, GONE where there is none
    private final long[] time; // by event
    private final int[] from; // first event of a session
    private final int[] to;
    private final long[] newest; // time of an indexed session
    private final int[][] lists; // by item, sessions from the newest on
    private final int[] sizes; // of the lists
    private long total; // of the sizes

    private SessionIndex(
            VmisKnn settings,
            int[] session,
            int[] item,
            long[] time,
            int[] from,
            int[] to,
            long[] newest,
            int[][] lists,
            int[] sizes,
            long total) {
        this.settings = settings;
        this.session = session;
        this.item = item;
        this.time = time;
        this.from = from;
        this.to = to;
        this.newest = newest;
        this.lists = lists;
        this.sizes = sizes;
        this.total = total;
    }

    static SessionIndex of(VmisKnn settings, Events data) {
        int[] session = new int[data.size()];
        int[] item = new int[data.size()];
        long[] time = new long[data.size()];
        for (int e = 0; e < item.length; e++) {
            session[e] = data.group(e);
            item[e] = data.trains(e) ? data.item(e) : GONE;
            time[e] = data.time(e);
        }
        return built(settings, session, item, time, data.groupCount(), data.itemCount());
    }

    private static SessionIndex built(
            VmisKnn settings, int[] session, int[] item, long[] time, int sessions, int items) {
        int[] from = new int[sessions];
        int[] to = new int[sessions];
        for (int e = item.length - 1; e >= 0; e--) {
            from[session[e]] = e;
            to[session[e]] = Math.max(to[session[e]], e + 1);
        }
        SessionIndex index = new SessionIndex(
                settings, session, item, time, from, to, new long[sessions], new int[items][], new int[items], 0);
        index.fill();
        return index;
    }

    private void fill() {
        int[][] distinct = new int[from.length][];
        for (int s = 0; s < from.length; s++) {
            distinct[s] = indexed(s);
            newest[s] = distinct[s].length == 0 ? 0 : newest(s);
            for (int i : distinct[s]) {
                sizes[i]++;
            }
        }
        for (int i = 0; i < lists.length; i++) {
            lists[i] = new int[sizes[i]];
            total += sizes[i];
        }
        int[] filled = new int[lists.length];
        IntStream.range(0, from.length)
                .filter(s -> distinct[s].length > 0)
                .boxed()
                .sorted(this::order)
                .forEach(s -> {
                    for (int i : distinct[s]) {
                        lists[i][filled[i]++] = s;
                    }
                });
    }

    /** Newer sessions come first, and among those of one time the larger number. */
    private int order(int left, int right) {
        return newest[left] != newest[right] ? Long.compare(newest[right], newest[left]) : Integer.compare(right, left);
    }

    /** The different items of a session, if it is to be indexed. */
    private int[] indexed(int s) {
        int clicks = 0;
        for (int e = from[s]; e < to[s]; e++) {
            clicks += item[e] == GONE ? 0 : 1;
        }
        if (clicks < 2 || settings.longest() > 0 && clicks > settings.longest()) {
            return new int[0];
        }
        return IntStream.range(from[s], to[s])
                .map(e -> item[e])
                .filter(i -> i != GONE)
                .distinct()
                .toArray();
    }

    private long newest(int s) {
        long last = Long.MIN_VALUE;
        for (int e = from[s]; e < to[s]; e++) {
            last = item[e] == GONE ? last : Math.max(last, time[e]);
        }
        return last;
    }

    @Override
    public void forget(int... events) {
        int[] touched = Arrays.stream(events)
                .filter(e -> item[e] != GONE)
                .map(e -> session[e])
                .distinct()
                .toArray();
        for (int s : touched) {
            for (int i : indexed(s)) {
                int[] list = lists[i];
                int at = search(list, sizes[i], s);
                System.arraycopy(list, at + 1, list, at, sizes[i] - at - 1);
                sizes[i]--;
                total--;
            }
        }
        for (int e : events) {
            item[e] = GONE;
        }
        for (int s : touched) {
            int[] left = indexed(s);
            newest[s] = left.length == 0 ? 0 : newest(s);
            for (int i : left) {
                int at = ~search(lists[i], sizes[i], s);
                System.arraycopy(lists[i], at, lists[i], at + 1, sizes[i] - at); // it had a place in this list before
                lists[i][at] = s;
                sizes[i]++;
                total++;
            }
        }
    }

    /** The place of a session in a list, or the complement of where it belongs. */
    private int search(int[] list, int size, int s) {
        int low = 0;
        int high = size - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            int compared = order(list[middle], s);
            if (compared == 0) {
                return middle;
            }
            if (compared < 0) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return ~low;
    }

    /** The similarity of a session so far. */
    private static final class Similar {
        final int session;
        final int newestShared; // clicks from the end, the last one is 1
        double weight;

        Similar(int session, int newestShared) {
            this.session = session;
            this.newestShared = newestShared;
        }
    }

    @Override
    public void scores(Example after, double[] into) {
        Arrays.fill(into, Double.NEGATIVE_INFINITY);
        int[] history = after.history()[0];
        int[] clicks = Arrays.copyOfRange(history, Math.max(0, history.length - settings.clicks()), history.length);
        for (Similar neighbour : neighbours(clicks)) {
            double weight = neighbour.weight * Math.max(0, 1 - STEP * neighbour.newestShared);
            for (int i : indexed(neighbour.session)) {
                double rarity = Math.log((double) total / sizes[i]);
                into[i] = (into[i] == Double.NEGATIVE_INFINITY ? 0 : into[i]) + weight * rarity;
            }
        }
        into[history[history.length - 1]] = Double.NEGATIVE_INFINITY;
    }

    private List<Similar> neighbours(int[] clicks) {
        int different = (int) Arrays.stream(clicks).distinct().count();
        Map<Integer, Similar> held = new HashMap<>();
        PriorityQueue<Similar> oldestFirst = new PriorityQueue<>((a, b) -> order(b.session, a.session));
        for (int back = 1; back <= clicks.length; back++) {
            int i = clicks[clicks.length - back];
            if (contains(clicks, clicks.length - back + 1, i)) {
                continue; // a newer click on the same item has counted
            }
            double weight = (double) (clicks.length - back + 1) / different;
            for (int n = 0; n < Math.min(sizes[i], settings.sessions()); n++) {
                int s = lists[i][n];
                Similar similar = held.get(s);
                if (similar == null) {
                    if (held.size() == settings.sessions()) {
                        Similar oldest = oldestFirst.element();
                        if (newest[s] <= newest[oldest.session]) {
                            continue;
                        }
                        held.remove(oldestFirst.remove().session);
                    }
                    similar = new Similar(s, back);
                    held.put(s, similar);
                    oldestFirst.add(similar);
                }
                similar.weight += weight;
            }
        }
        return held.values().stream()
                .sorted(Comparator.<Similar>comparingDouble(n -> -n.weight)
                        .thenComparingLong(n -> -newest[n.session])
                        .thenComparingInt(n -> n.session))
                .limit(settings.neighbours())
                .toList();
    }

    private static boolean contains(int[] clicks, int from, int item) {
        for (int n = from; n < clicks.length; n++) {
            if (clicks[n] == item) {
                return true;
            }
        }
        return false;
    }

    @Override
    public int itemCount() {
        return lists.length;
    }

    @Override
    public SessionIndex copy() {
        int[][] own = new int[lists.length][];
        Arrays.setAll(own, i -> lists[i].clone());
        return new SessionIndex(
                settings, session, item.clone(), time, from, to, newest.clone(), own, sizes.clone(), total);
    }

    @Override
    public String kind() {
        return "vmis-knn";
    }

    /** The clicks that are left; the index follows from them. */
    @Override
    public Map<String, Safetensors.Tensor> tensors() {
        int[] left =
                IntStream.range(0, item.length).filter(e -> item[e] != GONE).toArray();
        Map<String, Safetensors.Tensor> tensors = new LinkedHashMap<>();
        tensors.put(
                "settings",
                Decremental.tensor(
                        settings.sessions(),
                        settings.neighbours(),
                        settings.clicks(),
                        settings.longest(),
                        from.length,
                        lists.length,
                        item.length));
        tensors.put("event", Decremental.tensor(left));
        tensors.put(
                "session",
                Decremental.tensor(Arrays.stream(left).map(e -> session[e]).toArray()));
        tensors.put(
                "item", Decremental.tensor(Arrays.stream(left).map(e -> item[e]).toArray()));
        tensors.put(
                "time",
                Safetensors.Tensor.of(
                        Arrays.stream(left).mapToLong(e -> time[e]).toArray(), left.length));
        return tensors;
    }

    static SessionIndex read(Safetensors file, String prefix) {
        long[] settings = file.longs(prefix + "settings");
        int events = (int) settings[6];
        long[] event = file.longs(prefix + "event");
        long[] sessionOf = file.longs(prefix + "session");
        long[] itemOf = file.longs(prefix + "item");
        long[] timeOf = file.longs(prefix + "time");
        int[] session = new int[events];
        int[] item = new int[events];
        long[] time = new long[events];
        Arrays.fill(item, GONE);
        int next = 0;
        for (int n = 0; n < event.length; n++) {
            int e = (int) event[n];
            Arrays.fill(session, next, e + 1, (int) sessionOf[n]); // events that are gone belong to nobody any more
            item[e] = (int) itemOf[n];
            time[e] = timeOf[n];
            next = e + 1;
        }
        Arrays.fill(session, next, events, event.length == 0 ? 0 : (int) sessionOf[event.length - 1]);
        return built(
                new VmisKnn((int) settings[0], (int) settings[1], (int) settings[2], (int) settings[3]),
                session,
                item,
                time,
                (int) settings[4],
                (int) settings[5]);
    }

    @Override
    public Map<String, Safetensors.Tensor> state() {
        Map<String, Safetensors.Tensor> state = tensors();
        state.put("newest", Safetensors.Tensor.of(newest, newest.length));
        state.put("sizes", Decremental.tensor(sizes));
        state.put("total", Safetensors.Tensor.of(new long[] {total}, 1));
        state.put(
                "lists",
                Decremental.tensor(IntStream.range(0, lists.length)
                        .flatMap(i -> Arrays.stream(lists[i], 0, sizes[i]))
                        .toArray()));
        return state;
    }
}
