package org.lethe.torch;

import static org.bytedeco.pytorch.global.torch.clip_grad_norm_;
import static org.bytedeco.pytorch.global.torch.zeros;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiPredicate;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * An {@link UpdateRule} at work on the trained parameters of a model.
 *
 * <p>The steps are libtorch's fused ones: one pass over memory, some four times as fast as its C++ optimiser classes, whose state
 * the presets do not show. State is tensors by name, which belong to the scope in which this is made. A parameter without a
 * gradient is left as it is.
 */
public final class Optimiser {
    /** Decay for all parameters. */
    public static final BiPredicate<String, Tensor> ALL = (name, tensor) -> true;

    /** Decay for matrices and convolutions, and none for biases and the weights of norms. */
    public static final BiPredicate<String, Tensor> MATRICES = (name, tensor) -> tensor.dim() >= 2;

    /** Parameters of one type and one decay, with their state; a libtorch call takes only such. */
    private record Group(List<Slot> slots, double decay) {}

    private record Slot(String name, Tensor parameter, Map<String, Tensor> state) {}

    private static final String MEAN = "exp_avg";
    private static final String SQUARE = "exp_avg_sq";
    private static final String LARGEST = "max_exp_avg_sq";
    private static final String STEP = "step";
    private static final String VELOCITY = "momentum_buffer";

    private final UpdateRule rule;
    private final List<Group> groups = new ArrayList<>();
    private final Tensor[] trained;

    /**
     * Starts with zero moments for what is trained now.
     *
     * @param decays which parameters decay, by first name and tensor
     */
    public Optimiser(UpdateRule rule, Parameters parameters, BiPredicate<String, Tensor> decays) {
        this.rule = rule;
        Map<String, Group> byKind = new LinkedHashMap<>();
        parameters.trained().forEach((name, tensor) -> {
            double decay = decays.test(name, tensor) ? rule.decay() : 0;
            String kind = tensor.scalar_type().intern() + " " + decay;
            byKind.computeIfAbsent(kind, _ -> new Group(new ArrayList<>(), decay))
                    .slots
                    .add(new Slot(name, tensor, state(tensor)));
        });
        groups.addAll(byKind.values());
        trained = groups.stream()
                .flatMap(g -> g.slots.stream())
                .map(Slot::parameter)
                .toArray(Tensor[]::new);
    }

    private Map<String, Tensor> state(Tensor parameter) {
        Map<String, Tensor> state = new LinkedHashMap<>();
        switch (rule) {
            case UpdateRule.AdamW adamW -> {
                state.put(MEAN, torch.zeros_like(parameter.detach()));
                state.put(SQUARE, torch.zeros_like(parameter.detach()));
                if (adamW.amsgrad()) {
                    state.put(LARGEST, torch.zeros_like(parameter.detach()));
                }
                state.put(STEP, zeros(new long[0]).to(parameter.device(), ScalarType.Float));
            }
            case UpdateRule.Sgd sgd -> {
                if (sgd.momentum() > 0) {
                    state.put(VELOCITY, torch.zeros_like(parameter.detach()));
                }
            }
        }
        return Collections.unmodifiableMap(state);
    }

    /** Scales all gradients so that together they are no longer than this; returns how long they were. */
    public double clip(double norm) {
        try (var _ = new PointerScope()) {
            return clip_grad_norm_(new TensorVector(trained), norm);
        }
    }

    /**
     * Follows the gradients once.
     *
     * @param factor of the learning rate, from a {@link Schedule}
     */
    public void step(double factor) {
        double rate = rule.learningRate() * factor;
        for (Group group : groups) {
            try (var _ = new PointerScope()) {
                List<Slot> moved = new ArrayList<>();
                List<Tensor> gradients = new ArrayList<>();
                for (Slot slot : group.slots) {
                    Tensor gradient = slot.parameter.grad();
                    if (gradient.defined()) {
                        moved.add(slot);
                        gradients.add(gradient);
                    }
                }
                if (!moved.isEmpty()) {
                    step(group, moved, gradients.toArray(Tensor[]::new), rate);
                }
            }
        }
    }

    private void step(Group group, List<Slot> moved, Tensor[] gradients, double rate) {
        Tensor[] parameters = moved.stream().map(Slot::parameter).toArray(Tensor[]::new);
        switch (rule) {
            case UpdateRule.AdamW adamW -> {
                Tensor[] steps = state(moved, STEP);
                Operators.add(steps, 1);
                Operators.adamW(
                        adamW,
                        rate,
                        group.decay,
                        parameters,
                        gradients,
                        state(moved, MEAN),
                        state(moved, SQUARE),
                        adamW.amsgrad() ? state(moved, LARGEST) : new Tensor[0],
                        steps);
            }
            case UpdateRule.Sgd sgd ->
                Operators.sgd(
                        sgd,
                        rate,
                        group.decay,
                        parameters,
                        gradients,
                        sgd.momentum() > 0 ? state(moved, VELOCITY) : new Tensor[0]);
        }
    }

    private static Tensor[] state(List<Slot> slots, String what) {
        return slots.stream().map(s -> s.state.get(what)).toArray(Tensor[]::new);
    }

    /** Drops the gradients. */
    public void dropGradients() {
        for (Tensor parameter : trained) {
            parameter.mutable_grad().reset();
        }
    }

    /** The state by {@code what.name-of-parameter}; the tensors themselves, so that values set in them are the state. */
    public Map<String, Tensor> state() {
        Map<String, Tensor> all = new LinkedHashMap<>();
        for (Group group : groups) {
            for (Slot slot : group.slots) {
                slot.state.forEach((what, tensor) -> all.put(what + "." + slot.name, tensor));
            }
        }
        return all;
    }
}
