package org.lethe.averages;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.lethe.Aspect;
import org.lethe.Audit;
import org.lethe.Case;
import org.lethe.Check;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.Direction;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Exactness;
import org.lethe.Finding;
import org.lethe.Learner;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.Safetensors;
import org.lethe.Subject;
import org.lethe.Verdict;
import org.lethe.numerics.Keyed;

// subject
/** Averages of numbers, the smallest family of models there is: data are numbers, a model is their average. */
public final class Averages implements Subject<float[], Averages.Average> {
    /** A model. */
    public record Average(float value) {}

    @Override
    public String name() {
        return "averages";
    }

    @Override
    public List<DataSource<float[]>> data() {
        return List.of(new Ages());
    }

    @Override
    public List<Learner<float[], Average>> models() {
        return List.of(new Steps());
    }

    @Override
    public List<Request> requests() {
        return List.of(new ForgetLast());
    }

    @Override
    public List<Method<float[], Average>> methods() {
        return List.of(new Retrain(), new Subtract());
    }

    @Override
    public List<Audit<float[], Average>> audits() {
        return List.of(new Distance());
    }

    @Override
    public Method<float[], Average> reference(Request request) {
        return new Retrain();
    }

    @Override
    public float[] remaining(Request request, float[] data) {
        return ((ForgetLast) request).remaining(data);
    }

    @Override
    public void save(Average model, Map<String, String> provenance, Path file) throws IOException {
        Safetensors.write(file, Map.of("average", Safetensors.Tensor.of(new float[] {model.value}, 1)), provenance);
    }

    @Override
    public Average load(Path file) throws IOException {
        try (Safetensors read = Safetensors.open(file)) {
            return new Average(read.floats("average")[0]);
        }
    }
    // subject

    // data
    /**
     * Made-up ages of people.
     *
     * @param people how many people
     * @param seed of their ages
     */
    @Named("ages")
    public record Ages(int people, long seed) implements DataSource<float[]> {
        public Ages {
            Check.require(people >= 1, "people", people, "at least 1");
        }

        /** The ages of 1,000 people. */
        public Ages() {
            this(1_000, 1);
        }

        @Override
        public float[] load(DataFolders folders) {
            Keyed ages = Keyed.seed(seed).of("ages");
            float[] data = new float[people];
            for (int n = 0; n < people; n++) {
                data[n] = 20 + 60 * n / people + Keyed.below(ages.at(n), 10);
            }
            return data;
        }

        @Override
        public List<Path> files(DataFolders folders) {
            return List.of(); // its settings decide the data
        }
    }
    // data

    // model
    /**
     * The average, reached in steps: each round moves it towards every number.
     *
     * @param rounds passes over the data
     */
    @Named("steps")
    public record Steps(int rounds) implements Learner<float[], Average> {
        public Steps {
            Check.require(rounds >= 1, "rounds", rounds, "at least 1");
        }

        /** 20 rounds. */
        public Steps() {
            this(20);
        }

        @Override
        public Average train(float[] data, Env env) {
            double value = 100 * Keyed.unit(env.random("start").at(0));
            for (int round = 1; round <= rounds; round++) {
                double sum = 0;
                for (float number : data) {
                    sum += number - value;
                }
                value += sum / data.length / round;
            }
            return new Average((float) value);
        }

        @Override
        public Estimate estimate(float[] data) {
            return new Estimate(1e-9 * rounds * data.length, 0); // seconds, and bytes besides the data
        }
    }
    // model

    // request
    /**
     * Forget the people who came last.
     *
     * @param percent how many of the people, rounded down; 0 is a request that changes nothing
     */
    @Named("forget-last")
    public record ForgetLast(int percent) implements Request {
        public ForgetLast {
            Check.require(percent >= 0 && percent < 100, "percent", percent, "0 to 99");
        }

        /** One in ten. */
        public ForgetLast() {
            this(10);
        }

        float[] remaining(float[] data) {
            return Arrays.copyOf(data, data.length - data.length * percent / 100);
        }
    }
    // request

    // reference
    /** Forgets by training again on what remains. */
    @Named("retrain")
    public record Retrain() implements Method<float[], Average> {
        @Override
        public Average fulfil(
                Average model, Request request, Learner<float[], Average> learner, float[] data, Env env) {
            return learner.train(((ForgetLast) request).remaining(data), env);
        }

        @Override
        public Exactness exactness() {
            return Exactness.EXACT;
        }
    }
    // reference

    // method
    /** Forgets by taking what is forgotten out of the sum, which costs nothing but a look at it. */
    @Named("subtract")
    public record Subtract() implements Method<float[], Average> {
        @Override
        public Average fulfil(
                Average model, Request request, Learner<float[], Average> learner, float[] data, Env env) {
            int left = ((ForgetLast) request).remaining(data).length;
            if (left == data.length) {
                return model;
            }
            double sum = (double) model.value * data.length;
            for (int n = left; n < data.length; n++) {
                sum -= data[n];
            }
            return new Average((float) (sum / left));
        }

        @Override
        public Exactness exactness() {
            return Exactness.APPROXIMATE;
        }
    }
    // method

    // audit
    /**
     * How far a model is from the one trained without the forgotten numbers, where doing nothing is as far as 1.
     *
     * @param bar the farthest that passes
     */
    @Named("distance")
    public record Distance(double bar) implements Audit<float[], Average> {
        public Distance {
            Check.require(bar > 0 && bar < 1, "bar", bar, "between 0 and 1");
        }

        /** A twentieth of what doing nothing leaves. */
        public Distance() {
            this(0.05);
        }

        @Override
        public List<Finding> examine(Case<float[], Average> c, Env env) {
            double should = c.reference().value;
            double away = Math.abs(c.before().value - should);
            double left = away == 0 ? 0 : Math.abs(c.after().value - should) / away;
            String words = "at most " + bar;
            return List.of(new Finding("distance", left, c.data().length - c.remaining().length, Direction.LOWER)
                    .judged(
                            away == 0
                                    ? new Verdict.Undecided(words, "forgetting makes no difference here")
                                    : Verdict.of(left <= bar, words)));
        }

        @Override
        public Aspect aspect() {
            return Aspect.EFFECT;
        }

        @Override
        public String limits() {
            return "A model as far from the numbers as the right one may still be the wrong one.";
        }
    }
    // audit
}
