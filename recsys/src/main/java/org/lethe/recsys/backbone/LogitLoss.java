package org.lethe.recsys.backbone;

import static org.bytedeco.pytorch.global.torch.binary_cross_entropy_with_logits;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;

/** The binary cross-entropy of logits, {@code −y·ln σ(s) − (1 − y)·ln σ(−s)}: the loss of NeuMF and PMF. */
final class LogitLoss {
    /** No reduction, as libtorch numbers it. */
    static final long NONE = 0;

    private LogitLoss() {}

    /** The loss of each score. */
    static Tensor each(Tensor scores, Tensor labels) {
        return binary_cross_entropy_with_logits(scores, labels, new TensorOptional(), new TensorOptional(), NONE);
    }

    /** The mean loss. */
    static Tensor mean(Tensor scores, Tensor labels) {
        return binary_cross_entropy_with_logits(scores, labels);
    }
}
