package org.lethe.recsys.neural.forget;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.lethe.Check;
import org.lethe.Named;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.numerics.Keyed;

/**
 * Forgets by noise in proportion to each weight, and repair (Seif, an entry to the NeurIPS 2023 unlearning challenge, as ERASE uses
 * it).
 *
 * <p>{@code θ ← θ + ξ |θ|} with normal ξ of deviation {@code noise}. Then Adam on retained examples, and a little more noise before the
 * last epoch. By default noise goes to the rows of items in erased examples alone, and repair takes retained examples of those
 * items and a sample of others, each example that leads to such an item with the weight 0.05.
 *
 * <p>The form that ERASE runs puts noise on every embedding and matrix, so that squared lengths grow by 1 + noise² with every request,
 * repairs on a sample that does not contain what is damaged, and gives all examples of a batch one weight. {@code everywhere} is
 * this form. Cost: fine-tuning, {@code O(examples · items · width)} an epoch.
 *
 * @param noise deviation of the noise, as a share of each weight
 * @param everywhere whether all matrices get noise
 * @param epochs number of epochs of repair
 * @param learningRate learning rate of Adam
 */
@Named("seif")
@Taxonomy({Branch.REPAIR, Branch.SEQUENCE})
public record Seif(double noise, boolean everywhere, int epochs, double learningRate) implements NetworkMethod {
    private static final double LATE_NOISE = 0.005;
    private static final double LIGHT = 0.05; // weight of examples that lead to a touched item
    private static final int NEAR = 512;

    public Seif {
        Check.require(noise >= 0 && noise <= 10, "noise", noise, "0 to 10");
        Check.require(epochs >= 0, "epochs", epochs, "at least 0");
        Check.require(learningRate > 0 && learningRate <= 10, "learningRate", learningRate, "above 0 and at most 10");
    }

    /** Noise of 0.6, four epochs of 0.0007. */
    public Seif() {
        this(0.6, false, 4, 7e-4);
    }

    @Override
    public void move(Removal removal) {
        boolean[] noisy = everywhere ? matrices(removal) : removal.touchedRows();
        removal.leaves.set(noisy(removal.leaves.values(), noisy, noise, removal.random("noise")));
        List<Prefix> tuned = new ArrayList<>(removal.sample(8, "repair"));
        boolean[] lost = new boolean[removal.itemCount()];
        if (!everywhere) {
            tuned.addAll(removal.near(NEAR).prefixes());
            Arrays.stream(removal.scoredItems()).forEach(i -> lost[i] = true);
        }
        Tuning tuning = new Tuning(removal, learningRate);
        for (int epoch = 0; epoch < epochs; epoch++) {
            if (epoch == epochs - 1) {
                removal.leaves.set(late(removal.leaves.values(), noisy, removal.random("late noise")));
            }
            tuning.epoch(epoch, tuned, p -> lost[p.next()] ? LIGHT : 1);
        }
    }

    private static boolean[] matrices(Removal removal) {
        return removal.leaves.within(removal.leaves.names().stream()
                .filter(name -> removal.leaves.tensor(name).dim() == 2)
                .toArray(String[]::new));
    }

    /** Marked weights with noise in proportion to each. */
    static double[] noisy(double[] theta, boolean[] marked, double noise, Keyed random) {
        double[] noisy = theta.clone();
        for (int n = 0; n < noisy.length; n++) {
            noisy[n] += marked[n] ? noise * Keyed.normal(random.at(n)) * Math.abs(theta[n]) : 0;
        }
        return noisy;
    }

    private static double[] late(double[] theta, boolean[] marked, Keyed random) {
        for (int n = 0; n < theta.length; n++) {
            theta[n] += marked[n] ? LATE_NOISE * Keyed.normal(random.at(n)) : 0;
        }
        return theta;
    }
}
