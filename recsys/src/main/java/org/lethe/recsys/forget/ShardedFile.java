package org.lethe.recsys.forget;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Safetensors;
import org.lethe.Safetensors.Tensor;
import org.lethe.recsys.Checkpoint;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.Storable;
import org.lethe.recsys.UserRows;
import org.lethe.recsys.backbone.StoredModels;
import org.lethe.study.Studies;
import org.lethe.study.Words;

/**
 * A sharded model as one safetensors file: the model of every shard, the partition, the training state of each slice, and
 * the served tables or weights. A model that is read back serves and forgets exactly as the written one.
 *
 * <p>The served tables are {@code users} and {@code items}, as in the file of a model without shards, and
 * {@link Embeddings#load} reads them alone. They are absent if only own shards answer. Networks that answer together have
 * {@code weights} instead. The header names the method with all of its settings, and the kind of shards that are not
 * tables. The file grows with shards times items, and with the checkpoints of slices.
 */
public final class ShardedFile {
    private ShardedFile() {}

    /** Writes a model, with its provenance in the header. */
    public static void save(Sharded model, Path file, Map<String, String> provenance) throws IOException {
        Map<String, Tensor> tensors = new TreeMap<>();
        Map<String, String> metadata = new TreeMap<>(provenance);
        metadata.put("lethe.model", "sharded");
        metadata.put("lethe.method", Words.full(model.maker()));
        metadata.put("lethe.shards", "" + model.shards().size());
        int[] own = new int[model.users()];
        Arrays.setAll(own, model::shardOf);
        put(tensors, "own", own);
        metadata.put("lethe.partition", putPartition(tensors, model.partition()));
        if (!model.tabular()) {
            metadata.put(
                    "lethe.shard-model", storable(model.shards().getFirst()).kind());
        }
        for (int s = 0; s < model.shards().size(); s++) {
            putShard(tensors, "shard." + s + ".", model.shards().get(s));
        }
        switch (model.served()) {
            case Embeddings served -> put(tensors, "", served);
            case WeightedScores served -> {
                int columns = model.shards().size();
                float[] weights = served.weights();
                tensors.put("weights", Tensor.of(weights, weights.length / columns, columns));
            }
            default -> {}
        }
        Safetensors.write(file, tensors, metadata);
    }

    /** Writes the partition, and returns what it divides. */
    private static String putPartition(Map<String, Tensor> tensors, Partition partition) {
        return switch (partition) {
            case Partition.ByUser(int[] shardOf, int[][] members) -> {
                put(tensors, "partition", shardOf);
                yield "users";
            }
            case Partition.ByItem(int[] shardOf, int shards) -> {
                put(tensors, "partition", shardOf);
                yield "items";
            }
            case Partition.ByPair(Interactions of, int[] shardOf, int shards) -> {
                put(tensors, "partition", shardOf);
                int[] users = new int[of.size()];
                for (int u = 0; u < of.users(); u++) {
                    Arrays.fill(users, of.from(u), of.to(u), u);
                }
                put(tensors, "partition.users", users);
                put(tensors, "partition.items", of.columns());
                yield "interactions";
            }
        };
    }

    private static void putShard(Map<String, Tensor> tensors, String name, Sharded.Shard shard) {
        put(tensors, name + "members", shard.users());
        storable(shard).tensors().forEach((of, tensor) -> tensors.put(name + of, tensor));
        for (int r = 0; r < shard.stages().size(); r++) {
            Checkpoint stage = shard.stages().get(r);
            String of = name + "stage." + r + ".";
            put(tensors, of, stage.model());
            put(tensors, of + "user-state.", stage.userState());
            put(tensors, of + "item-state.", stage.itemState());
            tensors.put(of + "progress", Tensor.of(new long[] {stage.steps(), stage.epochs()}, 2));
        }
    }

    private static Storable storable(Sharded.Shard shard) {
        if (shard.model() instanceof Storable storable) {
            return storable;
        }
        throw new IllegalArgumentException(
                "a shard is a " + shard.model().getClass().getSimpleName() + ", expected a model that can be kept");
    }

    /**
     * Reads a model that {@link #save} wrote, bit by bit the same.
     *
     * @param maker the method that is expected to have learned it, with the same settings
     */
    public static Sharded load(Path file, Method<?, ?> maker) throws IOException {
        Method<?, ?> made = made(file, List.<Method<?, ?>>of(maker));
        if (!made.equals(maker)) {
            throw wrong(file, "was learned by " + Words.full(made) + ", expected " + Words.full(maker));
        }
        return read(file, maker);
    }

    /** The method that the header names, by its present or its former keys. */
    private static <T> T made(Path file, List<T> methods) throws IOException {
        try (Safetensors read = Safetensors.open(file)) {
            if (!"sharded".equals(read.metadata().get("lethe.model"))) {
                throw wrong(file, "is not a sharded model");
            }
            return Studies.entry(file.toString(), "method", read.metadata().getOrDefault("lethe.method", ""), methods);
        }
    }

