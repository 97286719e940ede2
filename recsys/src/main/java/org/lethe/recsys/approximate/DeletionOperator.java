package org.lethe.recsys.approximate;

import org.lethe.Check;
import org.lethe.Named;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;

/**
 * Forgets by a trained operator on the rows near forgotten pairs (GNNDelete, and its form for recommenders).
 *
 * <p>The model stays, and a row x at most {@code hops} edges from a forgotten pair becomes {@code x + 0.1 · MLP(x)}. The
 * operator is two layers without bias, whose last begins at zero, so that it begins as the identity. Adam minimises
 * {@code λ · mean (s_f − s_n)² + (1 − λ) · mean (s_new − s_old)²}: scores of forgotten pairs go to those of pairs that their
 * users never took, and those of retained pairs of the moved rows stay. By default, a pair goes only until it loses what
 * never-seen pairs lose.
 *
 * <p>This hides rather than erases: the published method keeps the original weights below the operator. Here the operated rows take
 * their place in the model, and the operator is not kept. But all other rows stay as the forgotten pairs made them, and the operator
 * learns for one request only. The operator acts on the tables that score, for LightGCN on the propagated ones. Cost: {@code O(rows ·
 * dims · hidden)} and a pass over at most 4,096 retained pairs of them, in each step.
 *
 * @param hops distance in edges from the forgotten pairs up to which rows move
 * @param forgetWeight weight λ of the forgotten pairs
 * @param steps number of steps of training, at most
 * @param learningRate learning rate of Adam
 * @param stop when training ends
 */
@Named("deletion-operator")
@Taxonomy({Branch.OPERATOR, Branch.GRAPH})
public record DeletionOperator(int hops, double forgetWeight, int steps, double learningRate, Stop stop)
        implements TableMethod {
    private static final double SCALE = 0.1;

    public DeletionOperator {
        Check.require(hops >= 0 && hops <= 10, "hops", hops, "0 to 10");
        Check.require(forgetWeight >= 0 && forgetWeight <= 1, "forgetWeight", forgetWeight, "0 to 1");
        Check.require(steps >= 0, "steps", steps, "at least 0");
        Check.require(learningRate > 0 && learningRate <= 10, "learningRate", learningRate, "above 0 and at most 10");
    }

    /** The rows of forgotten pairs alone, λ = 0.5, at most 300 steps of 0.02. */
    public DeletionOperator() {
        this(0, 0.5, 300, 0.02, Stop.NEVER_SEEN);
    }

    @Override
    public double[] moved(Problem problem) {
        boolean[] rows = rows(problem);
        Triples gone = problem.measured();
        Triples kept = problem.witnesses(rows);
        int dims = problem.dims;
        int users = problem.users;
        double[] goal = Scores.of(problem.theta, dims, users, gone.users(), gone.negatives());
        double[] old = Scores.of(problem.theta, dims, users, kept.users(), kept.positives());
        Perceptron operator = Perceptron.zero(dims, dims, problem.random("operator"));
        Adam adam = new Adam(operator.weights().length, learningRate);
        double[] theta = problem.theta.clone();
        for (int step = 0; step < steps && !stop.reached(problem, theta); step++) {
            boolean[] rising = stop.rising(problem, theta);
            double[] forgotten = Scores.of(theta, dims, users, gone.users(), gone.positives());
            double[] now = Scores.of(theta, dims, users, kept.users(), kept.positives());
            double[] e = theta;
            double[] g = new double[theta.length];
            double share = 2 * forgetWeight / gone.size();
            Scores.back(
                    e,
                    dims,
                    users,
                    gone.users(),
                    gone.positives(),
                    n -> rising[n] ? share * Math.max(0, forgotten[n] - goal[n]) : 0,
                    g);
            double other = 2 * (1 - forgetWeight) / Math.max(1, kept.size());
            Scores.back(e, dims, users, kept.users(), kept.positives(), n -> other * (now[n] - old[n]), g);
            double[] slopes = operator.back(problem.theta, rows, SCALE, g, new double[g.length]);
            Vectors.add(slopes, 2e-5, operator.weights());
            adam.step(operator.weights(), slopes);
            theta = problem.theta.clone();
            operator.add(problem.theta, rows, SCALE, theta);
            problem.env.ledger().count("steps", 1);
        }
        return theta;
    }

    /** The rows that the operator acts on. */
    boolean[] rows(Problem problem) {
        return new Graph(problem.data.train(), 0).near(problem.touched(), hops);
    }
}
