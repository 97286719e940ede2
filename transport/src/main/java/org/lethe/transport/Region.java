package org.lethe.transport;

import static org.lethe.transport.TransportProblem.require;

/** The region in which the points of a barycenter may lie: a convex set, onto which points are projected. */
public sealed interface Region {

    /** Moves the point that starts at {@code at} to the nearest one of the region. */
    void project(double[] points, int at);

    /** Refuses a region of another dimension. */
    void check(int dims);

    /** No limit. */
    record Anywhere() implements Region {
        @Override
        public void project(double[] points, int at) {}

        @Override
        public void check(int dims) {}
    }

    /**
     * Each coordinate between two bounds.
     *
     * @param least d lower bounds, −∞ for none
     * @param most d upper bounds, ∞ for none
     */
    record Box(double[] least, double[] most) implements Region {
        public Box {
            require(most.length == least.length, "most.length", most.length, "" + least.length);
            for (int k = 0; k < least.length; k++) {
                require(least[k] <= most[k], "least[" + k + "]", least[k], "at most " + most[k]);
            }
        }

        @Override
        public void project(double[] points, int at) {
            for (int k = 0; k < least.length; k++) {
                points[at + k] = Math.clamp(points[at + k], least[k], most[k]);
            }
        }

        @Override
        public void check(int dims) {
            require(least.length == dims, "dims of the box", least.length, "" + dims);
        }
    }

    /**
     * No farther than a radius from a centre.
     *
     * @param centre d numbers
     * @param radius largest Euclidean distance
     */
    record Disc(double[] centre, double radius) implements Region {
        public Disc {
            for (double c : centre) {
                require(Double.isFinite(c), "centre", c, "finite numbers");
            }
            require(radius >= 0 && Double.isFinite(radius), "radius", radius, "at least 0, finite");
        }

        @Override
        public void project(double[] points, int at) {
            double squared = 0;
            for (int k = 0; k < centre.length; k++) {
                squared += (points[at + k] - centre[k]) * (points[at + k] - centre[k]);
            }
            double part = Math.min(1, radius / Math.sqrt(squared));
            for (int k = 0; part < 1 && k < centre.length; k++) {
                points[at + k] = centre[k] + part * (points[at + k] - centre[k]);
            }
        }

        @Override
        public void check(int dims) {
            require(centre.length == dims, "dims of the disc", centre.length, "" + dims);
        }
    }
}
