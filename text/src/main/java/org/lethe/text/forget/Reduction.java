package org.lethe.text.forget;

import java.util.Arrays;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.text.TokenBatch;
import org.lethe.torch.Tensors;

/** How the losses of single samples become the loss of a batch. */
public enum Reduction {
    /** The mean over all scored tokens, so that a long answer counts more. */
    TOKEN,
    /** The mean over samples, whatever their length. */
    SAMPLE;

    /** The loss of a batch, a scalar, from one mean per sample, {@code [rows]}. */
    public Tensor of(Tensor losses, TokenBatch batch) {
        float[] ones = new float[batch.size()];
        Arrays.fill(ones, 1);
        return of(losses, batch, ones);
    }

    /**
     * The same with a weight on each sample's loss. Weights are not normalised: with all weights 1 the loss is the unweighted one.
     */
    public Tensor of(Tensor losses, TokenBatch batch, float[] weights) {
        Check.require(
                weights.length == batch.size(), "weights", weights.length, batch.size() + ", one for each sample");
        int total = this == TOKEN ? batch.scored() : batch.size();
        float[] shares = new float[weights.length];
        for (int r = 0; r < shares.length; r++) {
            shares[r] = weights[r] * (this == TOKEN ? batch.counts()[r] : 1);
        }
        Tensor factors = Tensors.of(shares, shares.length).to(losses.device(), losses.scalar_type());
        return losses.mul(factors).sum().mul(new Scalar(1.0 / total));
    }
}
