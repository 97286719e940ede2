package org.lethe.recsys.hide;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;
import java.util.stream.IntStream;
import org.hipparchus.linear.Array2DRowRealMatrix;
import org.hipparchus.linear.CholeskyDecomposition;
import org.hipparchus.linear.DecompositionSolver;
import org.hipparchus.linear.EigenDecompositionSymmetric;
import org.hipparchus.linear.RealMatrix;
import org.lethe.Picture;
import org.lethe.numerics.Keyed;

/**
 * A scatter of user embeddings in the plane in which their classes differ most before, and of the same users in the same
 * plane after.
 *
 * <p>A random half of each class defines the axes, and only other users are shown. A plane shown on the users that it was
 * fitted to would separate even equal classes. An axis is in standard deviations within the classes of the shown users
 * before. Its origin is the mean of the class means, so the distance of two class means on the first axis is d′.
 */
final class ClassPicture {
    private static final int FITTED = 2_000; // users of a class that decide; more turn no axis by a degree
    private static final int SHOWN = 400; // users of a class that are drawn
    private static final String NOTE =
            "Pictures: in standard deviations within classes before. Half of the users decided the"
                    + " axes; of the others at most " + SHOWN
                    + " of a class are drawn, and large marks are class means. Classes that"
                    + " lie on each other here can still differ in another direction, and embeddings that were trained anew need not keep"
                    + " these axes: attackers use all dimensions.";

    private ClassPicture() {}

    /**
     * The scatter, with one panel for each table.
     *
     * @param panels embeddings {@code [users, width]} by name; the first table defines the plane
     */
    static Picture.Scatter of(Classes classes, int width, SequencedMap<String, float[]> panels, Keyed random) {
        int[][] fitted = new int[classes.size()][];
        int[][] shown = new int[classes.size()][];
        for (int k = 0; k < classes.size(); k++) {
            int[] members = IntStream.of(classes.members(k))
                    .boxed()
                    .sorted(Comparator.comparingLong(random::at))
                    .mapToInt(Integer::intValue)
                    .toArray();
            int half = members.length / 2;
            fitted[k] = Arrays.copyOf(members, Math.min(half, FITTED));
            shown[k] = Arrays.copyOfRange(members, half, Math.min(members.length, half + FITTED));
        }
        float[] before = panels.firstEntry().getValue();
        Plane plane = Plane.of(before, width, fitted).scaledTo(before, shown);
        List<Picture.Panel> drawn = new ArrayList<>();
        panels.forEach((name, rows) -> drawn.add(plane.panel(name, rows, classes, shown)));
        return new Picture.Scatter("users by " + classes.attribute(), plane.named(0), plane.named(1), NOTE, drawn);
    }

    /**
     * Two axes through embeddings; the first min(2, K − 1) separate K classes.
     *
     * <p>Let m_k be the mean of class k, m the mean of the m_k, and M the matrix with rows m_k − m. T is the covariance of
     * all rows and {@code W = cov within classes + 0.01 · tr T / d · I}. The axes are {@code w = W⁻¹ Mᵀ a} for the first
     * eigenvectors a of {@code M W⁻¹ Mᵀ}: Fisher's discriminants (Fisher 1936, Rao 1948); with two classes {@code W⁻¹ (m_1
     * − m_0)}. A remaining axis is the first principal component that is orthogonal to the first axis; columns are not
     * standardised. With two classes the second class lies to the right; otherwise the largest entry of an axis is
     * positive. An axis is 0 if rows do not vary. Cost: users · width² + width³.
     *
     * @param centre origin of both axes
     * @param axes two directions of {@code width} numbers
     * @param shares share of the variance of all rows along each axis
     * @param parting number of axes that separate classes
     */
    record Plane(double[] centre, double[][] axes, double[] shares, int parting) {
        private static final double RIDGE = 0.01;
        private static final double NOTHING = 1e-12; // of a variance
        private static final double ROUNDING = 1e-20; // of the square of a mean: less than one bit of a float

        static Plane of(float[] rows, int width, int[][] members) {
            double[][] means = means(rows, width, members);
            int users = Arrays.stream(members).mapToInt(m -> m.length).sum();
            double[] mean = new double[width];
            double[] middle = middle(means);
            double[][] within = new double[width][width];
            for (int k = 0; k < members.length; k++) {
                for (int user : members[k]) {
                    addOuter(within, rows, user * width, means[k], 1.0 / users);
                }
                for (int d = 0; d < width && members[k].length > 0; d++) {
                    mean[d] += means[k][d] * members[k].length / users;
                }
            }
            for (int d = 0; d < width; d++) {
                for (int e = 0; e < d; e++) {
                    within[e][d] = within[d][e];
                }
            }
            double[][] total = Arrays.stream(within).map(double[]::clone).toArray(double[][]::new);
            for (int k = 0; k < members.length; k++) {
                for (int d = 0; d < width && members[k].length > 0; d++) {
                    for (int e = 0; e < width; e++) {
                        total[d][e] += (means[k][d] - mean[d]) * (means[k][e] - mean[e]) * members[k].length / users;
                    }
                }
            }
            double trace =
                    IntStream.range(0, width).mapToDouble(d -> total[d][d]).sum();
            double[][] axes = new double[2][width];
            double[] shares = new double[2];
            int found = 0;
            if (trace > ROUNDING * dot(mean, mean)) {
                List<double[]> parting = discriminants(within, means, middle, trace / width);
                found = parting.size();
                for (int a = 0; a < found; a++) {
                    axes[a] = parting.get(a);
                }
                for (int a = found; a < 2; a++) {
                    axes[a] = principal(total, axes, a, trace / width);
                }
                for (int a = 0; a < 2; a++) {
                    shares[a] = variance(total, axes[a]) / trace;
                }
            }
            return new Plane(middle, axes, shares, found);
        }

