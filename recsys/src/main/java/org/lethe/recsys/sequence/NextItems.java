package org.lethe.recsys.sequence;

import java.io.IOException;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.lethe.Safetensors;
import org.lethe.recsys.sequence.Events.Example;

/** A model that predicts which items come next. Safe for use by many threads as long as nobody changes it. */
public interface NextItems {
    /** How many items it knows. */
    int itemCount();

    /** The score of each item after this history; −∞ for an item that must not be recommended. */
    void scores(Example after, double[] into);

    /** The scores after several histories, one row each; a network computes them together. */
    default void scores(List<Example> after, double[][] into) {
        for (int n = 0; n < into.length; n++) {
            scores(after.get(n), into[n]);
        }
    }

    /** The kind of model, as the header of a file names it. */
    String kind();

    /** All that it is, by name. */
    Map<String, Safetensors.Tensor> tensors();

    /**
     * The probability that it gives to an item. Scores that are no logarithms share 0.99 among them, and 0.01 is spread over
     * all items.
     */
    default double probability(double[] scores, int item) {
        double sum = 0;
        for (double score : scores) {
            sum += Math.max(score, 0);
        }
        double share = sum > 0 ? Math.max(scores[item], 0) / sum : 1.0 / scores.length;
        return 0.99 * share + 0.01 / scores.length;
    }

    /** The model behind a ban of some recommendations, which its weights still know; itself where nothing is banned. */
    default NextItems bare() {
        return this;
    }

    /**
     * Events that a method took out besides those asked for, so that these cannot be guessed from what is left; none as a rule. The
     * caller may change it.
     */
    default BitSet alsoErased() {
        return new BitSet();
    }

    /** Whether every number in it is finite. */
    default boolean finite() {
        return true;
    }

    /** Writes the model, with its provenance in the header. */
    default void save(Path file, Map<String, String> provenance) throws IOException {
        Map<String, String> metadata = new TreeMap<>(provenance);
        metadata.put("lethe.model", kind());
        Safetensors.write(file, tensors(), metadata);
    }
}
