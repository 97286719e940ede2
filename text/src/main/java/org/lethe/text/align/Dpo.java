package org.lethe.text.align;

import java.util.Arrays;
import org.bytedeco.javacpp.PointerScope;
import org.lethe.Check;
import org.lethe.Named;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Optimiser;
import org.lethe.torch.UpdateRule;

/**
 * Direct preference optimisation (Rafailov et al. 2023) on the pairs of the request, by AdamW. The reference is the
 * model at the start, whose log-probabilities are computed once. The result is the point with the best held-out
 * objective whose utility is above the floor.
 *
 * @param form the loss: sigmoid (DPO), robust, smoothed, hinge, ipo, ipo-sums or sigmoid-norm
 * @param beta strength β of the reference
 * @param smoothing share of pairs that are labelled the wrong way round, for the robust and the smoothed loss
 * @param learningRate learning rate of AdamW
 * @param epochs number of epochs
 * @param batch number of pairs in a step
 * @param utilityFloor percent by which the cross-entropy of wanted answers may grow
 */
@Named("dpo")
public record Dpo(
        PreferenceLoss.Form form,
        double beta,
        double smoothing,
        double learningRate,
        int epochs,
        int batch,
        double utilityFloor)
        implements Aligning {
    public Dpo {
        new PreferenceLoss(form, beta, smoothing);
        Check.require(learningRate > 0 && learningRate < 1, "learningRate", learningRate, "between 0 and 1");
        Check.require(epochs >= 1, "epochs", epochs, "at least 1");
        Check.require(batch >= 1, "batch", batch, "at least 1");
        Check.require(utilityFloor >= 0, "utilityFloor", utilityFloor, "at least 0");
    }

    /** DPO with β = 0.1 for eight epochs. */
    public Dpo() {
        this(PreferenceLoss.Form.SIGMOID, 0.1, 0, 5e-4, 8, 16, 2);
    }

    @Override
    public AlignmentCourse align(AlignmentRun run) {
        Keyed random = run.env().random("align").of("dpo");
        AlignmentObjective.Preferences pairs = new AlignmentObjective.Preferences(
                run.task().pairs(), new PreferenceLoss(form, beta, smoothing), run.reference());
        try (var _ = new PointerScope()) {
            Optimiser optimiser = new Optimiser(
                    new UpdateRule.AdamW(learningRate, 0), run.model().trained(), Optimiser.MATRICES);
            for (int epoch = 1; epoch <= epochs; epoch++) {
                int[] order = AlignmentRun.order(pairs.size(), random.of(epoch));
                int shown = epoch;
                run.env().ledger().timed("inner", () -> {
                    for (int from = 0; from < order.length; from += batch) {
                        try (var _ = new PointerScope()) {
                            int[] which = Arrays.copyOfRange(order, from, Math.min(order.length, from + batch));
                            pairs.losses(run.model(), which).mean().backward();
                            optimiser.clip(1);
                            optimiser.step(1);
                            optimiser.dropGradients();
                        }
                    }
                    return shown;
                });
                run.point(1, epoch * ((order.length + batch - 1) / batch), epoch == epochs);
                if (run.ruined()) {
                    return run.finish("utility is gone after epoch " + epoch);
                }
            }
        }
        return run.finish("all " + epochs + " epochs are done");
    }
}
