package org.lethe.text;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.text.model.Transformer;

/**
 * The log-probabilities that a model gives to the scored tokens of a batch, on which every loss and most metrics rest. The head
 * is applied at scored positions alone, and log-softmax is taken in float32.
 *
 * @param batch the samples
 * @param logits at the scored positions, float32, {@code [scored, vocabulary]}
 * @param tokens log p of each scored token, {@code [scored]}
 */
public record TokenScores(TokenBatch batch, Tensor logits, Tensor tokens) {
    /** Reads a batch with a model. */
    public static TokenScores of(Transformer model, TokenBatch batch) {
        return of(model, batch, model.hidden(batch.ids(), batch.mask()));
    }

    /** The same from states after the last norm, {@code [rows, time, dims]}. */
    public static TokenScores of(Transformer model, TokenBatch batch, Tensor hidden) {
        Tensor logits = model.head(predicting(batch, hidden)).to(ScalarType.Float);
        Tensor all = torch.log_softmax(logits, 1);
        return new TokenScores(
                batch, logits, all.gather(1, batch.labels().unsqueeze(1)).squeeze(1));
    }

    /** The states that predict the scored tokens, {@code [scored, dims]}, of states {@code [rows, time, dims]}. */
    public static Tensor predicting(TokenBatch batch, Tensor hidden) {
        return hidden.narrow(1, 0, batch.ids().size(1) - 1) // the last token predicts nothing that is known
                .reshape(-1, hidden.size(2))
                .index_select(0, batch.places());
    }

    /** Sums of a quantity of scored tokens by row, {@code [rows]}. */
    public Tensor sums(Tensor ofTokens) {
        return torch.zeros(batch.size())
                .to(ofTokens.device(), ofTokens.scalar_type())
                .index_add(0, batch.rows(), ofTokens);
    }

    /** Means of a quantity of scored tokens by row, {@code [rows]}. */
    public Tensor means(Tensor ofTokens) {
        return sums(ofTokens).div(counts(ofTokens));
    }

    private Tensor counts(Tensor like) {
        return sums(torch.ones_like(like).detach());
    }

    /** log p of each row's answer: the sum over its scored tokens, {@code [rows]}. */
    public Tensor logProbabilities() {
        return sums(tokens);
    }

    /** Cross-entropy of each row: −log p divided by the number of its scored tokens, {@code [rows]}. */
    public Tensor crossEntropies() {
        return means(tokens).neg();
    }

    /** Cross-entropy of the batch: over all scored tokens alike. */
    public Tensor crossEntropy() {
        return tokens.sum().mul(new Scalar(-1.0 / batch.scored()));
    }
}
