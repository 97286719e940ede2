package org.lethe.transport;

import static org.lethe.transport.TransportProblem.require;

/** A bound on the distance of the masses of a constrained barycenter from given masses, besides {@link Limits}. */
public sealed interface Ball {

    /**
     * {@code KL(a | r) = Σ a log(a / r) ≤ radius}. Within it lie only masses where the reference has some; choose it to keep
     * proportions, whatever the distances between the points.
     *
     * @param reference r, one mass per point, of total 1
     * @param radius largest divergence, in nats
     */
    record Divergence(double[] reference, double radius) implements Ball {
        private static final int BISECTIONS = 60;
        private static final double ROUNDING = 1e-12;

        public Divergence {
            checkMasses(reference);
            require(radius >= 0 && Double.isFinite(radius), "radius", radius, "at least 0, finite");
        }

        /** The masses within limits that are nearest to r: infeasible if they are farther than the radius. */
        Limits.Projection nearest(Limits limits) {
            double[] most = limits.most().clone();
            double[] logs = new double[reference.length];
            for (int i = 0; i < logs.length; i++) {
                if (reference[i] == 0) {
                    require(limits.least()[i] == 0, "least[" + i + "]", limits.least()[i], "0 where the reference is");
                    most[i] = 0;
                } else {
                    logs[i] = Math.log(reference[i]) * Entropic.LOG2_E;
                }
            }
            Limits.Projection nearest =
                    new Limits(limits.least(), most, limits.linear()).project(logs, limits.noMultipliers());
            double beyond = of(nearest.logs()) - radius;
            return beyond > ROUNDING
                    ? new Limits.Projection(nearest.logs(), beyond, TransportResult.Status.INFEASIBLE)
                    : nearest;
        }

        /**
         * The masses within both that are nearest to 2^q in KL: those within the limits nearest to {@code 2^((1 − t) q + t log r)} for
         * the least t that brings them into the ball, by bisection.
         */
        Limits.Projection project(Limits limits, double[] q, Limits.Projection nearest, double[] multipliers) {
            double low = 0;
            double high = 1;
            Limits.Projection found = limits.project(mixed(q, 0), multipliers);
            if (of(found.logs()) <= radius) {
                return found;
            }
            found = nearest;
            for (int step = 0; step < BISECTIONS; step++) {
                double t = (low + high) / 2;
                Limits.Projection tried = limits.project(mixed(q, t), multipliers);
                if (of(tried.logs()) <= radius) {
                    high = t;
                    found = tried;
                } else {
                    low = t;
                }
            }
            return found;
        }

        private double[] mixed(double[] q, double t) {
            double[] mixed = new double[q.length];
            for (int i = 0; i < q.length; i++) {
                mixed[i] = reference[i] == 0
                        ? Double.NEGATIVE_INFINITY
                        : (1 - t) * q[i] + t * Math.log(reference[i]) * Entropic.LOG2_E;
            }
            return mixed;
        }

        /** KL(a | r) of masses by their logarithms to base 2. */
        double of(double[] logs) {
            double sum = 0;
            for (int i = 0; i < logs.length; i++) {
                if (logs[i] > Double.NEGATIVE_INFINITY) {
                    sum += Math.pow(2, logs[i]) * (logs[i] / Entropic.LOG2_E - Math.log(reference[i]));
                }
            }
            return sum;
        }
    }

    /**
     * {@code min ⟨P, C⟩ ≤ radius} over the plans from a to r: for squared distances, W₂² at most the square of a length. Choose
     * it where mass may move, but not far.
     *
     * @param cost n × m costs, one row per point of the barycenter
     * @param reference r, m masses of total 1
     * @param radius largest transport cost
     */
    record Transport(double[] cost, double[] reference, double radius) implements Ball {
        public Transport {
            checkMasses(reference);
            require(radius >= 0 && Double.isFinite(radius), "radius", radius, "at least 0, finite");
            require(cost.length % reference.length == 0, "cost.length", cost.length, "n x " + reference.length);
            for (double c : cost) {
                require(Double.isFinite(c), "a cost", c, "a finite number");
            }
        }

        /** A lower bound for all masses: every part of r goes to the nearest point. */
        double least() {
            double total = 0;
            int m = reference.length;
            for (int j = 0; j < m; j++) {
                double nearest = Double.POSITIVE_INFINITY;
                for (int e = j; e < cost.length; e += m) {
                    nearest = Math.min(nearest, cost[e]);
                }
                total += reference[j] * nearest;
            }
            return total;
        }

        /** The least cost from the reference to some masses. */
        double of(double[] masses) {
            return TransportProblem.renormalised(masses, reference, cost)
                    .exact()
                    .cost();
        }
    }

    private static void checkMasses(double[] reference) {
        double total = TransportProblem.mass("reference", reference);
        require(Math.abs(total - 1) <= 1e-8, "sum of reference", total, "1");
    }
}
