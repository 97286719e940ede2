package org.lethe.recsys.hide;

import org.lethe.recsys.Split;
import org.lethe.recsys.UserRows;

/** How far apart two classes lie. */
final class ClassDistance {
    private ClassDistance() {}

    /** Squared distance of the means of both groups over the mean variance. */
    static double of(UserRows model, Hide hide, Split data) {
        Classes groups = hide.each(data.train()).getFirst();
        int width = model.width();
        double apart = 0;
        double spread = 0;
        for (int d = 0; d < width; d++) {
            double[] sums = new double[2];
            double square = 0;
            double sum = 0;
            for (int u = 0; u < groups.of().length; u++) {
                float v = model.userRows()[u * width + d];
                sums[groups.of()[u]] += v;
                square += (double) v * v;
                sum += v;
            }
            double difference = sums[0] / groups.counts()[0] - sums[1] / groups.counts()[1];
            apart += difference * difference;
            spread += square / groups.of().length - Math.pow(sum / groups.of().length, 2);
        }
        return apart / spread;
    }
}
