package org.lethe.federated;

import static org.lethe.Check.require;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.lethe.LetheException;
import org.lethe.Safetensors;

/**
 * A classifier: the weights that server and clients agreed on, and perhaps a map of scores by group that is applied at the end.
 *
 * @param network its shape
 * @param weights as the network lays them out
 * @param repair the groups and where their scores are moved, for classifiers that need to know the group of a person
 */
public record Classifier(Network network, float[] weights, Optional<Repair> repair) {
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

    public Classifier {
        require(weights.length == network.length(), "weights.length", weights.length, "" + network.length());
    }

    /** A classifier that knows no groups. */
    public Classifier(Network network, float[] weights) {
        this(network, weights, Optional.empty());
    }

    /** The scores of records, in their order: the probability of label 1. */
    public float[] scores(Records records) {
        require(records.features() == network.features(), "features", records.features(), "" + network.features());
        float[] scores = network.scores(weights, records);
        repair.ifPresent(r -> {
            int[] groups = r.grouping.of(records);
            for (int i = 0; i < scores.length; i++) {
                scores[i] = r.map.of(groups[i], scores[i]);
            }
        });
        return scores;
    }

    /** Writes it as safetensors. */
    void save(Path file, Map<String, String> provenance) throws IOException {
        Map<String, Safetensors.Tensor> tensors = new LinkedHashMap<>();
        Map<String, String> header = new LinkedHashMap<>(provenance);
        header.put("lethe.model", "classifier");
        header.put("lethe.features", "" + network.features());
        header.put("lethe.hidden", "" + network.hidden());
        header.put("lethe.dropout", "" + network.dropout());
        network.write(weights, tensors);
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
                float[] weights = network.read(read);
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

    private static LetheException wrong(Path file, String what) {
        return new LetheException(LetheException.Code.DATA, file + ": " + what);
    }
}
