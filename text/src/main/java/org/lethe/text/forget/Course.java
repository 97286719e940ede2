package org.lethe.text.forget;

import org.lethe.Check;
import org.lethe.Components;

/**
 * How long, how fast and towards what a method of forgetting trains: the settings that all of them share.
 *
 * <p>An epoch is one pass over the samples to forget; each step draws as many samples to keep. The loss of a step is γ times that of
 * forgetting plus α times that of retaining. The learning rate suits models of a million parameters; published runs on models of
 * billions use 1e-5.
 *
 * @param epochs most passes over the samples to forget
 * @param steps most steps; 0 for as many as the epochs have
 * @param batch samples to forget in a step, and samples to keep
 * @param learningRate largest rate of AdamW
 * @param weightDecay decay of matrices
 * @param warmUp epochs during which the rate grows to its value
 * @param clip longest gradient; 0 for no clipping
 * @param gamma γ, factor of the loss of forgetting
 * @param alpha α, factor of the loss of retaining; at 0 no sample to keep is read
 * @param retain loss of retaining: nll, kl or embed-diff
 * @param target stop once the mean probability of forgotten answers is at most this; 0 never stops
 * @param ceiling whether to stop once the cross-entropy of forgotten answers is that of a uniform guess
 * @param lora rank of an adapter that is trained in place of the weights and merged at the end; 0 trains the weights
 */
public record Course(
        int epochs,
        int steps,
        int batch,
        double learningRate,
        double weightDecay,
        double warmUp,
        double clip,
        double gamma,
        double alpha,
        RetainLoss retain,
        double target,
        boolean ceiling,
        int lora) {
    public Course {
        Check.require(epochs >= 1, "epochs", epochs, "at least 1");
        Check.require(steps >= 0, "steps", steps, "at least 0");
        Check.require(batch >= 1, "batch", batch, "at least 1");
        Check.require(learningRate > 0 && learningRate <= 1, "learningRate", learningRate, "above 0, at most 1");
        Check.require(weightDecay >= 0 && weightDecay <= 1, "weightDecay", weightDecay, "0 to 1");
        Check.require(warmUp >= 0 && warmUp <= epochs, "warmUp", warmUp, "0 to the number of epochs, " + epochs);
        Check.require(clip >= 0 && clip < Double.POSITIVE_INFINITY, "clip", clip, "a finite number, at least 0");
        Check.require(gamma >= 0 && gamma <= 1e6, "gamma", gamma, "0 to 1e6");
        Check.require(alpha >= 0 && alpha <= 1e6, "alpha", alpha, "0 to 1e6");
        Check.require(gamma > 0 || alpha > 0, "gamma", gamma, "above 0 where alpha is 0");
        Check.require(target >= 0 && target < 1, "target", target, "0 or more, below 1");
        Check.require(lora >= 0, "lora", lora, "at least 0");
    }

    /** Ten epochs of eight samples, γ = α = 1 with the cross-entropy of retained samples. */
    public Course() {
        this(10, 0, 8, 3e-4, 0.01, 1, 1, 1, 1, new RetainLoss.Nll(), 0, true, 0);
    }

    /** The same with other factors of the two losses. */
    public Course with(double gammaNow, double alphaNow) {
        return Components.with(Components.with(this, "gamma", gammaNow), "alpha", alphaNow);
    }

    /** The same with another loss of retaining. */
    public Course with(RetainLoss other) {
        return Components.with(this, "retain", other);
    }

    /** The same for another time at another rate. */
    public Course with(int epochsNow, int batchNow, double rate) {
        Course longer = Components.with(Components.with(this, "warmUp", 0.0), "epochs", epochsNow);
        return Components.with(
                Components.with(Components.with(longer, "batch", batchNow), "learningRate", rate),
                "warmUp",
                Math.min(warmUp, epochsNow));
    }

    /** The same until the mean probability of forgotten answers is low enough. */
    public Course until(double probability) {
        return Components.with(this, "target", probability);
    }

    /** The same with an adapter of a rank. */
    public Course withLora(int rank) {
        return Components.with(this, "lora", rank);
    }
}
