package org.lethe.recsys.approximate;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.lethe.Check;
import org.lethe.Named;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;

/**
 * Forgets by low-rank adapters on the rows of forgotten pairs, begun by a preconditioned ascent and calibrated on witnesses
 * (Obliviate, ICML 2026).
 *
 * <p>First, {@code ΔE = η g / (√v + 1e-8)} on the touched rows, g the gradient of the forgotten pairs. Then the truncated
 * singular value decomposition {@code ΔE ≈ A Bᵀ} of each table, {@code A = U√S, B = V√S}. The tables stay, and the rows of
 * forgotten pairs become {@code E + A Bᵀ}. Adam trains A and B on {@code mean −log σ(s_neg − s_del) + mean ((s_new −
 * s_old)/τ)² + 1e-4 (‖A‖ + ‖B‖)}, the second mean over witnesses: retained pairs of the touched users, and of the touched
 * items, which the paper leaves out. Last, the adapters are added to the tables. Other rows keep their bits.
 *
 * <p>Departures: v, the second moment of Adam, is not kept with a model; it is the mean over all pairs of the squared gradient at the
 * end. The triples of training are not kept either, so negatives are drawn anew. Each pair is calibrated only until it loses what
 * never-seen pairs lose, since {@code s_neg > s_del} for all would forget too much. The released script cannot run. It begins with
 * noise in place of the decomposition, has no adapter of items, and has the opposite sign of the first step, which learns the deleted
 * pairs further; {@code as-coded} has this sign and no stop. For LightGCN the propagated tables move. Cost: a pass over all pairs,
 * {@code O(touched rows · dims²)}, and small steps.
 *
 * @param rank rank of the adapters, at most the number of dimensions
 * @param ascent length η of the first step: root mean square over its entries
 * @param steps largest number of steps of calibration
 * @param learningRate learning rate of Adam
 * @param tau scale τ of the change of retained scores that counts as 1
 * @param asCoded whether the first step has the sign of the released script, and calibration does not stop
 */
