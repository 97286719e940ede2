package org.lethe.recsys.sequence;

import java.util.Arrays;
import java.util.Map;
import org.lethe.Safetensors;

/**
 * A model from which training events can be taken away, in time that does not grow with the data, and which then has the
 * bits of one built without them.
 */
public interface Decremental extends NextItems {
    /** A copy that can be changed on its own. */
    Decremental copy();

    /** Takes training events away. Not safe while others use the model. */
    void forget(int... events);

    /** Everything that the model keeps, derived numbers included: two models with equal states are the same to the last bit. */
    Map<String, Safetensors.Tensor> state();

    /** Whether another model has the same state. */
    default boolean sameState(Decremental other) {
        Map<String, Safetensors.Tensor> mine = state();
        Map<String, Safetensors.Tensor> theirs = other.state();
        return mine.keySet().equals(theirs.keySet())
                && mine.keySet().stream().allMatch(name -> {
                    Safetensors.Tensor left = mine.get(name);
                    Safetensors.Tensor right = theirs.get(name);
                    return left != null
                            && right != null
                            && left.shape().equals(right.shape())
                            && left.data().mismatch(right.data()) < 0;
                });
    }

    /** A tensor of whole numbers. */
    static Safetensors.Tensor tensor(int... values) {
        return Safetensors.Tensor.of(Arrays.stream(values).asLongStream().toArray(), values.length);
    }
}