        /** The axes in standard deviations within classes, with their origin at the mean of the class means. */
        Plane scaledTo(float[] rows, int[][] members) {
            int width = centre.length;
            double[][] means = means(rows, width, members);
            int users = Arrays.stream(members).mapToInt(m -> m.length).sum();
            double[][] scaled = new double[2][width];
            for (int a = 0; a < 2; a++) {
                double within = 0;
                double total = 0;
                for (int k = 0; k < members.length; k++) {
                    for (int user : members[k]) {
                        within += square(along(axes[a], rows, user, means[k])) / users;
                        total += square(at(rows, user, a)) / users;
                    }
                }
                double square = within > NOTHING * total ? within : total;
                double unit = square > 0 ? Math.sqrt(square) : 1;
                scaled[a] = Arrays.stream(axes[a]).map(x -> x / unit).toArray();
            }
            return new Plane(middle(means), scaled, shares, parting);
        }

        /** The coordinate of a user on an axis. */
        double at(float[] rows, int user, int axis) {
            return along(axes[axis], rows, user, centre);
        }

        private static double along(double[] axis, float[] rows, int user, double[] from) {
            double sum = 0;
            for (int d = 0; d < axis.length; d++) {
                sum += axis[d] * (rows[user * axis.length + d] - from[d]);
            }
            return sum;
        }

        private static double square(double x) {
            return x * x;
        }

        String named(int axis) {
            String what = axis < parting
                    ? (axis == 0 ? "where the classes differ most" : "where they differ most beside that")
                    : axis == 0 ? "first principal component" : "first principal component of the rest";
            String share = shares[axis] < 0.01 ? "%s, %.2f %% of the variance" : "%s, %.1f %% of the variance";
            return String.format(Locale.ROOT, share, what, 100 * shares[axis]);
        }

        Picture.Panel panel(String name, float[] rows, Classes classes, int[][] members) {
            List<Picture.Points> points = new ArrayList<>();
            double[][] means = new double[members.length][2];
            for (int k = 0; k < members.length; k++) {
                List<Float> x = new ArrayList<>();
                List<Float> y = new ArrayList<>();
                for (int user : members[k]) {
                    double[] at = {at(rows, user, 0), at(rows, user, 1)};
                    means[k][0] += at[0] / members[k].length;
                    means[k][1] += at[1] / members[k].length;
                    if (x.size() < SHOWN) {
                        x.add((float) at[0]);
                        y.add((float) at[1]);
                    }
                }
                List<Float> mean = x.isEmpty() ? List.of() : List.of((float) means[k][0], (float) means[k][1]);
                points.add(new Picture.Points(classes.labels().get(k), x, y, mean));
            }
            return new Picture.Panel(name, apart(means, members), points);
        }

        private static String apart(double[][] means, int[][] members) {
            double most = 0;
            for (int k = 0; k < means.length; k++) {
                for (int j = 0; j < k; j++) {
                    if (members[k].length > 0 && members[j].length > 0) {
                        most = Math.max(most, Math.hypot(means[k][0] - means[j][0], means[k][1] - means[j][1]));
                    }
                }
            }
            return String.format(Locale.ROOT, "means %s%.2f sd apart", means.length > 2 ? "up to " : "", most);
        }

        /** The mean of each class; NaN for a class without members. */
        private static double[][] means(float[] rows, int width, int[][] members) {
            double[][] means = new double[members.length][width];
            for (int k = 0; k < members.length; k++) {
                for (int user : members[k]) {
                    for (int d = 0; d < width; d++) {
                        means[k][d] += rows[user * width + d];
                    }
                }
                for (int d = 0; d < width; d++) {
                    means[k][d] /= members[k].length;
                }
            }
            return means;
        }

        /** The mean of the means of the classes that have members. */
        private static double[] middle(double[][] means) {
            double[] middle = new double[means[0].length];
            double[][] there = there(means);
            for (double[] mean : there) {
                for (int d = 0; d < middle.length; d++) {
                    middle[d] += mean[d] / there.length;
                }
            }
            return middle;
        }

