package org.lethe.recsys.backbone;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.lethe.LetheException;
import org.lethe.Safetensors;
import org.lethe.Safetensors.Tensor;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Storable;

/**
 * A recommender that clients trained together, with what the server stored of each round: the history from which a client can be
 * taken out again.
 *
 * <p>The history says much about each client: whoever holds it knows which items it moved. It belongs to the server, and to nobody
 * who is only to be served.
 *
 * @param first tables before the first round
 * @param tables tables after the last one, which serve
 * @param rounds what was stored
 */
public record Federated(Embeddings first, Embeddings tables, List<Round> rounds) implements Storable {
    /** The kind of model, as the header of a file names it. */
    public static final String KIND = "federated";

    public Federated {
        rounds = List.copyOf(rounds);
    }

    /**
     * A round as the server stored it.
     *
     * @param length of what it added to the table of items, √Σ x²
     * @param stored a part of what each client sent, by ascending user
     * @param after the table of items after it, [items, dims], in which nobody is named
     */
    public record Round(double length, List<Sent> stored, float[] after) {
        public Round {
            stored = List.copyOf(stored);
        }

        /** Whether a client took part. */
        public boolean has(int user) {
            return stored.stream().anyMatch(s -> s.user == user);
        }
    }

    /**
     * What a client sent in a round.
     *
     * @param user whose
     * @param items whose rows, ascending
     * @param rows differences of these rows, [items, dims]
     * @param own its own row afterwards, which it keeps to itself
     */
    public record Sent(int user, int[] items, float[] rows, float[] own) {
        /** The rows with the longest differences: this share of them, rounded up; ties go to the smaller item. */
        public Sent most(double share) {
            int dims = own.length;
            double[] moved = new double[items.length];
            for (int n = 0; n < rows.length; n++) {
                moved[n / dims] += (double) rows[n] * rows[n];
            }
            int[] kept = IntStream.range(0, items.length)
                    .boxed()
                    .sorted(Comparator.comparingDouble((Integer n) -> -moved[n]).thenComparingInt(n -> n))
                    .limit((long) Math.ceil(share * items.length))
                    .mapToInt(Integer::intValue)
                    .sorted()
                    .toArray();
            float[] differences = new float[kept.length * dims];
            for (int n = 0; n < kept.length; n++) {
                System.arraycopy(rows, kept[n] * dims, differences, n * dims, dims);
            }
            return new Sent(user, Arrays.stream(kept).map(n -> items[n]).toArray(), differences, own);
        }
    }

    /** Of each item the mean of what was sent for it, [items, dims]. */
    public static double[] mean(List<Sent> sent, int items, int dims) {
        double[] sum = new double[items * dims];
        int[] count = new int[items];
        for (Sent of : sent) {
            for (int n = 0; n < of.items.length; n++) {
                int item = of.items[n];
                count[item]++;
                for (int d = 0; d < dims; d++) {
                    sum[item * dims + d] += of.rows[n * dims + d];
                }
            }
        }
        for (int n = 0; n < sum.length; n++) {
            sum[n] /= Math.max(1, count[n / dims]);
        }
        return sum;
    }

    /** √Σ x². */
    public static double length(double[] change) {
        double sum = 0;
        for (double x : change) {
            sum += x * x;
        }
        return Math.sqrt(sum);
    }

    /** Bytes of what the server stores of clients in all rounds: of each item its number and its row. */
    public long bytes() {
        return sent().mapToLong(s -> 4L * s.items.length + 4L * s.rows.length).sum();
    }

    /** Bytes of own rows that clients keep for a return to an earlier round. */
    public long ownBytes() {
        return sent().mapToLong(s -> 4L * s.own.length).sum();
    }

    /** Bytes of the tables of items after each round. */
    public long tableBytes() {
        return rounds.stream().mapToLong(round -> 4L * round.after.length).sum();
    }

    private Stream<Sent> sent() {
        return rounds.stream().flatMap(round -> round.stored.stream());
    }

    @Override
    public Recommender served() {
        return tables;
    }

    @Override
    public int users() {
        return tables.users();
    }

    @Override
    public int items() {
        return tables.items();
    }

    @Override
    public float score(int user, int item) {
        return tables.score(user, item);
    }

    @Override
    public void scores(int user, float[] into) {
        tables.scores(user, into);
    }

    @Override
    public String kind() {
        return KIND;
    }