    private static Sharded read(Path file, Method<?, ?> maker) throws IOException {
        try (Safetensors read = Safetensors.open(file)) {
            Map<String, String> said = read.metadata();
            int shards = count(file, said.getOrDefault("lethe.shards", ""));
            int[] own = ints(read, file, "own", shards);
            List<Sharded.Shard> all = new ArrayList<>();
            for (int s = 0; s < shards; s++) {
                String name = "shard." + s + ".";
                int[] members = ints(read, file, name + "members", own.length);
                List<Checkpoint> stages = new ArrayList<>();
                while (read.entries().containsKey(name + "stage." + stages.size() + ".progress")) {
                    String of = name + "stage." + stages.size() + ".";
                    read.require(of + "progress", 2);
                    long[] progress = read.longs(of + "progress");
                    stages.add(new Checkpoint(
                            tables(read, of, members.length),
                            states(read, of + "user-state."),
                            states(read, of + "item-state."),
                            progress[0],
                            Math.toIntExact(progress[1])));
                }
                all.add(new Sharded.Shard(members, model(read, file, name, members.length), List.copyOf(stages)));
            }
            int items = all.getFirst().model().items();
            for (Sharded.Shard shard : all) {
                if (shard.model().items() != items
                        || shard.model().width() != all.getFirst().model().width()) {
                    throw wrong(file, "has shards of different shapes");
                }
            }
            Partition partition = partition(read, file, shards, own.length, items);
            if (read.entries().containsKey("users")) {
                Recommender served = tables(read, "", own.length);
                return new Sharded(maker, partition, all, own, items, s -> served);
            }
            if (read.entries().containsKey("weights")) {
                long rows = read.require("weights", -1, shards).shape().getFirst();
                if (rows != 1 && rows != own.length) {
                    throw wrong(file, "has weights in " + rows + " rows, expected 1 or " + own.length);
                }
                float[] weights = read.floats("weights");
                return new Sharded(maker, partition, all, own, items, s -> new WeightedScores(s.pooled(), weights));
            }
            return new Sharded(maker, partition, all, own, items, Sharded::local);
        }
    }

    /**
     * Reads a model learned by any of several methods; the file says which.
     *
     * @param methods one prototype of each method that may have learned it
     */
    public static Sharded load(Path file, List<Method<Split, Recommender>> methods) throws IOException {
        return read(file, made(file, methods));
    }

    private static UserRows model(Safetensors read, Path file, String name, int users) {
        String kind = read.metadata().getOrDefault("lethe.shard-model", "embeddings");
        UserRows model = kind.equals("embeddings")
                ? tables(read, name, users)
                : StoredModels.read(kind, read, file, name)
                        .filter(UserRows.class::isInstance)
                        .map(UserRows.class::cast)
                        .orElseThrow(() ->
                                wrong(file, "has shards of kind \"" + kind + "\", expected " + StoredModels.KINDS));
        if (model.users() != users) {
            throw wrong(file, "has " + model.users() + " users in a shard of " + users);
        }
        return model;
    }

    private static Partition partition(Safetensors read, Path file, int shards, int users, int items) {
        int[] shardOf = ints(read, file, "partition", shards);
        String by = read.metadata().getOrDefault("lethe.partition", "");
        int expected = switch (by) {
            case "users" -> users;
            case "items" -> items;
            case "interactions" -> shardOf.length;
            default -> throw wrong(file, "is partitioned by \"" + by + "\", expected users, items or interactions");
        };
        read.require("partition", expected);
        return switch (by) {
            case "users" -> Partition.ByUser.of(shardOf, shards);
            case "items" -> new Partition.ByItem(shardOf, shards);
            default -> {
                read.require("partition.users", expected);
                read.require("partition.items", expected);
                Interactions of = Interactions.of(
                        users,
                        items,
                        ints(read, file, "partition.users", users),
                        ints(read, file, "partition.items", items));
                if (of.size() != expected) {
                    throw wrong(file, "has an interaction twice in its partition");
                }
                yield new Partition.ByPair(of, shardOf, shards);
            }
        };
    }

    private static int count(Path file, String text) {
        if (!text.matches("[1-9]\\d{0,6}")) {
            throw wrong(file, "says \"" + text + "\" for lethe.shards, expected how many");
        }
        return Integer.parseInt(text);
    }

    private static Embeddings tables(Safetensors read, String name, int users) {
        long dims = read.require(name + "items", -1, -1).shape().get(1);
        read.require(name + "users", users, dims);
        return new Embeddings(Math.toIntExact(dims), read.floats(name + "users"), read.floats(name + "items"));
    }

    private static float[][] states(Safetensors read, String name) {
        List<float[]> states = new ArrayList<>();
        while (read.entries().containsKey(name + states.size())) {
            states.add(read.floats(name + states.size()));
        }
        return states.toArray(float[][]::new);
    }

    /** Whole numbers from 0 up to, but not including, a limit. */
    private static int[] ints(Safetensors read, Path file, String name, int limit) {
        read.require(name, -1);
        long[] values = read.longs(name);
        int[] ints = new int[values.length];
        for (int n = 0; n < ints.length; n++) {
            if (values[n] < 0 || values[n] >= limit) {
                throw wrong(file, "tensor \"" + name + "\" has " + values[n] + ", expected 0 up to " + (limit - 1));
            }
            ints[n] = (int) values[n];
        }
        return ints;
    }

    private static void put(Map<String, Tensor> tensors, String name, int[] values) {
        tensors.put(name, Tensor.of(Arrays.stream(values).asLongStream().toArray(), values.length));
    }

    private static void put(Map<String, Tensor> tensors, String name, float[][] states) {
        for (int n = 0; n < states.length; n++) {
            tensors.put(name + n, Tensor.of(states[n], states[n].length));
        }
    }

    private static void put(Map<String, Tensor> tensors, String name, Embeddings tables) {
        tensors.put(name + "users", Tensor.of(tables.userRows(), tables.users(), tables.dims()));
        tensors.put(name + "items", Tensor.of(tables.itemRows(), tables.items(), tables.dims()));
    }

    private static LetheException wrong(Path file, String what) {
        return new LetheException(LetheException.Code.DATA, file + " " + what);
    }
}
