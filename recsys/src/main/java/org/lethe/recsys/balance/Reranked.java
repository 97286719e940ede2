package org.lethe.recsys.balance;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.lethe.LetheException;
import org.lethe.Safetensors;
import org.lethe.Safetensors.Tensor;
import org.lethe.Workers;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Storable;
import org.lethe.recsys.backbone.StoredModels;

/**
 * A recommender that puts chosen items of some users first, and otherwise ranks as its base model does.
 *
 * <p>A chosen item scores {@code s(u, i) + max_j s(u, j) − min s(u, chosen) + 1}, one above every other item of the user. Among
 * themselves chosen items keep the order of the base; where rounding makes two different scores equal, the higher one
 * becomes the next float. All other scores are the base's own bits. It is no {@link org.lethe.recsys.UserRows}, because
 * embeddings alone do not say what is recommended.
 *
 * <p>Storable if the base is embeddings, neumf, multvae, ease or item-knn. Immutable. Cost: the scores of the base, and 8 bytes for each chosen item.
 */
public final class Reranked implements Storable {
    private static final int BLOCK = 64; // users a worker takes at a time
    private static final String BASE = "base."; // the names of the base's tensors begin so
    private static final String KIND = "lethe.base";

    private final Recommender base;
    private final int[] starts; // of users, length users + 1
    private final int[] items; // chosen, ascending inside a user
    private final float[] scores; // beside items

    private Reranked(Recommender base, int[] starts, int[] items, float[] scores) {
        this.base = base;
        this.starts = starts;
        this.items = items;
        this.scores = scores;
    }

    /**
     * A model with items that come first. Items that an earlier re-ranking put first follow the chosen ones.
     *
     * @param users users whose lists change, ascending
     * @param chosen items of each of them in any order, not empty
     * @throws LetheException where a score is not finite
     */
    public static Reranked of(Recommender model, int[] users, int[][] chosen, Workers workers) {
        float[][] raised = new float[users.length][];
        workers.each((users.length + BLOCK - 1) / BLOCK, block -> {
            int from = block * BLOCK;
            int[] some = Arrays.copyOfRange(users, from, Math.min(from + BLOCK, users.length));
            float[] all = new float[some.length * model.items()];
            model.scores(some, all);
            for (int n = 0; n < some.length; n++) {
                float[] row = Arrays.copyOfRange(all, n * model.items(), (n + 1) * model.items());
                raised[from + n] = raised(some[n], row, chosen[from + n]);
            }
        });
        NavigableMap<Integer, NavigableMap<Integer, Float>> lists =
                model instanceof Reranked earlier ? earlier.lists() : new TreeMap<>();
        for (int n = 0; n < users.length; n++) {
            Map<Integer, Float> list = lists.computeIfAbsent(users[n], user -> new TreeMap<>());
            for (int k = 0; k < chosen[n].length; k++) {
                list.put(chosen[n][k], raised[n][k]);
            }
        }
        return packed(model instanceof Reranked earlier ? earlier.base : model, lists);
    }

    /** For each user with items that come first, their new scores. */
    private NavigableMap<Integer, NavigableMap<Integer, Float>> lists() {
        NavigableMap<Integer, NavigableMap<Integer, Float>> lists = new TreeMap<>();
        for (int u = 0; u < users(); u++) {
            for (int k = starts[u]; k < starts[u + 1]; k++) {
                lists.computeIfAbsent(u, user -> new TreeMap<>()).put(items[k], scores[k]);
            }
        }
        return lists;
    }

    private static Reranked packed(Recommender base, NavigableMap<Integer, NavigableMap<Integer, Float>> lists) {
        int[] starts = new int[base.users() + 1];
        lists.forEach((user, list) -> starts[user + 1] = list.size());
        for (int u = 0; u < base.users(); u++) {
            starts[u + 1] += starts[u];
        }
        int[] items = new int[starts[base.users()]];
        float[] scores = new float[items.length];
        lists.forEach((user, list) -> {
            int at = starts[user];
            for (Map.Entry<Integer, Float> entry : list.entrySet()) {
                items[at] = entry.getKey();
                scores[at++] = entry.getValue();
            }
        });
        return new Reranked(base, starts, items, scores);
    }

    /** The new scores of a user's chosen items, beside them. */
    private static float[] raised(int user, float[] row, int[] chosen) {
        float best = Float.NEGATIVE_INFINITY;
        for (float score : row) {
            best = Math.max(best, score); // not a number where one score is not
        }
        int[] order = IntStream.range(0, chosen.length)
                .boxed()
                .sorted(Comparator.comparingDouble(k -> row[chosen[k]]))
                .mapToInt(Integer::intValue)
                .toArray();
        double shift = (double) best - row[chosen[order[0]]] + 1;
        float[] raised = new float[chosen.length];
        float below = best;
        float last = Float.NEGATIVE_INFINITY;
        for (int k : order) {
            if (row[chosen[k]] != last) {
                below = Math.max((float) (row[chosen[k]] + shift), Math.nextUp(below));
                last = row[chosen[k]];
            }
            raised[k] = below;
        }
        if (!Float.isFinite(below) || !Double.isFinite(shift)) {
            throw new LetheException(
                    LetheException.Code.NUMERIC,
                    "re-ranking: user " + user + " has scores up to " + best + " and would get " + below
                            + ", expected finite numbers");
        }
        return raised;
    }