    /** The served tables as in the file of a model without a history, the first ones, and the history. */
    @Override
    public Map<String, Tensor> tensors() {
        int dims = tables.dims();
        Map<String, Tensor> tensors = new TreeMap<>(tables.tensors());
        tensors.put("first/users", Tensor.of(first.userRows(), first.users(), dims));
        tensors.put("first/items", Tensor.of(first.itemRows(), first.items(), dims));
        double[] lengths = rounds.stream().mapToDouble(Round::length).toArray();
        tensors.put("rounds/lengths", Tensor.of(lengths, lengths.length));
        float[] after = joined(rounds.stream().map(Round::after).toList());
        tensors.put("rounds/items", Tensor.of(after, lengths.length, items(), dims));
        put(
                tensors,
                "rounds/clients",
                rounds.stream().mapToLong(r -> r.stored.size()).toArray());
        put(tensors, "clients/users", sent().mapToLong(Sent::user).toArray());
        put(tensors, "clients/items", sent().mapToLong(s -> s.items.length).toArray());
        put(
                tensors,
                "stored/items",
                sent().flatMapToInt(s -> Arrays.stream(s.items)).asLongStream().toArray());
        float[] rows = joined(sent().map(Sent::rows).toList());
        float[] own = joined(sent().map(Sent::own).toList());
        tensors.put("stored/rows", Tensor.of(rows, rows.length / dims, dims));
        tensors.put("clients/own", Tensor.of(own, own.length / dims, dims));
        return tensors;
    }

    private static void put(Map<String, Tensor> tensors, String name, long... values) {
        tensors.put(name, Tensor.of(values, values.length));
    }

    private static float[] joined(List<float[]> parts) {
        float[] joined = new float[parts.stream().mapToInt(part -> part.length).sum()];
        int at = 0;
        for (float[] part : parts) {
            System.arraycopy(part, 0, joined, at, part.length);
            at += part.length;
        }
        return joined;
    }

    /** Reads a model that {@link #save} wrote, under names that begin with a prefix. */
    static Federated read(Safetensors read, Path file, String prefix) {
        Embeddings tables = Embeddings.read(read, file, prefix);
        Embeddings first = Embeddings.read(read, file, prefix + "first/");
        int dims = tables.dims();
        double[] lengths = read.doubles(prefix + "rounds/lengths");
        read.require(prefix + "rounds/items", lengths.length, tables.items(), dims);
        float[] after = read.floats(prefix + "rounds/items");
        long[] clients = read.longs(prefix + "rounds/clients");
        long[] users = read.longs(prefix + "clients/users");
        long[] counts = read.longs(prefix + "clients/items");
        long[] items = read.longs(prefix + "stored/items");
        read.require(prefix + "stored/rows", items.length, dims);
        read.require(prefix + "clients/own", users.length, dims);
        float[] rows = read.floats(prefix + "stored/rows");
        float[] own = read.floats(prefix + "clients/own");
        boolean whole = first.dims() == dims
                && first.users() == tables.users()
                && first.items() == tables.items()
                && lengths.length == clients.length
                && counts.length == users.length
                && sums(clients, users.length)
                && sums(counts, items.length)
                && Arrays.stream(users).allMatch(u -> u >= 0 && u < tables.users())
                && Arrays.stream(items).allMatch(i -> i >= 0 && i < tables.items());
        if (!whole) {
            throw new LetheException(
                    LetheException.Code.DATA, file + ": the history of rounds is damaged, expected what clients sent");
        }
        List<Round> rounds = new ArrayList<>();
        int each = tables.items() * dims;
        int client = 0;
        int at = 0;
        for (int t = 0; t < lengths.length; t++) {
            List<Sent> sent = new ArrayList<>();
            for (int n = 0; n < clients[t]; n++) {
                int end = at + (int) counts[client];
                sent.add(new Sent(
                        (int) users[client],
                        Arrays.stream(items, at, end).mapToInt(i -> (int) i).toArray(),
                        Arrays.copyOfRange(rows, at * dims, end * dims),
                        Arrays.copyOfRange(own, client * dims, (client + 1) * dims)));
                at = end;
                client++;
            }
            rounds.add(new Round(lengths[t], sent, Arrays.copyOfRange(after, t * each, (t + 1) * each)));
        }
        return new Federated(first, tables, rounds);
    }

    private static boolean sums(long[] counts, long total) {
        return Arrays.stream(counts).allMatch(n -> n >= 0 && n <= total)
                && Arrays.stream(counts).sum() == total;
    }
}
