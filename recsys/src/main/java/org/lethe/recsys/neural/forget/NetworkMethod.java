package org.lethe.recsys.neural.forget;

import java.util.Optional;
import java.util.function.Function;
import org.bytedeco.javacpp.PointerScope;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.recsys.approximate.Vectors;
import org.lethe.recsys.neural.NetworkLearner;
import org.lethe.recsys.neural.NetworkModel;
import org.lethe.recsys.sequence.Events;
import org.lethe.recsys.sequence.NextItems;
import org.lethe.recsys.stream.Erasing;
import org.lethe.torch.Devices;

/**
 * What the methods of this package share: each request moves the weights of a trained network, and nothing exact is promised.
 * The relative change of the weights, in thousandths, is added up in the ledger as {@code change-per-mille}.
 */
interface NetworkMethod extends Erasing {
    /** Moves the weights in place. */
    void move(Removal removal);

    @Override
    default Optional<String> unsuited(Request request, Learner<Events, NextItems> learner) {
        return Erasing.super.unsuited(request, learner).or(() -> needsNetwork(this, learner));
    }

    /** The refusal of a model that is no network. */
    static Optional<String> needsNetwork(Method<?, ?> method, Learner<?, ?> learner) {
        return learner instanceof NetworkLearner
                ? Optional.empty()
                : Optional.of(Named.Of.name(method) + " needs a model that is a network, for example fmc, not "
                        + Named.Of.name(learner));
    }

    @Override
    default NextItems erase(
            NextItems current,
            int[] events,
            Function<int[], Events> remaining,
            Learner<Events, NextItems> learner,
            Env env) {
        return moved((NetworkModel) current, events, remaining, env);
    }

    /** The model after a request; itself where no example of training contained an erased event. */
    default NetworkModel moved(NetworkModel model, int[] events, Function<int[], Events> remaining, Env env) {
        Devices.ready(env.device());
        try (var _ = new PointerScope()) {
            Removal removal = new Removal(model, events, remaining, env);
            env.ledger().count("examples-erased", removal.gone.size());
            if (removal.gone.isEmpty()) {
                return model;
            }
            double[] before = removal.leaves.values();
            move(removal);
            double change = Vectors.norm(Vectors.plus(removal.leaves.values(), -1, before)) / Vectors.norm(before);
            env.ledger().count("change-per-mille", Math.round(1000 * change));
            return removal.model();
        }
    }

    @Override
    default Exactness exactness() {
        return Exactness.APPROXIMATE;
    }

    @Override
    default Estimate estimate(Learner<Events, NextItems> learner, Events data) {
        return learner.estimate(data);
    }
}
