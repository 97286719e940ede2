package org.lethe.federated;

import static org.lethe.Check.require;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lethe.LetheException;
import org.lethe.Safetensors;

/**
 * A classifier: the weights that server and clients agreed on, and perhaps a map of scores by group that is applied at the end.
 *
 * <p>Clients in shards agree on weights in each shard. A score is then the mean of those of the shards, weighted by their records.
 *
 * @param network its shape
 * @param weights as the network lays them out; empty where there are shards
 * @param repair the groups and where their scores are moved, for classifiers that need to know the group of a person
 * @param shards groups of clients with weights of their own; mostly none
 */
public record Classifier(Network network, float[] weights, Optional<Repair> repair, List<Shard> shards) {
    /** A score of at least this much is a positive prediction. */
    public static final float THRESHOLD = 0.5f;

    /**
     * A map of scores that is applied to predictions.
     *
     * @param grouping the groups
     * @param map where their scores are moved
     */
    public record Repair(Grouping grouping, ScoreMap map) {
        public Repair {
            require(map.values().length == grouping.count(), "groups of the map", map.values().length, "all groups");
        }
    }

    /**
     * Clients with weights of their own.
     *
     * @param clients their names
     * @param records how many training records they hold together
     * @param weights as the network lays them out; empty where every client has left
     */
    public record Shard(List<String> clients, long records, float[] weights) {
        public Shard {
            clients = List.copyOf(clients);
            require(records >= 0, "records", records, "at least 0");
            require(clients.isEmpty() == (weights.length == 0), "weights.length", weights.length, "0 without clients");
        }
    }

    public Classifier {
        shards = List.copyOf(shards);
        int expected = shards.isEmpty() ? network.length() : 0;
        require(weights.length == expected, "weights.length", weights.length, "" + expected);
        for (Shard shard : shards) {
            require(
                    shard.clients.isEmpty() || shard.weights.length == network.length(),
                    "weights.length of a shard",
                    shard.weights.length,
                    "" + network.length());
        }
    }

    /** A classifier with one array of weights. */
    public Classifier(Network network, float[] weights, Optional<Repair> repair) {
        this(network, weights, repair, List.of());
    }

    /** A classifier that knows no groups. */
    public Classifier(Network network, float[] weights) {
        this(network, weights, Optional.empty());
    }

    /** A classifier of shards, at least one of which has clients. */
    public static Classifier of(Network network, List<Shard> shards) {
        require(shards.stream().anyMatch(s -> s.records > 0), "shards", shards.size(), "one with records");
        return new Classifier(network, new float[0], Optional.empty(), shards);
    }

    /** The scores of records, in their order: the probability of label 1. */
    public float[] scores(Records records) {
        require(records.features() == network.features(), "features", records.features(), "" + network.features());
        float[] scores = shards.isEmpty() ? network.scores(weights, records) : mean(records);
        repair.ifPresent(r -> {
            int[] groups = r.grouping.of(records);
            for (int i = 0; i < scores.length; i++) {
                scores[i] = r.map.of(groups[i], scores[i]);
            }
        });
        return scores;
    }

    private float[] mean(Records records) {
        double[] sums = new double[records.size()];
        long all = 0;
        for (Shard shard : shards) {
            if (shard.records > 0) {
                float[] scores = network.scores(shard.weights, records);
                for (int i = 0; i < sums.length; i++) {
                    sums[i] += shard.records * (double) scores[i];
                }
                all += shard.records;
            }
        }
        float[] mean = new float[sums.length];
        for (int i = 0; i < mean.length; i++) {
            mean[i] = (float) (sums[i] / all);
        }
        return mean;
    }

    /** Writes it as safetensors. */
    void save(Path file, Map<String, String> provenance) throws IOException {
        Map<String, Safetensors.Tensor> tensors = new LinkedHashMap<>();
        Map<String, String> header = new LinkedHashMap<>(provenance);
        header.put("lethe.model", "classifier");
        header.put("lethe.features", "" + network.features());
        header.put("lethe.hidden", "" + network.hidden());
        header.put("lethe.dropout", "" + network.dropout());
        if (shards.isEmpty()) {
            network.write(weights, "", tensors);
        }
        for (int s = 0; s < shards.size(); s++) {
            Shard shard = shards.get(s);
            header.put("lethe.shard." + s, "" + shard.records);
            for (int k = 0; k < shard.clients.size(); k++) {
                header.put("lethe.shard." + s + ".client." + k, shard.clients.get(k));
            }
            if (!shard.clients.isEmpty()) {
                network.write(shard.weights, "shard." + s + ".", tensors);
            }
        }
        repair.ifPresent(r -> {
            r.grouping.write(tensors, header);
            header.put("lethe.repair", "" + r.map.repair());
            for (int g = 0; g < r.map.values().length; g++) {
                float[] values = r.map.values()[g];
                if (values.length > 0) {
                    tensors.put("map." + g, Safetensors.Tensor.of(values, values.length));
                }
            }
        });
        Safetensors.write(file, tensors, header);
    }

    /** Reads it back; a {@code LetheException} says what else a file holds. */
    static Classifier load(Path file) throws IOException {
        try (Safetensors read = Safetensors.open(file)) {
            Map<String, String> header = read.metadata();
            String kind = header.getOrDefault("lethe.model", "");
            if (!kind.equals("classifier")) {
                throw wrong(file, "holds a model of kind \"" + kind + "\", expected classifier");
            }
            try {
                Network network = new Network(
                        Integer.parseInt(header.getOrDefault("lethe.features", "")),
                        Integer.parseInt(header.getOrDefault("lethe.hidden", "")),
                        Double.parseDouble(header.getOrDefault("lethe.dropout", "")));
                List<Shard> shards = shards(network, read);
                if (!shards.isEmpty()) {
                    return of(network, shards);
                }
                float[] weights = network.read(read, "");
                if (!read.entries().containsKey("groups")) {
                    return new Classifier(network, weights);
                }
                Grouping grouping = Grouping.read(read);
                float[][] values = new float[grouping.count()][];
                for (int g = 0; g < values.length; g++) {
                    values[g] = read.entries().containsKey("map." + g) ? read.floats("map." + g) : new float[0];
                }
                ScoreMap map = new ScoreMap(values, Double.parseDouble(header.getOrDefault("lethe.repair", "")));
                return new Classifier(network, weights, Optional.of(new Repair(grouping, map)));
            } catch (IllegalArgumentException damaged) {
                throw wrong(file, "is damaged: " + damaged.getMessage());
            }
        }
    }

    private static List<Shard> shards(Network network, Safetensors file) {
        Map<String, String> header = file.metadata();
        List<Shard> shards = new ArrayList<>();
        for (String records; (records = header.get("lethe.shard." + shards.size())) != null; ) {
            String name = "shard." + shards.size() + ".";
            List<String> clients = new ArrayList<>();
            for (String client; (client = header.get("lethe." + name + "client." + clients.size())) != null; ) {
                clients.add(client);
            }
            float[] weights = clients.isEmpty() ? new float[0] : network.read(file, name);
            shards.add(new Shard(clients, Long.parseLong(records), weights));
        }
        return shards;
    }

    private static LetheException wrong(Path file, String what) {
        return new LetheException(LetheException.Code.DATA, file + ": " + what);
    }
}
