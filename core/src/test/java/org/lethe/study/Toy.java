package org.lethe.study;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lethe.Aspect;
import org.lethe.Audit;
import org.lethe.Case;
import org.lethe.Check;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.Direction;
import org.lethe.DoNothing;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Exactness;
import org.lethe.Finding;
import org.lethe.Gone;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Picture;
import org.lethe.Progress;
import org.lethe.Request;
import org.lethe.Safetensors;
import org.lethe.Subject;
import org.lethe.numerics.Keyed;

/** A family of models small enough for tests: numbers, and their noisy mean. */
public final class Toy implements Subject<double[], double[]> {
    @Override
    public String name() {
        return "toy";
    }

    @Override
    public List<DataSource<double[]>> data() {
        return List.of(new Points(), new Lost());
    }

    @Override
    public List<Learner<double[], double[]>> models() {
        return List.of(new Mean(), new Diverging());
    }

    @Override
    public List<Request> requests() {
        return List.of(new Forget(), new Shift());
    }

    @Override
    public List<Method<double[], double[]>> methods() {
        return List.of(new Retrain(), new Sharded(), new Halved(), new Failing(), new Move(), new Refuse());
    }

    @Override
    public List<Audit<double[], double[]>> audits() {
        return List.of(new Distance(), new Drift(), new Clock(), new Shifted(), new Nearness());
    }

    @Override
    public Method<double[], double[]> reference(Request request) {
        return request instanceof Forget ? new Retrain() : new DoNothing<>();
    }

    @Override
    public List<Method<double[], double[]>> rejected(Request request) {
        return request instanceof Shift ? List.of(new Move(-1)) : List.of();
    }

    @Override
    public double[] remaining(Request request, double[] data) {
        return request instanceof Forget forget ? forget.rest(data) : data;
    }

    @Override
    public void save(double[] model, Map<String, String> provenance, Path file) throws IOException {
        if (model.length > 1) {
            throw new IllegalArgumentException("model has " + model.length + " numbers, expected one");
        }
        Safetensors.write(file, Map.of("mean", Safetensors.Tensor.of(bits(model), model.length)), provenance);
    }

    @Override
    public double[] load(Path file) throws IOException {
        try (Safetensors kept = Safetensors.open(file)) {
            return Arrays.stream(kept.longs("mean"))
                    .mapToDouble(Double::longBitsToDouble)
                    .toArray();
        }
    }

    private static long[] bits(double[] numbers) {
        return Arrays.stream(numbers).mapToLong(Double::doubleToRawLongBits).toArray();
    }

    /** How points are drawn. */
    enum Shape {
        NORMAL,
        EVENLY_SPREAD
    }

    /**
     * Points on a line.
     *
     * @param count how many
     * @param spread how far apart
     * @param shape how they are drawn
     */
    @Named("points")
    record Points(int count, double spread, Shape shape) implements DataSource<double[]> {
        Points {
            Check.require(count >= 1, "count", count, "at least 1");
        }

        Points() {
            this(40, 1, Shape.NORMAL);
        }

        @Override
        public double[] load(DataFolders folders) {
            double[] points = new double[count];
            Keyed key = Keyed.seed(1).of("points");
            Arrays.setAll(points, i -> spread * (shape == Shape.NORMAL ? Keyed.normal(key.at(i)) : i));
            return points;
        }

        @Override
        public List<Path> files(DataFolders folders) {
            return List.of();
        }
    }

    @Named("lost")
    record Lost() implements DataSource<double[]> {
        @Override
        public double[] load(DataFolders folders) {
            throw new LetheException(LetheException.Code.DATA, "lost.csv is in none of the data folders");
        }

        @Override
        public List<Path> files(DataFolders folders) {
            load(folders);
            return List.of();
        }
    }

    /** When to stop. */
    record Stop(int patience, Optional<Double> below) {
        Stop {
            Check.require(patience >= 0, "patience", patience, "at least 0");
        }
    }

    /**
     * A mean reached in small steps.
     *
     * <p>Costs a pass over the data per round.
     *
     * @param rounds passes over the data
     * @param rate length of a step
     * @param stop when to stop early
     * @param weights of the first points
     */
    @Named("mean")
    @Gone(key = "place", remedy = "--device says where a model is computed")
    record Mean(int rounds, double rate, Stop stop, List<Integer> weights) implements Learner<double[], double[]> {
        Mean {
            Check.require(rounds >= 1, "rounds", rounds, "at least 1");
            Check.require(rate > 0, "rate", rate, "more than 0");
            weights = List.copyOf(weights);
        }

        Mean() {
            this(3, 0.1, new Stop(2, Optional.empty()), List.of());
        }

