package org.lethe.laws;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lethe.Aspect;
import org.lethe.Audit;
import org.lethe.Case;
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

/** A subject to be bent: whatever a law forbids, one of its entries does. Data and models are numbers. */
class Bent implements Subject<float[], float[]> {
    static final long PROCESS = ProcessHandle.current().pid();

    @Override
    public String name() {
        return "bent";
    }

    @Override
    public List<DataSource<float[]>> data() {
        return List.of();
    }

    @Override
    public List<Learner<float[], float[]>> models() {
        return List.of(new First());
    }

    @Override
    public List<Request> requests() {
        return List.of(new Add());
    }

    @Override
    public List<Method<float[], float[]>> methods() {
        return List.of(new Adding(Twist.NONE));
    }

    @Override
    public List<Audit<float[], float[]>> audits() {
        return List.of(new Added(Slant.NONE));
    }

    @Override
    public Method<float[], float[]> reference(Request request) {
        return new Adding(Twist.NONE);
    }

    @Override
    public void save(float[] model, Map<String, String> provenance, Path file) throws IOException {
        Safetensors.write(file, Map.of("numbers", Safetensors.Tensor.of(model, model.length)), provenance);
    }

    @Override
    public float[] load(Path file) throws IOException {
        try (Safetensors read = Safetensors.open(file)) {
            return read.floats("numbers");
        }
    }

    /** The first number. */
    @Named("first")
    record First() implements Learner<float[], float[]> {
        @Override
        public float[] train(float[] data, Env env) {
            return new float[] {data[0]};
        }

        @Override
        public Estimate estimate(float[] data) {
            return new Estimate(0, 0);
        }
    }

    /** Asks for one more. */
    @Named("add")
    record Add() implements Request {}

    /** What a method does besides what it should. */
    enum Twist {
        NONE,
        CHANGES_ITS_INPUT,
        COUNTS_THREADS,
        KNOWS_ITS_PROCESS,
        OVERFLOWS,
        REFUSES
    }

    /** Adds one. */
    @Named("adding")
    record Adding(Twist twist) implements Method<float[], float[]> {
        @Override
        public Optional<String> unsuited(Request request, Learner<float[], float[]> learner) {
            return twist == Twist.REFUSES ? Optional.of("not today") : Optional.empty();
        }

        @Override
        public float[] fulfil(float[] model, Request r, Learner<float[], float[]> l, float[] data, Env env) {
            float after = switch (twist) {
                case CHANGES_ITS_INPUT -> ++model[0];
                case COUNTS_THREADS -> model[0] + env.workers().count();
                case KNOWS_ITS_PROCESS -> model[0] + PROCESS;
                case OVERFLOWS -> model[0] / 0;
                case NONE, REFUSES -> model[0] + 1;
            };
            return new float[] {after};
        }

        @Override
        public Exactness exactness() {
            return Exactness.EXACT;
        }
    }

    /** How an audit goes wrong. */
    enum Slant {
        NONE,
        ACCEPTS_ALL,
        REJECTS_ALL,
        JUDGES_NOTHING,
        DECIDES_NOTHING,
        CHANGES_ITS_MIND,
        FINDS_NO_NUMBER,
        PROVES_EVERYTHING
    }

    /** Whether one was added. */
    @Named("added")
    record Added(Slant slant) implements Audit<float[], float[]> {
        private static int looks;

        @Override
        public Aspect aspect() {
            return Aspect.EFFECT;
        }

        @Override
        public List<Finding> examine(Case<float[], float[]> c, Env env) {
            boolean met = c.after()[0] == c.reference()[0];
            double value = switch (slant) {
                case CHANGES_ITS_MIND -> looks++;
                case FINDS_NO_NUMBER -> Double.NaN;
                default -> c.after()[0];
            };
            Finding finding = new Finding("added", value, 1, Direction.HIGHER);
            return List.of(
                    switch (slant) {
                        case JUDGES_NOTHING -> finding;
                        case ACCEPTS_ALL -> finding.judged(Verdict.of(true, "any"));
                        case REJECTS_ALL -> finding.judged(Verdict.of(false, "none"));
                        case DECIDES_NOTHING -> finding.judged(new Verdict.Undecided("some", "too few"));
                        default -> finding.judged(Verdict.of(met, "one more"));
                    });
        }

        @Override
        public String limits() {
            return slant == Slant.PROVES_EVERYTHING ? "none" : "One number is not a model.";
        }
    }
}
