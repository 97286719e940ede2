package org.lethe.torch;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.lethe.Check;
import org.lethe.Components;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Progress;
import org.lethe.numerics.Keyed;
import org.lethe.study.Storage;

/**
 * One training loop for models of every kind: a step draws its batches, adds up their gradients, clips them and follows them.
 *
 * <p>Batches and all random draws are functions of seed and step. A training that continues from a checkpoint therefore
 * ends in the same bits as one that was never interrupted. Each part of a step has a scope of its own; native memory
 * stays flat.
 *
 * @param steps steps of the optimiser
 * @param accumulation batches of one step, whose mean loss is followed as that of one large batch
 * @param clip longest gradient of all parameters together; 0 for no clipping
 * @param rule how parameters follow their gradients
 * @param schedule factor of the learning rate
 * @param averaging share that a moving average of the parameters keeps each step; 0 for no average
 * @param checkEvery steps between validations; 0 for none
 * @param patience stop after this many validations without improvement; 0 never stops early
 * @param saveEvery steps between checkpoints
 */
public record Training(
        long steps,
        int accumulation,
        double clip,
        UpdateRule rule,
        Schedule schedule,
        double averaging,
        long checkEvery,
        int patience,
        long saveEvery) {
    public Training {
        Check.require(steps >= 1, "steps", steps, "at least 1");
        Check.require(accumulation >= 1, "accumulation", accumulation, "at least 1");
        Check.require(clip >= 0 && clip < Double.POSITIVE_INFINITY, "clip", clip, "a finite number, at least 0");
        Check.require(averaging >= 0 && averaging < 1, "averaging", averaging, "0 or more, below 1");
        Check.require(checkEvery >= 0, "checkEvery", checkEvery, "at least 0");
        Check.require(patience >= 0, "patience", patience, "at least 0");
        Check.require(patience == 0 || checkEvery > 0, "patience", patience, "0 where checkEvery is 0");
        Check.require(saveEvery >= 1, "saveEvery", saveEvery, "at least 1");
    }

    /** AdamW at 1e-3 with decay 0.01 of matrices, gradients clipped at 1, constant rate, a checkpoint every 1,000 steps. */
    public static Training of(long steps) {
        UpdateRule rule = new UpdateRule.AdamW(1e-3, 0.01);
        return new Training(steps, 1, 1, rule, new Schedule.Constant(0), 0, 0, 0, 1000);
    }

    /** The same with another number of batches a step. */
    public Training withAccumulation(int batches) {
        return Components.with(this, "accumulation", batches);
    }

    /** The same with another longest gradient. */
    public Training withClip(double longest) {
        return Components.with(this, "clip", longest);
    }

    /** The same with another rule and schedule. */
    public Training with(UpdateRule other, Schedule factor) {
        return Components.with(Components.with(this, "rule", other), "schedule", factor);
    }

    /** The same with a moving average. */
    public Training withAveraging(double kept) {
        return Components.with(this, "averaging", kept);
    }

    /** The same with validations. */
    public Training withChecks(long every, int patient) {
        return new Training(steps, accumulation, clip, rule, schedule, averaging, every, patient, saveEvery);
    }

    /** The same with checkpoints every so many steps. */
    public Training withSaveEvery(long every) {
        return Components.with(this, "saveEvery", every);
    }

    /**
     * The task of a training: its batches and their loss. Methods are called inside a scope, and draw by the keys they
     * are given.
     *
     * @param <B> a batch; its tensors live for one step
     */
    public interface Objective<B> {
        /** A name for progress and messages. */
        String name();

        /**
         * The batch of a step, a function of its arguments alone.
         *
         * @param part which of the accumulated batches, from 0
         * @param key of the draws that belong to this batch
         */
        B batch(long step, int part, Keyed key);

        /** The loss, a scalar: the mean over the batch. The key is for draws of the model, as of dropout or noise. */
        Tensor loss(B batch, Keyed key);

        /** The position of a step, for progress: an epoch, or nothing. */
        default String position(long step) {
            return "";
        }

        /** The weight of a batch's mean loss: its samples, or tokens. Accumulated batches are weighted by it. */
        default double weight(B batch) {
            return 1;
        }

        /** The loss on held-out data, lower is better. Called without gradients, with the averaged parameters in place. */
        default double validate() {
            throw new UnsupportedOperationException(name() + " has no validation, expected checkEvery to be 0");
        }
    }

    /**
     * How a training ended.
     *
     * @param steps steps done
     * @param loss of the last step
     * @param best lowest validation loss, where there were validations
     * @param bestStep steps done when it was found; the model is the one of that moment
     * @param stoppedEarly whether patience ended it
     */
    public record Outcome(long steps, double loss, OptionalDouble best, long bestStep, boolean stoppedEarly) {}

    /** Trains in place. With validations the model ends as the best one found, else as the last; averaged where asked. */
    public <B> Outcome run(Parameters model, Objective<B> objective, Env env) {
        try (var _ = new PointerScope();
                var _ = new AutoGradMode(true)) { // whoever asks for a trained model may be computing without gradients
            return new Loop<>(this, model, objective, env, Optional.empty()).run();
        } catch (IOException e) {
            throw new UncheckedIOException(e); // nothing is written
        }
    }

    /**
     * Trains in place, from a checkpoint where there is one, and writes one every {@code saveEvery} steps and at the end. A
     * finished training is read back. The file holds the whole model with its frozen tensors: of an {@link Adapter} hand over its
     * own parameters, without the model underneath.
     */
    public <B> Outcome run(Parameters model, Objective<B> objective, Env env, Path checkpoint) {
        try (var _ = new PointerScope();
                var _ = new AutoGradMode(true)) {
            return new Loop<>(this, model, objective, env, Optional.of(new Checkpoint(checkpoint))).run();
        } catch (IOException e) {
            throw Storage.refused(checkpoint, "cannot be read or written", e);
        }
    }

    /** A training under way. */
    private static final class Loop<B> {
        private static final long NOTE_NANOS = 100_000_000;

        private final Training settings;
        private final Parameters model;
        private final Objective<B> objective;
        private final Env env;
        private final Optional<Checkpoint> checkpoint;
        private final Keyed batches;
        private final Keyed draws;
        private final Optimiser optimiser;
        private final Optional<Average> average;
        private final Map<String, Tensor> best = new LinkedHashMap<>(); // empty without validations
        private long step;
        private double loss = Double.NaN;
        private double bestLoss = Double.POSITIVE_INFINITY;
        private long bestStep;
        private int worse; // validations since the best

        Loop(Training settings, Parameters model, Objective<B> objective, Env env, Optional<Checkpoint> checkpoint) {
            this.settings = settings;
            this.model = model;
            this.objective = objective;
            this.env = env;
            this.checkpoint = checkpoint;
            Devices.ready(Device.CPU); // one thread for arithmetic, whatever the device
            Keyed key = env.random(objective.name());
            batches = key.of("batches");
            draws = key.of("draws");
            optimiser = new Optimiser(settings.rule, model, Optimiser.MATRICES);
            average = settings.averaging == 0 ? Optional.empty() : Optional.of(new Average(model, settings.averaging));
            if (settings.checkEvery > 0) {
                model.distinct()
                        .forEach(
                                (name, tensor) -> best.put(name, tensor.detach().clone()));
            }
        }

        Outcome run() throws IOException {
            if (checkpoint.isPresent() && checkpoint.get().exists()) {
                resume(checkpoint.get());
            }
            boolean stopped = patienceIsOver();
            long first = step;
            long begun = System.nanoTime();
            long noted = begun;
            try (Progress.Step bar = env.progress().begin(objective.name(), settings.steps)) {
                bar.advance(first);
                while (step < settings.steps && !stopped) {
                    loss = step();
                    bar.advance(1);
                    long now = System.nanoTime();
                    if (now - noted > NOTE_NANOS) {
                        noted = now;
                        bar.note(note((step - first) * 1e9 / (now - begun)));
                    }
                    if (settings.checkEvery > 0 && (step % settings.checkEvery == 0 || step == settings.steps)) {
                        validate();
                        stopped = patienceIsOver();
                    }
                    if (step % settings.saveEvery == 0 || step == settings.steps || stopped) {
                        save();
                    }
                }
            }
            if (settings.checkEvery > 0) {
                model.distinct().forEach((name, tensor) -> Parameters.set(name, tensor, stored(best, name)));
            } else {
                average.ifPresent(Average::swap);
            }
            return new Outcome(
                    step,
                    loss,
                    settings.checkEvery > 0 ? OptionalDouble.of(bestLoss) : OptionalDouble.empty(),
                    settings.checkEvery > 0 ? bestStep : step,
                    stopped);
        }

        private String note(double stepsPerSecond) {
            String position = objective.position(step);
            return (position.isEmpty() ? "" : position + ", ")
                    + String.format(Locale.ROOT, "loss %.4g, %.3g steps/s", loss, stepsPerSecond);
        }

        private boolean patienceIsOver() {
            return settings.patience > 0 && worse >= settings.patience;
        }

        private double step() {
            double total = 0;
            try (var _ = new PointerScope()) {
                List<B> parts = new ArrayList<>(settings.accumulation);
                double weight = 0;
                for (int part = 0; part < settings.accumulation; part++) {
                    parts.add(objective.batch(step, part, batches.of(step).of(part)));
                    weight += settings.accumulation == 1 ? 1 : objective.weight(parts.get(part));
                }
                for (int part = 0; part < settings.accumulation; part++) {
                    double share = settings.accumulation == 1 ? 1 : objective.weight(parts.get(part)) / weight;
                    total += part(parts.get(part), share, draws.of(step).of(part));
                }
            }
            if (settings.clip > 0) {
                double norm = optimiser.clip(settings.clip);
                require(norm, "norm of the gradient");
            }
            optimiser.step(settings.schedule.at(step, settings.steps));
            optimiser.dropGradients();
            average.ifPresent(a -> a.add(step));
            step++;
            return total;
        }

        private double part(B batch, double share, Keyed key) {
            try (var _ = new PointerScope()) {
                Tensor mean = objective.loss(batch, key);
                Check.require(mean.numel() == 1, "elements of the loss of " + objective.name(), mean.numel(), "1");
                Tensor own = share == 1 ? mean : mean.mul(new Scalar(share));
                double value = own.item_double();
                require(value, "loss");
                own.backward();
                return value;
            }
        }

        private void require(double value, String what) {
            if (!Double.isFinite(value)) {
                throw new LetheException(
                        LetheException.Code.NUMERIC,
                        objective.name() + ": " + what + " is " + value + " at step " + step + whatIsNotFinite());
            }
        }

        private String whatIsNotFinite() {
            try (var _ = new PointerScope()) {
                for (Map.Entry<String, Tensor> e : model.trained().entrySet()) {
                    if (!finite(e.getValue())) {
                        return "; \"" + e.getKey() + "\" is not finite";
                    }
                    if (e.getValue().grad().defined() && !finite(e.getValue().grad())) {
                        return "; the gradient of \"" + e.getKey() + "\" is not finite";
                    }
                }
                return "";
            }
        }

        private static boolean finite(Tensor tensor) {
            return torch.isfinite(tensor.detach()).all().item_bool();
        }

        private void validate() {
            average.ifPresent(Average::swap);
            try (var _ = new PointerScope();
                    var _ = new NoGradGuard()) {
                double found = objective.validate();
                require(found, "validation loss");
                if (found < bestLoss) {
                    bestLoss = found;
                    bestStep = step;
                    worse = 0;
                    model.distinct().forEach((name, tensor) -> Parameters.set(name, stored(best, name), tensor));
                } else {
                    worse++;
                }
            }
            average.ifPresent(Average::swap);
        }

        private static Tensor stored(Map<String, Tensor> tensors, String name) {
            return Optional.ofNullable(tensors.get(name)).orElseThrow();
        }

        /** All tensors that change, by name. */
        private Map<String, Tensor> tensors() {
            Map<String, Tensor> all = new TreeMap<>();
            model.distinct().forEach((name, tensor) -> all.put("model." + name, tensor));
            optimiser.state().forEach((name, tensor) -> all.put("optimiser." + name, tensor));
            average.ifPresent(a -> a.tensors().forEach((name, tensor) -> all.put("average." + name, tensor)));
            best.forEach((name, tensor) -> all.put("best." + name, tensor));
            return all;
        }

        private Map<String, String> fixed() {
            return Map.of(
                    "format",
                    "lethe-training-1",
                    "objective",
                    objective.name(),
                    "seed",
                    Long.toString(env.seed()),
                    "settings",
                    settings.toString());
        }

        private void save() throws IOException {
            if (checkpoint.isEmpty()) {
                return;
            }
            Map<String, String> words = new TreeMap<>(fixed());
            words.put("step", Long.toString(step));
            words.put("loss", Double.toString(loss));
            words.put("best", Double.toString(bestLoss));
            words.put("best-step", Long.toString(bestStep));
            words.put("worse", Integer.toString(worse));
            checkpoint.get().write(tensors(), words);
        }

        private void resume(Checkpoint from) throws IOException {
            Map<String, String> words = from.read(tensors(), fixed());
            try {
                step = Long.parseLong(words.getOrDefault("step", ""));
                loss = Double.parseDouble(words.getOrDefault("loss", ""));
                bestLoss = Double.parseDouble(words.getOrDefault("best", ""));
                bestStep = Long.parseLong(words.getOrDefault("best-step", ""));
                worse = Integer.parseInt(words.getOrDefault("worse", ""));
            } catch (NumberFormatException e) {
                throw from.wrong("step, loss, best, best-step or worse is no number: " + words);
            }
            if (step < 0 || step > settings.steps) {
                throw from.wrong("step is " + step + ", expected 0 to " + settings.steps);
            }
        }
    }
}
