package org.lethe.torch;

import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorList;
import org.bytedeco.pytorch.TensorVector;

/**
 * Operators of libtorch that take whole lists of tensors. The presets leave them out, as their names begin with an underscore;
 * its dispatcher finds them by name. Each is one native call for all tensors, called inside a scope.
 */
final class Operators {
    private Operators() {}

    /** One step of AdamW for all parameters, as {@code torch.optim.AdamW(fused=True)} does it. */
    static void adamW(
            UpdateRule.AdamW rule,
            double learningRate,
            double decay,
            Tensor[] parameters,
            Tensor[] gradients,
            Tensor[] means,
            Tensor[] squares,
            Tensor[] largest,
            Tensor[] steps) {
        call(
                "aten::_fused_adamw_",
                "",
                list(parameters),
                list(gradients),
                list(means),
                list(squares),
                list(largest),
                list(steps),
                new IValue(learningRate),
                new IValue(rule.beta1()),
                new IValue(rule.beta2()),
                new IValue(decay),
                new IValue(rule.epsilon()),
                new IValue(rule.amsgrad()),
                new IValue(false), // maximise
                new IValue(), // no scale of gradients
                new IValue());
    }

    /** One step of gradient descent for all parameters, as {@code torch.optim.SGD(fused=True)} does it. */
    static void sgd(
            UpdateRule.Sgd rule,
            double learningRate,
            double decay,
            Tensor[] parameters,
            Tensor[] gradients,
            Tensor[] velocities) {
        call(
                "aten::_fused_sgd_",
                "",
                list(parameters),
                list(gradients),
                list(velocities),
                new IValue(decay),
                new IValue(rule.momentum()),
                new IValue(learningRate),
                new IValue(0.0), // dampening
                new IValue(rule.nesterov()),
                new IValue(false), // maximise
                new IValue(false), // velocities of zero make the first step like any other
                new IValue(),
                new IValue());
    }

    /** Adds a number to every element of every tensor. */
    static void add(Tensor[] tensors, double amount) {
        call("aten::_foreach_add_", "Scalar", list(tensors), new IValue(new Scalar(amount)));
    }

    /** Moves each tensor towards another by a fraction of the difference. */
    static void towards(Tensor[] tensors, Tensor[] others, double fraction) {
        call("aten::_foreach_lerp_", "Scalar", list(tensors), list(others), new IValue(new Scalar(fraction)));
    }

    private static void call(String name, String overload, IValue... arguments) {
        try (var _ = new NoGradGuard()) {
            OperatorHandle operator = Dispatcher.singleton().findSchemaOrThrow(name, overload);
            operator.callBoxed(new IValueVector(arguments));
        }
    }

    private static IValue list(Tensor[] tensors) {
        // a list of tensors and a list of anything are one class in C++, which the presets give two names
        return new IValue(new GenericList((Pointer) new TensorList(new TensorVector(tensors))));
    }
}