        private static double[][] there(double[][] means) {
            return Arrays.stream(means).filter(m -> !Double.isNaN(m[0])).toArray(double[][]::new);
        }

        /** Adds the lower half only; the two halves can differ in their last bits. */
        private static void addOuter(double[][] sums, float[] rows, int from, double[] mean, double weight) {
            int width = mean.length;
            double[] x = new double[width];
            for (int d = 0; d < width; d++) {
                x[d] = rows[from + d] - mean[d];
            }
            for (int d = 0; d < width; d++) {
                double value = weight * x[d];
                for (int e = 0; e <= d; e++) {
                    sums[d][e] += value * x[e];
                }
            }
        }

        private static List<double[]> discriminants(
                double[][] within, double[][] means, double[] middle, double variance) {
            double[][] apart = there(means);
            if (apart.length < 2) {
                return List.of();
            }
            int width = middle.length;
            double[][] ridged = new double[width][width];
            for (int d = 0; d < width; d++) {
                for (int e = 0; e < width; e++) {
                    ridged[d][e] = within[d][e] / variance + (d == e ? RIDGE : 0);
                }
            }
            RealMatrix m = new Array2DRowRealMatrix(apart.length, width);
            for (int k = 0; k < apart.length; k++) {
                for (int d = 0; d < width; d++) {
                    m.setEntry(k, d, (apart[k][d] - middle[d]) / Math.sqrt(variance));
                }
            }
            DecompositionSolver solver =
                    new CholeskyDecomposition(new Array2DRowRealMatrix(ridged, false), 1e-9, 0).getSolver();
            RealMatrix solved = solver.solve(m.transpose()); // W⁻¹ Mᵀ
            List<double[]> axes = new ArrayList<>();
            for (double[] a : leading(m.multiply(solved), Math.min(2, apart.length - 1))) {
                double[] axis = unit(solved.operate(a));
                boolean back = apart.length == 2 && dot(axis, apart[1]) < dot(axis, apart[0]);
                axes.add(apart.length > 2 ? signed(axis) : back ? times(axis, -1) : axis);
            }
            return axes;
        }

        /** The first principal component orthogonal to the axes before it. */
        private static double[] principal(double[][] total, double[][] axes, int before, double variance) {
            int width = total.length;
            RealMatrix rest = new Array2DRowRealMatrix(total).scalarMultiply(1 / variance);
            for (int a = 0; a < before; a++) {
                RealMatrix axis = new Array2DRowRealMatrix(unit(axes[a]));
                RealMatrix away = new Array2DRowRealMatrix(width, width);
                for (int d = 0; d < width; d++) {
                    away.setEntry(d, d, 1);
                }
                away = away.subtract(axis.multiplyTransposed(axis));
                rest = away.multiply(rest).multiply(away);
            }
            List<double[]> first = leading(rest, 1);
            return first.isEmpty() ? new double[width] : signed(first.getFirst());
        }

        /**
         * The eigenvectors of the largest eigenvalues that are not 0. The mean eigenvalue is added to the diagonal first, because
         * the iteration does not converge among many zeros.
         */
        private static List<double[]> leading(RealMatrix matrix, int most) {
            int n = matrix.getRowDimension();
            double trace = matrix.getTrace();
            if (trace <= NOTHING) {
                return List.of();
            }
            RealMatrix shifted = symmetric(matrix);
            for (int d = 0; d < n; d++) {
                shifted.addToEntry(d, d, trace / n);
            }
            EigenDecompositionSymmetric eigen = new EigenDecompositionSymmetric(shifted);
            return IntStream.range(0, most)
                    .filter(a -> eigen.getEigenvalue(a) - trace / n > NOTHING * Math.max(1, trace))
                    .mapToObj(a -> eigen.getEigenvector(a).toArray())
                    .toList();
        }

        private static RealMatrix symmetric(RealMatrix matrix) {
            return matrix.add(matrix.transpose()).scalarMultiply(0.5);
        }

        private static double variance(double[][] covariance, double[] axis) {
            double square = dot(axis, axis);
            return square > 0 ? dot(axis, new Array2DRowRealMatrix(covariance, false).operate(axis)) / square : 0;
        }

        private static double[] signed(double[] axis) {
            double largest = 0;
            for (double x : axis) {
                largest = Math.abs(x) > Math.abs(largest) ? x : largest;
            }
            return largest < 0 ? times(axis, -1) : axis;
        }

        private static double[] unit(double[] axis) {
            double length = Math.sqrt(dot(axis, axis));
            return length > 0 ? times(axis, 1 / length) : axis;
        }

        private static double[] times(double[] axis, double by) {
            return Arrays.stream(axis).map(x -> x * by).toArray();
        }

        private static double dot(double[] a, double[] b) {
            double sum = 0;
            for (int d = 0; d < a.length; d++) {
                sum += a[d] * b[d];
            }
            return sum;
        }
    }
}
