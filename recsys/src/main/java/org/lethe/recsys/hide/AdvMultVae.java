package org.lethe.recsys.hide;

import java.util.Optional;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.Suited;
import org.lethe.recsys.backbone.MultVae;

/**
 * A variational autoencoder of lists that is trained against adversaries of its latent rows (Adv-MultVAE), for the model {@code
 * multvae}.
 *
 * <p>An adversary for each attribute, {@code latent − hidden − K} with rectified units, guesses the attribute from a user's latent row.
 * The gradient of its cross-entropy reaches the encoder through a layer that is the identity forwards and −{@code reversal} backwards,
 * so that the loss of a batch is that of {@code multvae} minus {@code reversal} times the cross-entropy. Every class has the same
 * weight. With several attributes their losses add up.
 *
 * <p>As {@code adversarial}, on one model and with the published balance of classes. The adversary reads the mean of the latent row, which
 * is what is served, where the released code reads a draw of it. There is no guarantee: audit with an attacker of its own.
 * On planted data with two groups, the default left such an attacker an accuracy of 0.66, not the 0.5 of guessing; λ = 10 left 0.72
 * to 0.86.
 *
 * <p>Cost: one training, and {@code O(latent · hidden)} products for every user of a batch.
 *
 * @param reversal factor λ of the reversed gradient; 0 is plain {@code multvae}
 * @param hidden number of rectified units of an adversary
 * @param learningRate learning rate of the adversaries' Adam
 */
@Named("adv-multvae")
@Taxonomy(Branch.IN_TRAINING)
public record AdvMultVae(double reversal, int hidden, double learningRate) implements Hiding {
    public AdvMultVae {
        Check.require(reversal >= 0 && reversal < 1e9, "reversal", reversal, "at least 0 and below 1e9");
        Check.require(hidden >= 1 && hidden <= 4096, "hidden", hidden, "1 to 4,096");
        Check.require(learningRate > 0 && learningRate < 1e3, "learningRate", learningRate, "above 0 and below 1000");
    }

    /** λ = 200, 32 units and a learning rate of 0.02. */
    public AdvMultVae() {
        this(200, 32, 0.02);
    }

    @Override
    public Optional<String> unsuited(Request request, Learner<Split, Recommender> learner) {
        return LetheException.refusal(() -> {
            Hiding.hide(this, request);
            multVae(learner);
        });
    }

    private MultVae multVae(Learner<Split, Recommender> learner) {
        if (learner instanceof MultVae vae) {
            return vae;
        }
        throw Suited.refused(
                this,
                "trains a multvae, not " + Named.Of.name(learner) + "; adversarial trains any model by gradient steps");
    }

    @Override
    public Recommender fulfil(
            Recommender model, Request request, Learner<Split, Recommender> learner, Split data, Env env) {
        Adversarial adversaries =
                new Adversarial(reversal, hidden, learningRate, /* balanced= */ true, /* warmup= */ 0);
        return multVae(learner)
                .train(
                        data,
                        new Adversarial.Opposition(adversaries, Hiding.known(Hiding.hide(this, request), data)),
                        env);
    }

    @Override
    public Exactness exactness() {
        return Exactness.NONE;
    }

    @Override
    public Estimate estimate(Learner<Split, Recommender> learner, Split data) {
        return learner.estimate(data).times(2.5); // the model before, and the training with adversaries
    }
}
