package org.lethe.text.forget;

import org.bytedeco.pytorch.Tensor;
import org.lethe.text.TokenBatch;
import org.lethe.text.model.Transformer;

/** A loss of forgetting that is a formula of single samples: lowering it makes a model forget them. */
@FunctionalInterface
public interface SampleLoss {
    /**
     * The loss of each sample, {@code [rows]}, with gradients for the model.
     *
     * @param model that forgets
     * @param reference the model at the start, frozen
     * @param batch of samples to forget
     */
    Tensor of(Transformer model, Transformer reference, TokenBatch batch);
}