    /** The model that ranks all other items. */
    public Recommender base() {
        return base;
    }

    /** The items of a user that come first, ascending by number; none if the base decides alone. */
    public int[] chosen(int user) {
        return Arrays.copyOfRange(items, starts[user], starts[user + 1]);
    }

    @Override
    public int users() {
        return base.users();
    }

    @Override
    public int items() {
        return base.items();
    }

    @Override
    public float score(int user, int item) {
        int at = Arrays.binarySearch(items, starts[user], starts[user + 1], item);
        return at >= 0 ? scores[at] : base.score(user, item);
    }

    @Override
    public void scores(int user, float[] into) {
        base.scores(user, into);
        raise(user, into, 0);
    }

    @Override
    public void scores(int[] users, float[] into) {
        base.scores(users, into);
        for (int n = 0; n < users.length; n++) {
            raise(users[n], into, n * items());
        }
    }

    private void raise(int user, float[] into, int at) {
        for (int k = starts[user]; k < starts[user + 1]; k++) {
            into[at + items[k]] = scores[k];
        }
    }

    @Override
    public String kind() {
        return "reranked";
    }

    @Override
    public Map<String, Tensor> tensors() {
        Map<String, Tensor> tensors = new TreeMap<>();
        storable().tensors().forEach((name, tensor) -> tensors.put(BASE + name, tensor));
        tensors.put("starts", whole(starts));
        tensors.put("items", whole(items));
        tensors.put("scores", Tensor.of(scores, scores.length));
        return tensors;
    }

    @Override
    public void save(Path file, Map<String, String> provenance) throws IOException {
        Map<String, String> metadata = new TreeMap<>(provenance);
        metadata.put(KIND, storable().kind());
        Storable.super.save(file, metadata);
    }

    private Storable storable() {
        if (base instanceof Storable storable) {
            return storable;
        }
        throw new IllegalArgumentException(
                "model re-ranks a " + base.getClass().getSimpleName() + ", expected one that can be written to a file");
    }

    private static Tensor whole(int[] values) {
        return Tensor.of(Arrays.stream(values).asLongStream().toArray(), values.length);
    }

    /** Reads a model that {@link #save} wrote, bit by bit the same; any other file is a {@code LetheException}. */
    public static Reranked read(Safetensors read, Path file) {
        String kind = read.metadata().getOrDefault(KIND, "");
        Recommender base = StoredModels.read(kind, read, file, BASE)
                .orElseThrow(
                        () -> wrong(file, "re-ranks a model of kind \"" + kind + "\", expected " + StoredModels.KINDS));
        read.require("starts", base.users() + 1L);
        long size = read.require("items", -1).size();
        read.require("scores", size);
        int[] starts = whole(read, file, "starts", size);
        int[] items = whole(read, file, "items", base.items() - 1L);
        float[] scores = read.floats("scores");
        if (starts[0] != 0 || starts[starts.length - 1] != size) {
            throw wrong(
                    file,
                    "has lists from " + starts[0] + " to " + starts[starts.length - 1] + ", expected 0 to " + size);
        }
        for (int u = 0; u < base.users(); u++) {
            if (starts[u] > starts[u + 1]) {
                throw wrong(file, "has a list that ends before it begins, for user " + u);
            }
            for (int k = starts[u]; k < starts[u + 1]; k++) {
                if (!Float.isFinite(scores[k]) || k > starts[u] && items[k] <= items[k - 1]) {
                    throw wrong(
                            file,
                            "has item " + items[k] + " with score " + scores[k] + " for user " + u
                                    + ", expected ascending items and finite scores");
                }
            }
        }
        return new Reranked(base, starts, items, scores);
    }

    /** Whole numbers from 0 up to a largest one. */
    private static int[] whole(Safetensors read, Path file, String name, long most) {
        long[] values = read.longs(name);
        int[] whole = new int[values.length];
        for (int n = 0; n < whole.length; n++) {
            if (values[n] < 0 || values[n] > most) {
                throw wrong(file, "tensor \"" + name + "\" has " + values[n] + ", expected 0 up to " + most);
            }
            whole[n] = (int) values[n];
        }
        return whole;
    }

    private static LetheException wrong(Path file, String what) {
        return new LetheException(LetheException.Code.DATA, file + " " + what);
    }
}