        @Override
        public double[] train(double[] data, Env env) {
            try (Progress.Step step = env.progress().begin("train", rounds)) {
                double[] sums = new double[4];
                env.workers().each(4, part -> {
                    double x = Keyed.normal(env.random("start").at(part));
                    for (int r = 0; r < rounds; r++) {
                        for (double point : data) {
                            x += rate * (point - x) * 0.01;
                        }
                    }
                    sums[part] = x;
                });
                step.advance(rounds);
                env.ledger().count("points", (long) rounds * data.length);
                return new double[] {(sums[0] + sums[1]) + (sums[2] + sums[3])};
            }
        }

        @Override
        public Estimate estimate(double[] data) {
            return new Estimate(1e-9 * rounds * data.length, 8L * data.length);
        }
    }

    @Named("diverging")
    record Diverging() implements Learner<double[], double[]> {
        @Override
        public double[] train(double[] data, Env env) {
            throw new LetheException(LetheException.Code.NUMERIC, "loss is NaN in epoch 3");
        }

        @Override
        public Estimate estimate(double[] data) {
            return new Estimate(1, 1);
        }
    }

    @Named("forget")
    record Forget(int percent) implements Request {
        Forget {
            Check.require(percent >= 1 && percent <= 99, "percent", percent, "from 1 to 99");
        }

        Forget() {
            this(10);
        }

        double[] rest(double[] data) {
            return Arrays.copyOf(data, data.length - Math.max(1, data.length * percent / 100));
        }
    }

    /** Asks for a model that is moved to the right. */
    @Named("shift")
    record Shift(double by) implements Request {
        Shift() {
            this(1);
        }
    }

    /** Moves a mean: by what is asked, times a factor. */
    @Named("move")
    record Move(double factor) implements Method<double[], double[]> {
        Move() {
            this(1);
        }

        @Override
        public Optional<String> unsuited(Request request, Learner<double[], double[]> learner) {
            return request instanceof Shift ? Optional.empty() : Optional.of("move fulfils requests to shift alone");
        }

        @Override
        public double[] fulfil(double[] m, Request r, Learner<double[], double[]> l, double[] data, Env env) {
            return new double[] {m[0] + factor * ((Shift) r).by()};
        }

        @Override
        public Exactness exactness() {
            return Exactness.EXACT;
        }
    }

    /** Leaves a model that cannot be written. */
    @Named("refuse")
    record Refuse() implements Method<double[], double[]> {
        @Override
        public double[] fulfil(double[] m, Request r, Learner<double[], double[]> l, double[] data, Env env) {
            return new double[] {m[0], 0};
        }

        @Override
        public Exactness exactness() {
            return Exactness.NONE;
        }
    }

    /** Whether a mean was moved by what was asked. */
    @Named("shifted")
    record Shifted() implements Audit<double[], double[]> {
        @Override
        public Aspect aspect() {
            return Aspect.EFFECT;
        }

        @Override
        public Optional<String> unsuited(Request request, Method<double[], double[]> method) {
            return request instanceof Shift
                    ? Optional.empty()
                    : Optional.of("shifted looks at requests to shift alone");
        }

        @Override
        public List<Finding> examine(Case<double[], double[]> c, Env env) {
            return List.of(new Finding("shifted", c.after()[0] - c.reference()[0], 1, Direction.HIGHER));
        }

        @Override
        public String limits() {
            return "one number";
        }
    }

    @Named("retrain")
    record Retrain() implements Method<double[], double[]> {
        @Override
        public Optional<String> unsuited(Request request, Learner<double[], double[]> learner) {
            return request instanceof Forget
                    ? Optional.empty()
                    : Optional.of("retrain fulfils requests to forget alone");
        }

        @Override
        public double[] fulfil(double[] m, Request r, Learner<double[], double[]> l, double[] data, Env env) {
            return l.train(((Forget) r).rest(data), env);
        }

        @Override
        public Exactness exactness() {
            return Exactness.EXACT;
        }
    }

    /**
     * Means of shards.
     *
     * @param shards how many
     * @param inner who forgets in a shard
     */
    @Named("sharded")
    record Sharded(int shards, Method<double[], double[]> inner) implements Method<double[], double[]> {
        Sharded {
            Check.require(shards >= 1, "shards", shards, "at least 1");
        }

        Sharded() {
            this(4, new Retrain());
        }

        @Override
        public Optional<String> unsuited(Request request, Learner<double[], double[]> learner) {
            return inner.unsuited(request, learner);
        }

