package org.lethe.torch;

import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;

/**
 * An exponential moving average of the trained parameters. It is often a better model than the latest one, and the
 * usual choice for diffusion models. Its tensors belong to the scope in which it is made. Costs one pass over the
 * parameters a step.
 */
public final class Average {
    private final double decay;
    private final Map<String, Tensor> parameters;
    private final Map<String, Tensor> averages = new LinkedHashMap<>();
    private final Tensor[] from;
    private final Tensor[] into;
    private boolean swapped;

    /**
     * Starts at the parameters as they are.
     *
     * @param decay how much of the average a step keeps; 0.999 averages over some thousand steps
     */
    public Average(Parameters model, double decay) {
        Check.require(decay >= 0 && decay < 1, "decay", decay, "0 or more, below 1");
        this.decay = decay;
        parameters = model.trained();
        parameters.forEach((name, tensor) -> averages.put(name, tensor.detach().clone()));
        from = parameters.values().stream().map(Tensor::detach).toArray(Tensor[]::new);
        into = averages.values().toArray(Tensor[]::new);
    }

    /**
     * Takes in the parameters after a step. The first steps keep less, (1 + steps) / (10 + steps), so that the start is soon
     * forgotten.
     *
     * @param steps done before this one
     */
    public void add(long steps) {
        Check.require(!swapped, "swapped", true, "false while training goes on");
        double kept = Math.min(decay, (1.0 + steps) / (10.0 + steps));
        try (var _ = new PointerScope()) {
            Operators.towards(into, from, 1 - kept);
        }
    }

    /** Puts the averages in the place of the parameters, and these in theirs; a second call undoes the first. */
    public void swap() {
        try (var _ = new PointerScope()) {
            for (int n = 0; n < from.length; n++) {
                Tensor kept = from[n].clone();
                from[n].copy_(into[n]);
                into[n].copy_(kept);
            }
        }
        swapped = !swapped;
    }

    /** The averages by first name; the tensors themselves. */
    public Map<String, Tensor> tensors() {
        return averages;
    }
}