@Named("obliviate")
@Taxonomy(Branch.REVERSE)
public record Obliviate(int rank, double ascent, int steps, double learningRate, double tau, boolean asCoded)
        implements TableMethod {
    public Obliviate {
        Check.require(rank >= 1, "rank", rank, "at least 1");
        Check.require(ascent > 0 && ascent <= 1e3, "ascent", ascent, "above 0 and at most 1000");
        Check.require(steps >= 0, "steps", steps, "at least 0");
        Check.require(learningRate > 0 && learningRate <= 10, "learningRate", learningRate, "above 0 and at most 10");
        Check.require(tau > 0 && tau <= 1e6, "tau", tau, "above 0 and at most 1e6");
    }

    /** Rank 8, η = 0.05, at most 200 steps of 0.02, τ = 2. */
    public Obliviate() {
        this(8, 0.05, 200, 0.02, 2, false);
    }

    @Override
    public double[] moved(Problem problem) {
        double[] start = firstStep(problem);
        boolean[] touched = problem.touched();
        int[] userRows =
                IntStream.range(0, problem.users).filter(r -> touched[r]).toArray();
        int[] itemRows = IntStream.range(problem.users, problem.rows())
                .filter(r -> touched[r])
                .toArray();
        int used = Math.min(rank, problem.dims);
        Adapter users = Adapter.of(start, userRows, problem.dims, used);
        Adapter items = Adapter.of(start, itemRows, problem.dims, used);
        calibrate(problem, users, items);
        double[] theta = problem.theta.clone();
        users.addTo(theta);
        items.addTo(theta);
        return theta;
    }

    /** ΔE of both tables: ascent on the forgotten pairs, preconditioned, on their rows alone. */
    double[] firstStep(Problem problem) {
        TripleLoss all = problem.lossOfRows(
                Triples.of(problem.data.train(), problem.data.train(), 1, problem.random("moments")));
        double[] squares = all.squaredGradients(problem.theta);
        double[] g = problem.only(problem.touched(), problem.loss(problem.gone).gradient(problem.theta));
        double sign = asCoded ? -1 : 1;
        int entries = 0;
        for (int n = 0; n < g.length; n++) {
            g[n] /= Math.sqrt(squares[n] / all.size()) + 1e-8;
            entries += g[n] == 0 ? 0 : 1;
        }
        double length = Vectors.norm(g);
        return length == 0 ? g : Vectors.times(sign * ascent * Math.sqrt(entries) / length, g);
    }

    private void calibrate(Problem problem, Adapter users, Adapter items) {
        Triples kept = problem.witnesses(problem.touched());
        double[] before = scores(problem, kept, problem.theta);
        Adam[] adams = {
            new Adam(users.a.length, learningRate),
            new Adam(users.b.length, learningRate),
            new Adam(items.a.length, learningRate),
            new Adam(items.b.length, learningRate)
        };
        for (int step = 0; step < steps; step++) {
            double[] theta = problem.theta.clone();
            users.addTo(theta);
            items.addTo(theta);
            if (!asCoded && problem.forgotten(theta)) {
                return;
            }
            double[] g = gradient(problem, kept, before, theta, step);
            users.step(g, adams[0], adams[1]);
            items.step(g, adams[2], adams[3]);
            problem.env.ledger().count("steps", 1);
        }
    }

    private double[] gradient(Problem problem, Triples kept, double[] before, double[] theta, int step) {
        Triples gone = problem.gone(step);
        boolean[] rising = (asCoded ? Stop.NONE : Stop.NEVER_SEEN).rising(problem, theta);
        TripleLoss reverse = Rrl.reversed(problem, gone);
        double share = 1.0 / gone.size();
        double[] g = reverse.gradient(theta, n -> rising[n] ? share : 0);
        double[] now = scores(problem, kept, theta);
        Scores.back(
                theta,
                problem.dims,
                problem.users,
                kept.users(),
                kept.positives(),
                n -> 2 * (now[n] - before[n]) / (tau * tau * now.length),
                g);
        return g;
    }

    private static double[] scores(Problem problem, Triples pairs, double[] theta) {
        return Scores.of(theta, problem.dims, problem.users, pairs.users(), pairs.positives());
    }

    /**
     * What is added to some rows, as a product of two thin matrices.
     *
     * @param rows the rows, ascending
     * @param dims length of a row
     * @param rank number of columns of both matrices
     * @param a A, [rows, rank]
     * @param b B, [dims, rank]
     */
    record Adapter(int[] rows, int dims, int rank, double[] a, double[] b) {
        /** The best approximation of these rows of a table. */
        static Adapter of(double[] table, int[] rows, int dims, int rank) {
            double[][] columns = new double[dims][rows.length];
            double[][] v = new double[dims][dims]; // v[d] is the d-th right vector
            for (int d = 0; d < dims; d++) {
                v[d][d] = 1;
                for (int n = 0; n < rows.length; n++) {
                    columns[d][n] = table[rows[n] * dims + d];
                }
            }
            rotate(columns, v);
            double[] singular =
                    Arrays.stream(columns).mapToDouble(Vectors::norm).toArray();
            int[] order = IntStream.range(0, dims)
                    .boxed()
                    .sorted((x, y) -> Double.compare(singular[y], singular[x]))
                    .mapToInt(Integer::intValue)
                    .toArray();
            double[] a = new double[rows.length * rank];
            double[] b = new double[dims * rank];
            for (int r = 0; r < rank; r++) {
                double s = singular[order[r]];
                if (s > 0) {
                    for (int n = 0; n < rows.length; n++) {
                        a[n * rank + r] = columns[order[r]][n] / Math.sqrt(s);
                    }
                }
                for (int d = 0; d < dims; d++) {
                    b[d * rank + r] = v[order[r]][d] * Math.sqrt(s);
                }
            }
            return new Adapter(rows, dims, rank, a, b);
        }

        /** One-sided rotations of Jacobi until all columns are orthogonal; v takes part. */
        private static void rotate(double[][] columns, double[][] v) {
            boolean turned = true;
            for (int sweep = 0; sweep < 60 && turned; sweep++) {
                turned = false;
                for (int p = 0; p < columns.length; p++) {
                    for (int q = p + 1; q < columns.length; q++) {
                        double off = Vectors.dot(columns[p], columns[q]);
                        double left = Vectors.dot(columns[p], columns[p]);
                        double right = Vectors.dot(columns[q], columns[q]);
                        if (Math.abs(off) <= 1e-15 * Math.sqrt(left * right)) {
                            continue;
                        }
                        turned = true;
                        double zeta = (right - left) / (2 * off);
                        double t = Math.copySign(1, zeta) / (Math.abs(zeta) + Math.hypot(1, zeta));
                        double cos = 1 / Math.hypot(1, t);
                        turn(columns[p], columns[q], cos, cos * t);
                        turn(v[p], v[q], cos, cos * t);
                    }
                }
            }
        }

        private static void turn(double[] p, double[] q, double cos, double sin) {
            for (int n = 0; n < p.length; n++) {
                double was = p[n];
                p[n] = cos * was - sin * q[n];
                q[n] = sin * was + cos * q[n];
            }
        }

        /** Adds A Bᵀ to the rows of a table. */
        void addTo(double[] table) {
            for (int n = 0; n < rows.length; n++) {
                for (int d = 0; d < dims; d++) {
                    double sum = 0;
                    for (int r = 0; r < rank; r++) {
                        sum += a[n * rank + r] * b[d * rank + r];
                    }
                    table[rows[n] * dims + d] += sum;
                }
            }
        }

        /** One step of A and B against a gradient with respect to the table, and against their lengths. */
        void step(double[] g, Adam ofA, Adam ofB) {
            double[] da = new double[a.length];
            double[] db = new double[b.length];
            double lengthA = Math.max(1e-12, Vectors.norm(a));
            double lengthB = Math.max(1e-12, Vectors.norm(b));
            for (int n = 0; n < rows.length; n++) {
                for (int d = 0; d < dims; d++) {
                    double slope = g[rows[n] * dims + d];
                    for (int r = 0; r < rank; r++) {
                        da[n * rank + r] += slope * b[d * rank + r];
                        db[d * rank + r] += slope * a[n * rank + r];
                    }
                }
            }
            Vectors.add(da, 1e-4 / lengthA, a);
            Vectors.add(db, 1e-4 / lengthB, b);
            ofA.step(a, da);
            ofB.step(b, db);
        }
    }
}
