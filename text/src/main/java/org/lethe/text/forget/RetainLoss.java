package org.lethe.text.forget;

import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Check;
import org.lethe.Named;
import org.lethe.text.TokenBatch;
import org.lethe.text.TokenScores;
import org.lethe.text.model.Transformer;

/** The losses that keep a model as it was on samples that are not forgotten. */
public sealed interface RetainLoss {
    /** Whether the model at the start is read. */
    boolean usesReference();

    /** The loss of a batch, a scalar with gradients for the model; the reference is the model at the start, frozen. */
    Tensor of(Transformer model, Transformer reference, TokenBatch batch);

    /** Cross-entropy of the scored tokens. */
    @Named("nll")
    record Nll() implements RetainLoss {
        @Override
        public boolean usesReference() {
            return false;
        }

        @Override
        public Tensor of(Transformer model, Transformer reference, TokenBatch batch) {
            return TokenScores.of(model, batch).crossEntropy();
        }
    }

    /** Where divergences are averaged. */
    enum Positions {
        /** Every token, the prompt's too. */
        UNPADDED,
        /** Where a scored token is predicted. */
        LABELLED,
        /** Every place of the padded table, as in the published code; the loss then depends on the lengths in a batch. */
        ALL
    }

    /**
     * KL(start ‖ now) = Σ_v p_ref(v) (log p_ref(v) − log p(v)), averaged over positions. It is 0 with gradient 0 at the start.
     *
     * @param over positions to average over: unpadded, labelled, or all (padding included, as published)
     */
    @Named("kl")
    record Kl(Positions over) implements RetainLoss {
        public Kl() {
            this(Positions.UNPADDED);
        }

        @Override
        public boolean usesReference() {
            return true;
        }

        @Override
        public Tensor of(Transformer model, Transformer reference, TokenBatch batch) {
            Tensor start;
            try (var _ = new NoGradGuard()) {
                start = logProbabilities(reference, batch);
            }
            Tensor now = logProbabilities(model, batch);
            return start.exp().mul(start.sub(now)).sum(1).mean();
        }

        /** At the chosen positions, {@code [positions, vocabulary]}. */
        private Tensor logProbabilities(Transformer model, TokenBatch batch) {
            Tensor hidden = model.hidden(batch.ids(), batch.mask());
            Tensor rows = hidden.reshape(-1, hidden.size(2));
            Tensor chosen = switch (over) {
                case ALL -> rows;
                case UNPADDED ->
                    rows.index_select(0, batch.mask().reshape(-1).nonzero().squeeze(1));
                case LABELLED -> rows.index_select(0, batch.places().add(batch.rows())); // rows of time, not time − 1
            };
            return torch.log_softmax(model.head(chosen).to(ScalarType.Float), 1);
        }
    }

    /**
     * Mean squared distance of hidden states at scored tokens from those at the start; the retain loss of RMU.
     *
     * @param layer number of blocks after which states are taken; 0 for half of them
     */
    @Named("embed-diff")
    record EmbedDiff(int layer) implements RetainLoss {
        public EmbedDiff {
            Check.require(layer >= 0, "layer", layer, "at least 0");
        }

        public EmbedDiff() {
            this(0);
        }

        @Override
        public boolean usesReference() {
            return true;
        }

        @Override
        public Tensor of(Transformer model, Transformer reference, TokenBatch batch) {
            Tensor start;
            try (var _ = new NoGradGuard()) {
                start = ForgettingLoss.Rmu.states(reference, batch, layer);
            }
            return ForgettingLoss.Rmu.states(model, batch, layer)
                    .sub(start)
                    .square()
                    .mean();
        }
    }
}
