package org.lethe.federated.balance;

import java.util.List;
import org.lethe.numerics.Keyed;

final class SecureSum {
    private final Keyed random;
    SecureSum(Keyed random) { this.random = random; }
    double[] sum(List<double[]> parts) {
        double[] sum = parts.getFirst().clone();
        for (double[] p : parts.subList(1, parts.size())) sum = Histogram.plus(sum, p);
        return sum;
    }
}