        @Override
        public double[] learn(Learner<double[], double[]> learner, double[] data, Env env) {
            return new double[] {learner.train(data, env)[0] / shards};
        }

        @Override
        public boolean learnsPlainly() {
            return false;
        }

        @Override
        public double[] fulfil(double[] m, Request r, Learner<double[], double[]> l, double[] data, Env env) {
            return new double[] {inner.fulfil(m, r, l, data, env)[0] / shards};
        }

        @Override
        public Exactness exactness() {
            return Exactness.APPROXIMATE;
        }
    }

    /**
     * Half of a mean, an exact method with a form of its own.
     *
     * @param lie added to what is promised
     */
    @Named("halved")
    record Halved(double lie) implements Method<double[], double[]> {
        Halved() {
            this(0);
        }

        @Override
        public double[] learn(Learner<double[], double[]> learner, double[] data, Env env) {
            return new double[] {learner.train(data, env)[0] / 2};
        }

        @Override
        public boolean learnsPlainly() {
            return false;
        }

        @Override
        public double[] fulfil(double[] m, Request r, Learner<double[], double[]> l, double[] data, Env env) {
            return new double[] {learn(l, ((Forget) r).rest(data), env)[0] + lie};
        }

        @Override
        public Exactness exactness() {
            return Exactness.EXACT;
        }
    }

    @Named("failing")
    record Failing() implements Method<double[], double[]> {
        @Override
        public double[] fulfil(double[] m, Request r, Learner<double[], double[]> l, double[] data, Env env) {
            throw new IllegalStateException("cannot");
        }

        @Override
        public Exactness exactness() {
            return Exactness.NONE;
        }
    }

    @Named("distance")
    record Distance(double scale) implements Audit<double[], double[]> {
        Distance() {
            this(1);
        }

        @Override
        public List<Finding> examine(Case<double[], double[]> c, Env env) {
            return List.of(
                    new Finding(
                            "distance",
                            scale * Math.abs(c.after()[0] - c.reference()[0]),
                            c.data().length,
                            Direction.LOWER),
                    new Finding("moved", Math.abs(c.after()[0] - c.before()[0]), c.data().length, Direction.NONE));
        }

        @Override
        public List<Picture> pictures(Case<double[], double[]> c, Env env) {
            float[] at = {(float) c.before()[0], (float) c.after()[0]};
            return List.of(new Picture.Scatter(
                    "means",
                    "mean",
                    "nothing",
                    "",
                    List.of(
                            new Picture.Panel(
                                    "before",
                                    "",
                                    List.of(new Picture.Points("mean", List.of(at[0]), List.of(0f), List.of()))),
                            new Picture.Panel(
                                    "after",
                                    "",
                                    List.of(new Picture.Points("mean", List.of(at[1]), List.of(0f), List.of()))))));
        }

        @Override
        public Aspect aspect() {
            return Aspect.EFFECT;
        }

        @Override
        public String limits() {
            return "a mean is not a model";
        }
    }

    /** How far a mean is from those of its own form. */
    @Named("nearness")
    record Nearness(int retrainings) implements Audit<double[], double[]> {
        Nearness() {
            this(2);
        }

        @Override
        public boolean ownForm() {
            return true;
        }

        @Override
        public List<Finding> examine(Case<double[], double[]> c, Env env) {
            double distance = Math.abs(c.after()[0] - c.reference()[0]);
            return List.of(
                    new Finding("nearness", distance, 1, Direction.LOWER),
                    new Finding("references", c.references().size(), 1, Direction.NONE));
        }

        @Override
        public Aspect aspect() {
            return Aspect.EFFECT;
        }

        @Override
        public String limits() {
            return "one number";
        }
    }

    @Named("drift")
    record Drift() implements Audit<double[], double[]> {
        @Override
        public List<Finding> examine(Case<double[], double[]> c, Env env) {
            double before = c.baseline().of(this, env, e -> {
                e.progress().begin("attack", 1).close();
                return 100 * c.before()[0] + e.random("drift").at(0) % 100;
            });
            return List.of(new Finding("before", before, 1, Direction.NONE));
        }

        @Override
        public Aspect aspect() {
            return Aspect.UTILITY;
        }

        @Override
        public String limits() {
            return "looks back only";
        }
    }

    @Named("clock")
    record Clock() implements Audit<double[], double[]> {
        @Override
        public List<Finding> examine(Case<double[], double[]> c, Env env) {
            return List.of(new Finding("seconds", c.fulfilled().seconds(), 1, Direction.LOWER).in("s"));
        }

        @Override
        public Aspect aspect() {
            return Aspect.COST;
        }

        @Override
        public String limits() {
            return "one measurement";
        }
    }
}
