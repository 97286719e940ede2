package org.lethe.text.align;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.lethe.text.TokenBatch;
import org.lethe.text.TokenScores;
import org.lethe.text.forget.ForgettingLoss;
import org.lethe.text.forget.SampleLoss;
import org.lethe.text.model.Transformer;

/** The losses by which single answers are unlearned, on which alignment by unlearning builds. */
public enum Base {
    /**
     * Gradient ascent: the mean log-likelihood of the answer's tokens, each bounded below by that of a uniform guess.
     */
    GA,
    /** The same, with the cross-entropy of wanted answers added. */
    GRAD_DIFF,
    /** Negative preference optimisation, {@link ForgettingLoss.Npo}. */
    NPO;

    /** The loss of each sample. */
    SampleLoss loss() {
        return switch (this) {
            case GA, GRAD_DIFF -> Base::ascent;
            case NPO -> new ForgettingLoss.Npo();
        };
    }

    /**
     * A token that is already as unlikely as by chance is pushed no further: without a bound the loss has no minimum.
     */
    private static Tensor ascent(Transformer model, Transformer reference, TokenBatch batch) {
        TokenScores scores = TokenScores.of(model, batch);
        double chance = -Math.log(model.architecture().vocabulary());
        return scores.means(scores.tokens().clamp_min(new Scalar(chance)));
    }
}
