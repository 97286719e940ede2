package org.lethe.video.model;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.lethe.Check;
import org.lethe.Named;
import org.lethe.torch.Tensors;

/** How much the order of scores differs from that of intensities, over all pairs of a batch. */
public sealed interface RankingLoss {
    /** The mean over pairs of scores {@code [clips]}, where {@code truth} has the intensities. */
    default Tensor of(Tensor scores, float[] truth) {
        int count = truth.length;
        Check.require(count >= 2 && scores.numel() == count, "clips", count, "at least 2, one score each");
        float[] order = new float[count * count];
        float[] equal = new float[count * count];
        for (int a = 0; a < count; a++) {
            for (int b = 0; b < a; b++) {
                float gap = truth[a] - truth[b];
                if (Math.abs(gap) < tie()) {
                    equal[a * count + b] = 1;
                } else {
                    order[a * count + b] = Math.signum(gap);
                }
            }
        }
        Tensor gaps = scores.reshape(count, 1).sub(scores.reshape(1, count));
        Tensor signs = Tensors.of(order, count, count).to(scores.device(), torch.ScalarType.Float);
        Tensor ties = Tensors.of(equal, count, count).to(scores.device(), torch.ScalarType.Float);
        Tensor wrong = each(gaps.mul(signs)).mul(signs.abs()).sum();
        Tensor apart = gaps.square().mul(ties).sum().mul(new Scalar(0.1));
        return wrong.add(apart).div(new Scalar(count * (count - 1) / 2.0));
    }

    /** Intensities that are closer count as equal. */
    double tie();

    /** The loss of pairs whose gap is positive where the order is right. */
    Tensor each(Tensor gaps);

    /**
     * Counts max(0, margin − gap), as published with a margin of 0. Without a margin, constant scores have no loss at all: the regression alone
     * keeps them apart.
     *
     * @param margin gap below which a pair still counts
     * @param tie intensities that are closer count as equal
     */
    @Named("hinge")
    record Hinge(double margin, double tie) implements RankingLoss {
        public Hinge {
            Check.require(margin >= 0 && margin <= 10, "margin", margin, "0 to 10");
            Check.require(tie >= 0 && tie <= 3, "tie", tie, "0 to 3");
        }

        /** No margin, no ties. */
        public Hinge() {
            this(0, 0);
        }

        @Override
        public Tensor each(Tensor gaps) {
            return torch.relu(gaps.neg().add(new Scalar(margin)));
        }
    }

    /**
     * Counts log(1 + exp(−gap)), the likelihood of Bradley and Terry; ties pull scores together by a tenth of the square of their gap.
     *
     * @param tie intensities that are closer count as equal
     */
    @Named("logistic")
    record Logistic(double tie) implements RankingLoss {
        public Logistic {
            Check.require(tie >= 0 && tie <= 3, "tie", tie, "0 to 3");
        }

        /** Ties below a tenth of a pixel. */
        public Logistic() {
            this(0.1);
        }

        @Override
        public Tensor each(Tensor gaps) {
            return torch.softplus(gaps.neg());
        }
    }
}
